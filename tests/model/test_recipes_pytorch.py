"""PyTorch's defaults against PyTorch's own modules, in PyTorch's layout."""

import math

import keras
import numpy as np
import pytest

from keras_inits.model import initialize, recipes
from tests.model.models import values
from tests.support import assert_same_distribution, raises_exactly

torch = pytest.importorskip("torch")  # PyTorch's own modules are the reference
layers = keras.layers


def drawn(layer, *shapes, recipe=None):
    """The layer's weights by the recipe, by their names."""
    layer.build(*[(None, *shape) for shape in shapes])
    initialize(layer, recipe or recipes.pytorch(), seed=5)
    return {address.rsplit("/", 1)[-1]: a for address, a in values(layer).items()}


def assert_torch(array, parameter):
    """An array has the distribution and the bound of a parameter of torch.

    Of n uniform values the largest falls short of the bound b by less than
    b * 20 / n but once in e**20; `parameter` and the array have the same n.
    """
    expected = parameter.detach().numpy()
    assert array.shape == expected.shape
    assert_same_distribution(array, expected)
    bound = np.max(np.abs(expected))
    assert abs(np.max(np.abs(array)) / bound - 1.0) < 20.0 / array.size


def conv(array):
    """(*k, in, out) as torch has it: (out, in, *k)."""
    return np.moveaxis(array, (-1, -2), (0, 1))


CONVOLUTIONS = [
    (layers.Conv1D(300, 5), (9, 40), torch.nn.Conv1d(40, 300, 5)),
    (layers.Conv2D(200, 3), (9, 9, 30), torch.nn.Conv2d(30, 200, 3)),
    (layers.Conv3D(100, 3), (5, 5, 5, 20), torch.nn.Conv3d(20, 100, 3)),
    (
        layers.Conv2D(400, 3, groups=4),
        (9, 9, 40),
        torch.nn.Conv2d(40, 400, 3, groups=4),
    ),
    (layers.Conv2D(200, 3, strides=2), (9, 9, 30), torch.nn.Conv2d(30, 200, 3, 2)),
    (layers.Conv1DTranspose(300, 5), (9, 40), torch.nn.ConvTranspose1d(40, 300, 5)),
    (
        layers.Conv2DTranspose(200, 3, strides=2),
        (9, 9, 30),
        torch.nn.ConvTranspose2d(30, 200, 3, 2),
    ),
    (layers.Conv3DTranspose(60, 3), (5, 5, 5, 20), torch.nn.ConvTranspose3d(20, 60, 3)),
]


@pytest.mark.parametrize(
    ("layer", "shape", "module"), CONVOLUTIONS, ids=lambda part: type(part).__name__
)
def test_convolutions(layer, shape, module):
    found = drawn(layer, shape)
    # Keras' transposed kernels are (*k, out, in) and torch's (in, out, *k), so
    # the same move of axes serves both kinds.
    assert_torch(conv(found["kernel"]), module.weight)
    assert_torch(found["bias"], module.bias)


def test_linear():
    found = drawn(layers.Dense(500), (90,))
    module = torch.nn.Linear(90, 500)
    assert_torch(found["kernel"].T, module.weight)
    assert_torch(found["bias"], module.bias)


def test_depthwise_is_a_grouped_convolution():
    found = drawn(layers.DepthwiseConv2D(5, depth_multiplier=4), (9, 9, 100))
    module = torch.nn.Conv2d(100, 400, 5, groups=100)
    kernel = np.moveaxis(found["kernel"], (2, 3), (0, 1)).reshape(400, 1, 5, 5)
    assert_torch(kernel, module.weight)
    assert_torch(found["bias"], module.bias)


def test_separable_is_a_depthwise_and_a_pointwise_convolution():
    found = drawn(layers.SeparableConv2D(300, 5), (9, 9, 100))
    deep = torch.nn.Conv2d(100, 100, 5, groups=100)
    point = torch.nn.Conv2d(100, 300, 1)
    kernel = np.moveaxis(found["depthwise_kernel"], (2, 3), (0, 1))
    assert_torch(kernel, deep.weight)
    assert_torch(conv(found["pointwise_kernel"]), point.weight)
    assert_torch(found["bias"], point.bias)


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        (layers.SimpleRNN(120), torch.nn.RNN(40, 120)),
        (layers.LSTM(60), torch.nn.LSTM(40, 60)),
        (layers.GRU(60), torch.nn.GRU(40, 60)),
    ],
    ids=["rnn", "lstm", "gru"],
)
def test_recurrent_layers(layer, module):
    found = drawn(layer, (5, 40))
    assert_torch(found["kernel"].T, module.weight_ih_l0)
    assert_torch(found["recurrent_kernel"].T, module.weight_hh_l0)
    biases = np.atleast_2d(found["bias"])  # torch has two, Keras' GRU too
    for bias in biases:
        assert_torch(bias, module.bias_ih_l0)


