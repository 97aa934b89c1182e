"""Small backbones of keras_hub, randomly initialised: nothing is downloaded."""

import math

import numpy as np
import pytest
from scipy import stats

from keras_inits.model import initialize, recipes, reinitialize
from tests.hub import NEEDS_HUB, keras_hub
from tests.model.models import digest, values
from tests.support import assert_distribution

pytestmark = NEEDS_HUB

GOLDEN = "b996fa2992a7e0ba04c30acc62d42b6efb84982533fab1f60f5e62a6b23a6285"

GOLDEN_LLAMA = "ae6189481eac567cccb5c5a782af3b8d78dcb2219ae831466da9b4f6d475d5db"


@pytest.fixture(scope="module")
def backbone():
    return keras_hub.models.GPT2Backbone(
        vocabulary_size=100,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=32,
        max_sequence_length=10,
    )


def test_gpt2_finds_the_parts_of_the_backbone(backbone):
    report = initialize(backbone, recipes.gpt2(2), seed=1)
    assert report.left_alone == []
    small = [row.address for row in report.drawn if "0.01" in row.initializer]
    assert small == [
        f"transformer_layer_{i}/{name}/kernel"
        for i in (0, 1)
        for name in ("self_attention/attention_output", "feedforward_output_dense")
    ]
    found = values(backbone)
    tables = [found[key] for key in found if key.endswith("embeddings")]
    assert len(tables) == 2
    assert_distribution(np.concatenate(tables), stats.norm(0.0, 0.02))
    kernels = np.concatenate([found[key].ravel() for key in small])
    assert_distribution(kernels, stats.norm(0.0, 0.02 / math.sqrt(4.0)))


def test_every_layer_of_the_backbone_tells_its_initializers(backbone):
    initialize(backbone, {"*": "ones"}, seed=1)
    report = reinitialize(backbone, seed=1)
    assert report.left_alone == []
    assert digest(backbone) == GOLDEN


def small(kind, **keywords):
    """A backbone of that class with two layers and grouped queries."""
    return kind(
        vocabulary_size=100,
        num_layers=2,
        num_query_heads=2,
        num_key_value_heads=1,
        hidden_dim=16,
        intermediate_dim=32,
        **keywords,
    )


def test_layers_that_keep_no_initializer_tell_it_all_the_same():
    llama = small(keras_hub.models.LlamaBackbone)
    initialize(llama, {"*": "zeros"}, seed=1)

    report = reinitialize(llama, seed=1)

    assert report.left_alone == []
    scales = [key for key in values(llama) if key.endswith("layernorm/scale")]
    assert len(scales) == 5
    assert all(np.all(values(llama)[key] == 1.0) for key in scales)
    assert digest(llama) == GOLDEN_LLAMA


def test_layers_without_a_config_tell_it_by_their_attributes():
    gemma = small(keras_hub.models.GemmaBackbone, head_dim=8)

    assert reinitialize(gemma, seed=1).left_alone == []
