"""KerasRS and BayesFlow under `enable`: equal weights, and configs that come back."""

import pytest

pytestmark = pytest.mark.cross

# Each name is one of `tests.model.third_parties`, which imports the libraries.
NETWORKS = [
    *("MLP", "TimeMLP", "CouplingFlow", "CouplingFlow of splines", "FlowMatching"),
    *("DiffusionModel", "ConsistencyModel", "StableConsistencyModel", "PointNetwork"),
    *("ScoringRuleNetwork", "DeepSet", "SetTransformer", "TimeSeriesNetwork"),
    *("TimeSeriesTransformer", "FusionTransformer", "FusionNetwork"),
    *("ConvolutionalNetwork", "UNet", "UViT", "ResidualUViT", "EmbedReduce"),
    *("DistributedEmbedding", "FeatureCross", "BruteForceRetrieval"),
]
WITHOUT_WEIGHTS = [
    *("DotInteraction", "HardNegativeMining", "RemoveAccidentalHits"),
    "SamplingProbabilityCorrection",
]
# Bases of the others, with no network of their own, and plain descriptions.
NOT_TRIED = {
    *("InferenceNetwork", "SummaryNetwork", "Retrieval"),
    *("FeatureConfig", "TableConfig"),
}
# KerasRS on JAX writes a table once more where the other backends write its place.
WRITES_OTHERWISE = "DistributedEmbedding"
BACKENDS = ("tensorflow", "jax", "torch")


@pytest.fixture(scope="module")
def answers(workers):
    """What each backend says of the libraries' classes."""
    return workers.ask("third_parties")


def test_every_public_class_is_tried(answers):
    tried = {name.partition(" ")[0] for name in NETWORKS + WITHOUT_WEIGHTS}

    for backend in BACKENDS:
        assert set(answers[backend]["public"]) == tried | NOT_TRIED
        assert set(answers[backend]["built"]) == {*NETWORKS, *WITHOUT_WEIGHTS}


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_are_equal_on_every_backend_and_after_a_restoration(name, answers):
    expected = answers["torch"]["built"][name]["fingerprint"]

    assert expected
    for backend in BACKENDS:
        for state in ("built", "restored"):
            assert answers[backend][state][name]["fingerprint"] == expected, backend


@pytest.mark.parametrize("name", NETWORKS + WITHOUT_WEIGHTS)
def test_configs_are_equal_on_every_backend_and_after_a_restoration(name, answers):
    expected = answers["torch"]["built"][name]["config"]

    assert answers["torch"]["restored"][name]["config"] == expected
    for backend in BACKENDS if name != WRITES_OTHERWISE else ():
        for state in ("built", "restored"):
            assert answers[backend][state][name]["config"] == expected, backend


def test_what_has_no_weights_is_built_all_the_same(answers):
    for backend in BACKENDS:
        for name in WITHOUT_WEIGHTS:
            assert answers[backend]["built"][name]["fingerprint"] is None
