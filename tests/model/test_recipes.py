"""The papers' recipes, on models that have the parts they name."""

import inspect
import math
import re

import keras
import numpy as np
import pytest
from scipy import stats

import keras_inits
from keras_inits.model import initialize, recipes
from keras_inits.model.recipes import residual
from tests.model.models import changed, dense, mixed, values
from tests.support import (
    SIGMAS,
    assert_distribution,
    assert_orthonormal,
    raises_exactly,
)

layers = keras.layers
WIDTH = 64


class Block(layers.Layer):
    """A transformer's block with the names that keras_hub gives its parts.

    It reads a memory by a second attention if it is given one.
    """

    def build(self, x_shape, memory_shape=None):
        self.attention = layers.MultiHeadAttention(4, 16, name="self_attention")
        self.norm = layers.LayerNormalization(name="norm")
        self.inner = layers.Dense(2 * WIDTH, name="feedforward_intermediate_dense")
        self.outer = layers.Dense(WIDTH, name="feedforward_output_dense")
        self.attention.build(x_shape, x_shape)
        if memory_shape is not None:
            self.cross = layers.MultiHeadAttention(4, 16, name="cross_attention")
            self.cross.build(x_shape, memory_shape)
        self.norm.build(x_shape)
        self.inner.build(x_shape)
        self.outer.build((*x_shape[:-1], 2 * WIDTH))

    def compute_output_shape(self, x_shape, memory_shape=None):
        return x_shape

    def call(self, x, memory=None):
        x = self.norm(x + self.attention(x, x))
        if memory is not None:
            x = x + self.cross(x, memory)
        return x + self.outer(self.inner(x))


def transformer(*names):
    """Blocks of these names; those called decoder read the others' output, if any."""
    inputs = keras.Input((9,), dtype="int32")
    x = start = layers.Embedding(200, WIDTH, name="tokens")(inputs)
    memory = None
    for name, before in zip(names, ("", *names), strict=False):
        if name.startswith("decoder") and before.startswith("encoder"):
            x, memory = start, x
        x = Block(name=name)(x) if memory is None else Block(name=name)(x, memory)
    return keras.Model(inputs, layers.Dense(10, name="head")(x))


def stacks(encoder, decoder):
    """Names of so many blocks."""
    counts = {"encoder": encoder or 0, "decoder": decoder or 0}
    return [f"{name}_{i}" for name, count in counts.items() for i in range(count)]


def assert_stddev(array, expected, kurtosis=3.0):
    """Mean square of n values has the relative variance (kurtosis - 1) / n."""
    power = np.mean(array.astype("float64") ** 2)
    tolerance = SIGMAS * math.sqrt((kurtosis - 1.0) / array.size)
    assert abs(power / expected**2 - 1.0) < tolerance


OUTPUTS = ("self_attention/attention_output/kernel", "feedforward_output_dense/kernel")


def test_gpt2_divides_the_outputs_of_its_2n_branches():
    model = transformer("block_0", "block_1", "block_2")
    initialize(model, recipes.gpt2(3), seed=1)
    for address, array in values(model).items():
        if address.endswith("bias") or address.endswith("beta"):
            assert not np.any(array), address
        elif address.endswith("gamma"):
            assert np.all(array == 1.0), address
        else:
            small = address.endswith(OUTPUTS)
            stddev = 0.02 / math.sqrt(6.0) if small else 0.02
            assert_distribution(array, stats.norm(0.0, stddev))


def test_gpt2_takes_other_names_and_refuses_a_model_without_its_parts():
    model = dense(["up", "down", "head"])
    report = initialize(model, recipes.gpt2(8, residual="down/kernel"), seed=1)
    assert report["down/kernel"].initializer == "RandomNormal(stddev=0.005)"
    with raises_exactly(
        "recipes.gpt2: Argument `num_layers` must be half the number of the model's "
        "residual branches, got 8. Found none. Name the kernels that end a branch by "
        "`residual`."
    ):
        initialize(model, recipes.gpt2(8), seed=1)
    with raises_exactly(
        "recipes.gpt2: Argument `num_layers` must be an integer, 1 or above, got 0."
    ):
        recipes.gpt2(0)


def test_vit_is_truncated_at_two_standard_deviations_and_its_head_is_zero():
    model = transformer("block_0")
    for variable in model.weights:
        variable.assign(np.full(variable.shape, 9.0))
    initialize(model, recipes.vit(), seed=1)
    found = values(model)
    assert not np.any(found.pop("head/kernel"))
    assert not np.any(found.pop("head/bias"))
    for address, array in found.items():
        if address.endswith(("kernel", "embeddings")):
            assert_distribution(array, stats.truncnorm(-2.0, 2.0, 0.0, 0.02))


