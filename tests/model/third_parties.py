"""What KerasRS and BayesFlow make, built, serialized and restored under `enable`.

Nobody here wrote their code: it names initializers in strings, keeps them as objects
from its import on, and puts models into its own kinds of configs. They are installed
from their wheels, without what they require beyond the tests' own packages.
"""

import importlib
import json
import logging

import bayesflow
import keras
import keras_rs
import numpy as np

import keras_inits
from tests.support import as_numpy

SEED = 2026
networks, ranking = bayesflow.networks, keras_rs.layers
logging.getLogger().setLevel(logging.WARNING)  # BayesFlow lets everybody speak.
if keras.backend.backend() == "torch":
    importlib.import_module("torch").set_grad_enabled(True)  # And turns this off.

SMALL = {"widths": (8, 8)}
POINTS = {"widths": (8, 16), "groups": 4, "time_emb_dim": 8}
TOKENS = {"transformer_blocks": 1, "transformer_width": 8, "num_heads": 2}
ATTENDING = {"summary_dim": 4, "embed_dims": (8,), "num_heads": (2,)}
PAIR = (None, 3), (None, 5)
SET, SERIES, IMAGE = (None, 6, 3), (None, 12, 3), (None, 8, 8, 1)
NOISY = (IMAGE, (None, 1), (None, 8, 8, 2))


def deep_set():
    return networks.DeepSet(4, 8, 1, (8,), num_heads=2)


def tables():
    # The default is an object that took its seed when the library was imported.
    table = ranking.TableConfig(
        "table", 10, 4, "uniform", "sgd", placement="default_device"
    )
    feature = ranking.FeatureConfig("feature", table, (4,), (4, 4))
    return ranking.DistributedEmbedding({"a": feature})


def called(*arguments):
    """Builds a layer by a call on NumPy arrays."""
    return lambda layer: layer(*arguments)


def shaped(*shapes):
    """Builds a network by the shapes of its inputs."""
    return lambda network: network.build(*shapes)


ROWS, SQUARE = np.ones((4, 5), "float32"), np.eye(4, dtype="float32")
# name -> (what makes it, what gives it weights)
CASES = {
    "MLP": (lambda: networks.MLP((8, 8)), shaped((None, 5))),
    "TimeMLP": (
        lambda: networks.TimeMLP((8, 8), time_embedding_dim=4),
        shaped(((None, 3), (None, 1), (None, 5))),
    ),
    "CouplingFlow": (
        # A random permutation is drawn by the backend's own generator.
        lambda: networks.CouplingFlow("mlp", 2, "affine", "swap", subnet_kwargs=SMALL),
        shaped(*PAIR),
    ),
    "CouplingFlow of splines": (
        lambda: networks.CouplingFlow(
            "mlp", 2, "spline", "orthogonal", subnet_kwargs=SMALL
        ),
        shaped(*PAIR),
    ),
    "FlowMatching": (
        lambda: networks.FlowMatching(subnet_kwargs=SMALL),
        shaped(*PAIR),
    ),
    "DiffusionModel": (
        lambda: networks.DiffusionModel(subnet_kwargs=SMALL),
        shaped(*PAIR),
    ),
    "ConsistencyModel": (
        lambda: networks.ConsistencyModel(10, subnet_kwargs=SMALL),
        shaped(*PAIR),
    ),
    "StableConsistencyModel": (
        # Its config does not keep the arguments of a second network.
        lambda: networks.StableConsistencyModel(subnet_kwargs=SMALL),
        shaped(*PAIR),
    ),
    "PointNetwork": (lambda: networks.PointNetwork(points=["mean"]), shaped(*PAIR)),
    "ScoringRuleNetwork": (
        lambda: networks.ScoringRuleNetwork(
            scoring_rules={"mean": bayesflow.scoring_rules.MeanScore()}
        ),
        shaped(*PAIR),
    ),
    "DeepSet": (deep_set, shaped(SET)),
    "SetTransformer": (lambda: networks.SetTransformer(**ATTENDING), shaped(SET)),
    "TimeSeriesNetwork": (
        lambda: networks.TimeSeriesNetwork(4, 8, recurrent_dim=8),
        shaped(SERIES),
    ),
    "TimeSeriesTransformer": (
        lambda: networks.TimeSeriesTransformer(**ATTENDING, time_embed_dim=2),
        shaped(SERIES),
    ),
    "FusionTransformer": (
        lambda: networks.FusionTransformer(**ATTENDING, template_dim=8),
        shaped(SERIES),
    ),
    "FusionNetwork": (
        lambda: networks.FusionNetwork({"a": networks.MLP((8,)), "b": deep_set()}),
        shaped({"a": (None, 5), "b": SET}),
    ),
    "ConvolutionalNetwork": (
        lambda: networks.ConvolutionalNetwork(4, (8, 16), blocks_per_stage=1),
        shaped(IMAGE),
    ),
    "UNet": (
        lambda: networks.UNet(**POINTS, res_blocks=1, attn_stage=(False, True)),
        shaped(NOISY),
    ),
    "UViT": (
        lambda: networks.UViT(**POINTS, **TOKENS, res_blocks=1),
        shaped(NOISY),
    ),
    "ResidualUViT": (
        lambda: networks.ResidualUViT(
            **POINTS, **TOKENS, res_blocks_down=1, res_blocks_up=1
        ),
        shaped(NOISY),
    ),
    "EmbedReduce": (lambda: ranking.EmbedReduce(10, 4), shaped((None, 3))),
    "DistributedEmbedding": (tables, shaped({"a": (4,)})),
    "FeatureCross": (lambda: ranking.FeatureCross(2), called(ROWS)),
    "DotInteraction": (ranking.DotInteraction, called([ROWS, ROWS])),
    "BruteForceRetrieval": (
        lambda: ranking.BruteForceRetrieval(k=2),
        lambda layer: layer.update_candidates(ROWS),
    ),
    "HardNegativeMining": (
        lambda: ranking.HardNegativeMining(1),
        called(SQUARE, SQUARE),
    ),
    "RemoveAccidentalHits": (
        ranking.RemoveAccidentalHits,
        called(SQUARE, SQUARE, np.arange(4)),
    ),
    "SamplingProbabilityCorrection": (
        ranking.SamplingProbabilityCorrection,
        called(SQUARE, np.full(4, 0.5, "float32")),
    ),
}


def public():
    """Names of the public classes of both libraries."""
    return {
        name
        for module in (networks, ranking)
        for name, value in vars(module).items()
        if isinstance(value, type) and not name.startswith("_")
    }


def described(layer):
    """Fingerprint and config, as JSON has it."""
    config = keras.saving.serialize_keras_object(layer)
    return {
        "fingerprint": keras_inits.fingerprint(layer) if layer.weights else None,
        "config": json.loads(json.dumps(config)),
    }


def answer():
    """What was built, and what was restored from its config and built again."""
    found = {"public": sorted(public()), "built": {}, "restored": {}}
    with keras_inits.enabled():
        for name, (make, give_weights) in CASES.items():
            keras.utils.set_random_seed(SEED)
            layer = make()
            give_weights(layer)
            found["built"][name] = described(layer)
            config = found["built"][name]["config"]
            restored = keras.saving.deserialize_keras_object(config)
            if not (restored.built and restored.weights):
                give_weights(restored)
            restored.set_weights([as_numpy(weight) for weight in layer.weights])
            found["restored"][name] = described(restored)
    return found