def test_embedding_and_its_padding_row():
    found = drawn(layers.Embedding(300, 50), ())["embeddings"]
    assert_same_distribution(found, torch.nn.Embedding(300, 50).weight.detach().numpy())
    padded = drawn(layers.Embedding(300, 50), (), recipe=recipes.pytorch(7))
    rows = padded["embeddings"]
    expected = torch.nn.Embedding(300, 50, padding_idx=7).weight.detach().numpy()
    zero = np.flatnonzero(~np.any(rows, axis=1))
    np.testing.assert_array_equal(zero, np.flatnonzero(~np.any(expected, axis=1)))
    assert_same_distribution(np.delete(rows, 7, axis=0), np.delete(expected, 7, axis=0))


@pytest.mark.parametrize(
    ("width", "packed"), [(64, True), (48, False)], ids=["packed", "apart"]
)
def test_attention(width, packed):
    layer = layers.MultiHeadAttention(4, 16)
    layer.build((None, 5, 64), (None, 5, width))
    initialize(layer, recipes.pytorch(), seed=5)
    found = values(layer)
    module = torch.nn.MultiheadAttention(64, 4, kdim=width, vdim=width)
    parts = [
        found[f"{name}/kernel"].reshape(-1, 64).T for name in ("query", "key", "value")
    ]
    if packed:
        assert_torch(np.concatenate(parts), module.in_proj_weight)
    else:
        assert_torch(parts[0], module.q_proj_weight)
        assert_torch(parts[1], module.k_proj_weight)
        assert_torch(parts[2], module.v_proj_weight)
    output = found["attention_output/kernel"].reshape(64, 64).T
    assert_torch(output, module.out_proj.weight)
    biases = [array for address, array in found.items() if address.endswith("bias")]
    assert len(biases) == 4
    assert not np.any(np.concatenate([bias.ravel() for bias in biases]))
    assert not np.any(module.in_proj_bias.detach().numpy())


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        (layers.BatchNormalization(), torch.nn.BatchNorm2d(6)),
        (layers.LayerNormalization(), torch.nn.LayerNorm(6)),
        (layers.GroupNormalization(3), torch.nn.GroupNorm(3, 6)),
        (layers.RMSNormalization(), torch.nn.RMSNorm(6)),
        (layers.PReLU(shared_axes=[1, 2]), torch.nn.PReLU(6)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_constants(layer, module):
    layer.build((None, 4, 4, 6))
    for variable in layer.trainable_variables:
        variable.assign(np.full(variable.shape, 9.0))
    initialize(layer, recipes.pytorch(), seed=5)
    found = [array.ravel() for array in values(layer).values()]
    expected = [p.detach().numpy().ravel() for p in module.parameters()]
    np.testing.assert_array_equal(found[: len(expected)], expected)


def test_kaiming_with_a_of_sqrt_5_is_what_torch_calls_it():
    fan_in = 90
    gain = torch.nn.init.calculate_gain("leaky_relu", math.sqrt(5.0))
    bound = gain * math.sqrt(3.0 / fan_in)
    # Both sides together are rounded at most 12 times.
    assert math.isclose(bound, 1.0 / math.sqrt(fan_in), rel_tol=12 * 2.0**-53)


def test_layers_that_torch_lacks_are_left_to_the_rules_after():
    layer = layers.ConvLSTM1D(4, 3)
    layer.build((None, 4, 9, 5))
    rules = [*recipes.pytorch(), ("recurrent_kernel", "ones")]
    report = initialize(layer, rules, seed=1)
    assert [row.initializer for row in report.weights] == [None, "Ones()", None]


def test_a_padding_index_that_is_no_integer_is_refused():
    with raises_exactly(
        "recipes.pytorch: Argument `padding_idx` must be an integer, got 'x'."
    ):
        recipes.pytorch("x")