def test_deepnorm_follows_the_papers_table():
    # Wang et al. 2022, figure 2, evaluated by hand for N = 6 and M = 3.
    encoder, decoder = 0.87 * (6**4 * 3) ** (-1 / 16), (12 * 3) ** (-1 / 4)
    alone = {"encoder": 48 ** (-1 / 4), "decoder": 24 ** (-1 / 4)}
    assert_deepnorm((6, None), alone)
    assert_deepnorm((None, 3), alone)
    assert_deepnorm((6, 3), {"encoder": encoder, "decoder": decoder})


SCALED = (
    *("value/kernel", "attention_output/kernel"),
    *("feedforward_output_dense/kernel", "feedforward_intermediate_dense/kernel"),
)


def assert_deepnorm(counts, betas):
    model = transformer(*stacks(*counts))
    report = initialize(model, recipes.deepnorm(*counts), seed=1)
    pooled = {}
    for row in report.weights:
        stack = row.address.split("_")[0]
        if row.address.endswith(SCALED):
            gain = betas[stack]
        elif row.address.endswith(("query/kernel", "key/kernel")):
            gain = 1.0
        else:
            assert row.note == "no rule"
            continue
        stddev = gain * math.sqrt(2.0 / (row.fan_in + row.fan_out))
        array = values(model)[row.address]
        assert_distribution(array, stats.norm(0.0, stddev))
        pooled.setdefault((stack, gain), []).append(array.ravel() / stddev)
    for arrays in pooled.values():
        assert_stddev(np.concatenate(arrays), 1.0)


@pytest.mark.parametrize("counts", [(3, None), (None, 2), (3, 2)])
def test_t_fixup_follows_the_papers_factors(counts):
    encoder, decoder = counts
    model = transformer(*stacks(*counts))
    report = initialize(model, recipes.t_fixup(*counts), seed=1)
    # Huang et al. 2020, section 3.2.
    factor = {
        "encoder": encoder and 0.67 * encoder ** (-1 / 4),
        "decoder": decoder and (9 * decoder) ** (-1 / 4),
    }
    layers_of_embedding = decoder or encoder
    for row in report.drawn:
        array = values(model)[row.address]
        if row.address == "tokens/embeddings":
            stddev = WIDTH ** (-1 / 2) * (9 * layers_of_embedding) ** (-1 / 4)
            assert_distribution(array, stats.norm(0.0, stddev))
        elif row.address.endswith("bias"):
            assert not np.any(array)
        else:
            gain = 1.0
            if row.address.endswith(SCALED):
                gain = factor[row.address.split("_")[0]]
            limit = gain * math.sqrt(6.0 / (row.fan_in + row.fan_out))
            assert_distribution(array, stats.uniform(-limit, 2.0 * limit))
            # The largest of n values falls short of the bound by less than 20 / n,
            # but once in e**20, and no draw leaves the bound, which is rounded at most
            # 8 times here and as often there.
            largest = np.abs(array).max().astype("float64") / limit
            assert 1.0 - 20.0 / array.size < largest <= 1.0 + 16 * 2.0**-53


def test_deepnorm_and_t_fixup_need_a_number_of_layers():
    with raises_exactly(
        "recipes.deepnorm: Argument `encoder_layers` must be an integer, 1 or above, "
        "or `decoder_layers` must be one, got None."
    ):
        recipes.deepnorm()
    with raises_exactly(
        "recipes.t_fixup: Argument `decoder_layers` must be an integer, 1 or above, "
        "got 0."
    ):
        recipes.t_fixup(2, 0)


def resnet(branches, depth):
    """A residual network without normalization."""
    inputs = keras.Input((8, 8, 16))
    x = layers.Conv2D(16, 3, padding="same", name="stem")(inputs)
    for b in range(branches):
        y = x
        for d in range(depth):
            y = layers.Conv2D(16, 3, padding="same", name=f"b{b}_{d}")(y)
            y = layers.ReLU()(y)
        if b == 1:
            x = layers.Conv2D(16, 1, name="shortcut")(x)
        x = y + x if b == 2 else layers.Add()([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, name="predictions")(x))


@pytest.mark.parametrize(("branches", "depth"), [(4, 2), (3, 3)])
def test_fixup_scales_and_zeroes_the_branches(branches, depth):
    model = resnet(branches, depth)
    initialize(model, recipes.fixup(), seed=1)
    # Zhang et al. 2019, section 3, with L = branches and m = depth.
    scale = branches ** (-1.0 / (2 * depth - 2))
    he = math.sqrt(2.0 / (9 * 16))
    found = values(model)
    assert not np.any(found["predictions/kernel"])
    assert_stddev(found["stem/kernel"], he)
    assert_stddev(found["shortcut/kernel"], math.sqrt(2.0 / 16))
    for b in range(branches):
        assert not np.any(found[f"b{b}_{depth - 1}/kernel"])
        for d in range(depth - 1):
            assert_stddev(found[f"b{b}_{d}/kernel"], scale * he)


