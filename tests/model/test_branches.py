"""Where residual branches end, in the blocks of libraries and of one's own."""

import keras
import numpy as np
import pytest

from keras_inits.model import initialize, recipes
from keras_inits.model.branches import branches_of
from keras_inits.model.recipes import common
from tests.hub import NEEDS_HUB, keras_hub
from tests.model.models import as_numpy, assert_same, values
from tests.support import raises_exactly

if keras_hub is not None:
    from tests.hub.backbones import build

layers = keras.layers
WIDTH = 8


def found_in(model):
    return branches_of(model, common.RESIDUAL_OUTPUT)


def ends_of(model):
    """Addresses of the kernels that end a branch."""
    found = found_in(model)
    return [found.addresses[id(variable)] for variable in found.ends]


def addresses_of(found, ids):
    return {found.addresses[one] for one in ids}


def attention_and(feed_forward, blocks, attention="attention_output"):
    """Addresses of the two ends in each of some blocks."""
    return {
        f"{block}/{end}/kernel" for block in blocks for end in (attention, feed_forward)
    }


# The ends that each of keras_hub's models has, counted in its source.
HUB = {
    "GPT2": attention_and(
        "feedforward_output_dense",
        ["transformer_layer_0", "transformer_layer_1"],
        "self_attention/attention_output",
    ),
    "Bert": attention_and(
        "feedforward_output_dense",
        ["transformer_layer_0", "transformer_layer_1"],
        "self_attention_layer/attention_output",
    ),
    "Gemma": attention_and(
        "ffw_linear",
        ["decoder_block_0", "decoder_block_1"],
        "attention/attention_output",
    ),
    "Gemma, post-norms": attention_and(
        "ffw_linear",
        ["decoder_block_0", "decoder_block_1"],
        "attention/attention_output",
    ),
    "ViT": attention_and(
        "mlp/dense_1",
        [f"vit_encoder/transformer_block_{i}" for i in (1, 2)],
        "mha/attention_output",
    ),
    "Llama": attention_and(
        "feedforward_output_dense",
        ["transformer_layer_0", "transformer_layer_1"],
        "self_attention/attention_output",
    ),
    "GPTNeoX": attention_and(  # attention and feed-forward part side by side
        "feedforward_output_dense",
        ["transformer_layer_0", "transformer_layer_1"],
        "self_attention/attention_output",
    ),
    "T5": attention_and(
        "output_projector",
        [
            *(f"transformer_encoder_layer_{i}" for i in (0, 1)),
            *(f"transformer_decoder_layer_{i}" for i in (0, 1)),
        ],
        "self_attention/output_projector",
    )
    | {
        f"transformer_decoder_layer_{i}/cross_attention/output_projector/kernel"
        for i in (0, 1)
    },
}


@pytest.mark.parametrize("name", HUB)
@NEEDS_HUB
def test_the_ends_are_found_in_the_blocks_of_keras_hub(name):
    model = build(name)
    ends = ends_of(model)

    assert set(ends) == HUB[name]
    assert len(ends) == len(HUB[name])


@pytest.mark.parametrize("name", ["Gemma", "ViT", "T5"])
@NEEDS_HUB
def test_queries_and_keys_are_told_from_what_the_signal_passes(name):
    found = found_in(build(name))

    names = {"query", "key", "query_projector", "key_projector"}
    for address in addresses_of(found, found.weighing):
        assert address.split("/")[-2] in names
    for address in addresses_of(found, found.signal):
        assert address.split("/")[-2] not in names
    attentions = len(found.weighing) / 2
    assert attentions == {"Gemma": 2, "ViT": 2, "T5": 6}[name]


@NEEDS_HUB
def test_the_recipes_reach_the_whole_of_gemma_and_vit():
    for name in ("Gemma", "ViT"):
        model = build(name)
        report = initialize(model, recipes.gpt2(2), seed=1)
        small = [r.address for r in report.drawn if "stddev=0.01" in r.initializer]
        assert set(small) == HUB[name]
        report = initialize(model, recipes.deepnorm(2), seed=1)
        scaled = [row for row in report.drawn if "gain=0.5" in row.initializer]
        # Two kernels or three of the feed-forward part, value and output.
        assert len(scaled) == {"Gemma": 10, "ViT": 8}[name]
        report = initialize(model, recipes.t_fixup(2), seed=1)
        assert sum("gain=0.56" in r.initializer for r in report.drawn) == len(scaled)


@NEEDS_HUB
def test_both_stacks_of_t5_are_scaled_each_by_its_own_factor():
    report = initialize(build("T5"), recipes.deepnorm(2, 2), seed=1)

    gains = {}
    for row in report.drawn:
        stack = row.address.split("_")[1]
        gains.setdefault(stack, set()).add(row.initializer)
    assert gains == {
        "encoder": {"XavierNormal()", f"XavierNormal(gain={0.87 * 2 ** (-5 / 16)!r})"},
        "decoder": {"XavierNormal()", f"XavierNormal(gain={24 ** (-1 / 4)!r})"},
    }


class Mixer(layers.Layer):
    """A block of one's own that has no `build`: norm, two dense layers, a scale."""

    def __init__(self, **keywords):
        super().__init__(**keywords)
        self.norm = layers.LayerNormalization()
        self.up = layers.Dense(2 * WIDTH, activation="gelu")
        self.down = layers.Dense(WIDTH)
        self.drop = layers.Dropout(0.1)

    def call(self, x, training=None):
        y = self.down(self.up(self.norm(x)))
        return x + 0.5 * self.drop(y, training=training)