def test_fixup_scales_or_zeroes_one_of_the_two_kernels_of_a_separable_layer():
    x = inputs = keras.Input((8, 8, 16))
    for block in range(4):
        y = x
        for place in range(2):
            name = f"b{block}_{place}"
            y = layers.SeparableConv2D(16, 3, padding="same", name=name)(y)
        x = layers.Add()([x, y])
    model = keras.Model(inputs, layers.Dense(2, name="predictions")(x))
    initialize(model, recipes.fixup(), seed=1)
    found = values(model)
    for address, array in found.items():
        if address.endswith("depthwise_kernel"):
            assert_stddev(array, math.sqrt(2.0 / 9))
    # Zhang et al. 2019, section 3, with L = 4 and m = 2.
    inner = [found[f"b{block}_0/pointwise_kernel"] for block in range(4)]
    assert_stddev(np.concatenate(inner), 4 ** (-1 / 2) * math.sqrt(2.0 / 16))
    for block in range(4):
        assert not np.any(found[f"b{block}_1/pointwise_kernel"])


def test_fixup_finds_the_branches_of_resnet50():
    model = keras.applications.ResNet50(
        weights=None, input_shape=(32, 32, 3), classes=2
    )
    branches = residual.branches_of(model)
    assert [len(branch) for branch in branches] == [3] * 16
    names = [[layer.name for layer in branch] for branch in branches]
    assert [f"conv2_block1_{i}_conv" for i in (1, 2, 3)] in names


def test_fixup_refuses_a_model_without_branches():
    with raises_exactly(
        "recipes.fixup: Argument `model` must be a functional model with residual "
        "branches, got 'plain'. Give the rules of a subclassed model by its layers' "
        "names."
    ):
        model = dense(["predictions"])
        model.name = "plain"
        initialize(model, recipes.fixup())


def test_keras_recipe_is_what_the_layers_have_by_default():
    inputs = keras.Input((9, 8))
    x = layers.LSTM(40, kernel_initializer="zeros", unit_forget_bias=False)(inputs)
    x = layers.Dense(60, kernel_initializer="ones", bias_initializer="ones")(x)
    x = layers.BatchNormalization(gamma_initializer="zeros")(x)
    model = keras.Model(inputs, x)
    initialize(model, recipes.keras(), seed=1)
    found = {
        address.split("/", 1)[1]: array for address, array in values(model).items()
    }
    limit = math.sqrt(6.0 / (8 + 160))
    assert_distribution(found["lstm_cell/kernel"], stats.uniform(-limit, 2 * limit))
    recurrent = found["lstm_cell/recurrent_kernel"]
    assert_orthonormal(recurrent)
    assert np.all(np.split(found["lstm_cell/bias"], 4)[1] == 1.0)
    limit = math.sqrt(6.0 / (40 + 60))
    assert_distribution(found["kernel"], stats.uniform(-limit, 2 * limit))
    assert not np.any(found["bias"])
    assert np.all(found["gamma"] == 1.0)


def test_recipes_compose_with_rules():
    model = mixed()
    before = values(model)
    initialize(
        model, [("head/*", "zeros"), *recipes.pytorch(), *recipes.keras()], seed=1
    )
    after = values(model)
    assert not np.any(after["head/kernel"])
    assert "conv1d/kernel" in changed(before, after)


# What everybody writes by hand, each as one rule of the guide.


def test_an_lstm_with_xavier_gates_and_zero_biases_is_one_rule():
    layer = layers.LSTM(80)
    layer.build((None, 4, 40))
    gate = keras_inits.PerGate("xavier_uniform")
    initialize(
        layer,
        {layers.LSTM: {"kernel": gate, "recurrent_kernel": gate, "bias": "zeros"}},
        seed=1,
    )
    found = values(layer)
    for address, array in found.items():
        if address.endswith("bias"):
            assert not np.any(array)
            continue
        limit = math.sqrt(6.0 / (array.shape[0] + 80))
        gates = np.split(array, 4, axis=1)
        for part in gates:
            assert_distribution(part, stats.uniform(-limit, 2 * limit))
        assert not np.any(gates[0] == gates[1])


def test_batch_normalization_with_gamma_around_one_is_one_rule():
    layer = layers.BatchNormalization()
    layer.build((None, 5000))
    initialize(
        layer,
        {
            layers.BatchNormalization: {
                "gamma": keras_inits.RandomNormal(1.0, 0.02),
                "beta": "zeros",
            }
        },
        seed=1,
    )
    assert_distribution(values(layer)["gamma"], stats.norm(1.0, 0.02))


def test_embeddings_with_a_zero_padding_row_are_one_rule():
    model = transformer("block_0")
    initialize(model, {layers.Embedding: keras_inits.ZeroRow("normal")}, seed=1)
    table = values(model)["tokens/embeddings"]
    assert not np.any(table[0])
    assert np.all(np.any(table[1:], axis=1))


def test_every_recipe_is_public_and_documented():
    for name in recipes.__all__:
        text = inspect.getdoc(getattr(recipes, name))
        assert re.search(r"\nReference:\n", text), name