class Raw(layers.Layer):
    """A block whose kernels are its own weights."""

    def build(self, input_shape):
        self.up = self.add_weight((WIDTH, 5), name="up")
        self.down = self.add_weight((5, WIDTH), name="down")
        self.table = self.add_weight((4, WIDTH), name="table")

    def call(self, x):
        x = x + self.table
        return keras.ops.add(x, keras.ops.relu(x @ self.up) @ self.down)


class Subclassed(keras.Model):
    """Blocks in a subclassed model."""

    def __init__(self):
        super().__init__()
        self.stem = layers.Dense(WIDTH)
        self.blocks = [Mixer(name="one"), Mixer(name="two"), Raw(name="raw")]

    def call(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return x


def test_blocks_of_a_subclassed_model_are_looked_into():
    model = Subclassed()
    model(np.ones((2, 4, 3), "float32"))
    before = values(model)
    call = layers.Layer.__call__
    nodes = [len(layer._inbound_nodes) for layer in model._flatten_layers()]

    assert ends_of(model) == ["one/dense_1/kernel", "two/dense_1/kernel", "raw/down"]

    assert_same(before, values(model))
    assert not hasattr(keras.KerasTensor, "__array_ufunc__")
    assert layers.Layer.__call__ is call
    assert [len(layer._inbound_nodes) for layer in model._flatten_layers()] == nodes
    assert as_numpy(model(np.ones((2, 4, 3), "float32"))).shape == (2, 4, WIDTH)


def functional(kind):
    """Two blocks of Keras' own layers, in one of the ways to write them."""
    x = inputs = keras.Input((6, WIDTH))
    for block in ("a", "b"):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(2, 4, name=f"{block}_mha")(y, y)
        if kind == "parallel":
            z = layers.Dense(WIDTH, name=f"{block}_out")(x)
            x = layers.Add()([x, y, z])
            continue
        x = x + y
        y = layers.Dense(12, activation="relu", name=f"{block}_in")(x)
        y = layers.Dense(WIDTH, name=f"{block}_out")(y)
        if kind == "post":
            x = layers.LayerNormalization()(layers.Add()([y, x]))
        else:
            x = keras.ops.add(layers.Dropout(0.1)(y), x)
    return keras.Model(inputs, layers.Dense(3, name="head")(x))


@pytest.mark.parametrize("kind", ["pre", "post", "parallel"])
def test_functional_models_of_keras_own_layers(kind):
    expected = {
        f"{block}_{end}/kernel"
        for block in ("a", "b")
        for end in ("mha/attention_output", "out")
    }
    model = functional(kind)

    assert set(ends_of(model)) == expected
    nested = keras.Sequential([keras.Input((6, WIDTH)), model])
    assert list(map(id, found_in(nested).ends)) == list(map(id, found_in(model).ends))


class Closed(layers.Layer):
    """A block that cannot be called with symbolic tensors."""

    def __init__(self, last="out_proj", **keywords):
        super().__init__(**keywords)
        self.first = layers.Dense(WIDTH, name="first")
        self.out = layers.Dense(WIDTH, name=last)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.out.build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, x):
        if isinstance(x, keras.KerasTensor):
            raise TypeError
        return x + self.out(self.first(x))


def closed(last):
    inputs = keras.Input((WIDTH,))
    x = Mixer(name="open")(Closed(last, name="shut")(inputs))
    return keras.Model(inputs, x)


def test_names_help_where_a_block_cannot_be_looked_into():
    assert ends_of(closed("out_proj")) == [
        "open/dense_1/kernel",
        "shut/out_proj/kernel",
    ]


def test_a_number_of_layers_that_does_not_fit_lists_what_was_found_and_missed():
    model = closed("last")
    before = values(model)
    with raises_exactly(
        "recipes.gpt2: Argument `num_layers` must be half the number of the model's "
        "residual branches, got 1. Found 1, ending in 'open/dense_1/kernel'. Perhaps "
        "missed: 'shut/first/kernel', 'shut/last/kernel'. Name the kernels that end a "
        "branch by `residual`."
    ):
        initialize(model, recipes.gpt2(1), seed=1)
    assert_same(before, values(model))
    ends = "'one/dense_1/kernel', 'two/dense_1/kernel'"
    model = keras.Sequential(
        [keras.Input((WIDTH,)), Mixer(name="one"), Mixer(name="two")]
    )
    for owner, rules in (
        ("deepnorm", recipes.deepnorm(3)),
        ("t_fixup", recipes.t_fixup(3)),
    ):
        with raises_exactly(
            f"recipes.{owner}: Argument `encoder_layers` must be half the number of "
            f"the encoder's residual branches, got 3. Found 2, ending in {ends}. Give "
            "1, or name the feed-forward kernels by `feed_forward`."
        ):
            initialize(model, rules, seed=1)
    initialize(model, recipes.deepnorm(1), seed=1)


def test_a_fully_scaled_gate_is_followed_and_a_product_of_equals_is_not():
    x = inputs = keras.Input((6, WIDTH))
    gate = layers.Dense(WIDTH, name="gate")(
        layers.GlobalAveragePooling1D(keepdims=True)(x)
    )
    x = x + gate * layers.Dense(WIDTH, name="gated")(x)
    y = layers.Dense(WIDTH, name="left")(x) * layers.Dense(WIDTH, name="right")(x)
    model = keras.Model(inputs, x + y)

    assert ends_of(model) == ["gated/kernel"]
    found = found_in(model)
    assert addresses_of(found, map(id, found.missed)) == {
        *("gate/kernel", "left/kernel", "right/kernel")
    }
