"""Which activation follows a layer, and the gain that its kernel gets."""

import math

import keras
import numpy as np
import pytest

from keras_inits import calculate_gain
from keras_inits.model import graph, initialize, recipes
from tests.model.models import as_float64, dense, values
from tests.support import SIGMAS, assert_orthonormal

layers = keras.layers


def kernels(model):
    """The rows of the kernels that the recipe draws."""
    rows = initialize(model, recipes.by_activation(), seed=1).drawn
    return [row for row in rows if row.address.endswith("kernel")]


def drawn(model):
    """What the recipe gives each kernel, as text."""
    return {row.address.split("/")[-2]: row.initializer for row in kernels(model)}


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", "HeNormal()"),
        ("selu", "LecunNormal()"),
        ("tanh", "GlorotUniform()"),
        ("sigmoid", "GlorotUniform()"),
        ("softmax", "GlorotUniform()"),
        (None, "GlorotUniform()"),
        ("gelu", f"VarianceScaling(scale={calculate_gain('gelu') ** 2!r})"),
        ("silu", f"VarianceScaling(scale={calculate_gain('silu') ** 2!r})"),
        (
            keras.activations.mish,
            f"VarianceScaling(scale={calculate_gain('mish') ** 2!r})",
        ),
    ],
    ids=str,
)
def test_the_layers_own_activation(activation, expected):
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(4, activation=activation, name="one")]
    )
    assert drawn(model) == {"one": expected}


def slope(value):
    scale = math.sqrt(2.0 / (1.0 + value**2)) ** 2
    return f"VarianceScaling(scale={scale!r})"


def test_an_activation_given_as_a_layer():
    activations = [layers.ReLU(), layers.LeakyReLU(negative_slope=0.2)]
    stack = [layers.Dense(4, activation=one) for one in activations]
    model = keras.Sequential([keras.Input((8,)), *stack])

    found = [row.initializer for row in kernels(model)]

    assert found == ["HeNormal()", slope(0.2)]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: layers.ReLU(), "HeNormal()"),
        (lambda: layers.ReLU(negative_slope=0.3), slope(0.3)),
        (lambda: layers.LeakyReLU(negative_slope=0.2), slope(0.2)),
        (lambda: layers.PReLU(keras.initializers.Constant(0.25)), slope(0.25)),
        (lambda: layers.Activation("selu"), "LecunNormal()"),
        (lambda: keras.ops.relu, "HeNormal()"),
        (lambda: keras.ops.tanh, "GlorotUniform()"),
        (lambda: layers.Softmax(), "GlorotUniform()"),
    ],
    ids=range(8),
)
def test_an_activation_that_stands_by_itself(layer, expected):
    inputs = keras.Input((8,))
    model = keras.Model(inputs, layer()(layers.Dense(4, name="one")(inputs)))
    assert drawn(model) == {"one": expected}


def test_it_is_seen_through_normalization_dropout_reshape_and_sums():
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    x = layers.BatchNormalization()(x)
    y = layers.Conv2D(4, 3, padding="same", name="second")(layers.ReLU()(x))
    y = layers.Dropout(0.1)(y)
    x = x + layers.Reshape((8, 8, 4))(y)
    x = layers.Flatten()(layers.Activation("selu")(x))
    x = layers.Dense(4, name="third")(x)
    x = layers.Dense(4, name="head", activation="softmax")(x)
    found = drawn(keras.Model(inputs, x))
    # The first meets relu before the sum; what follows the third is a kernel.
    assert found == {
        "first": "HeNormal()",
        "second": "LecunNormal()",
        "third": "GlorotUniform()",
        "head": "GlorotUniform()",
    }


def test_it_is_seen_in_sequential_nested_and_wrapped_layers():
    inner = keras.Sequential(
        [keras.Input((4, 8)), layers.TimeDistributed(layers.Dense(8, name="wrapped"))]
    )
    model = keras.Sequential(
        [
            keras.Input((4, 8)),
            inner,
            layers.LayerNormalization(),
            layers.ReLU(),
            layers.Dense(8, name="plain"),
            layers.ReLU(max_value=6.0),
        ]
    )
    relu6 = f"VarianceScaling(scale={calculate_gain('relu6') ** 2!r})"
    assert drawn(model) == {"wrapped": "HeNormal()", "plain": relu6}


def test_a_subclassed_model_has_no_graph_and_layers_stand_alone():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.one = layers.Dense(4, name="one", activation="relu")
            self.two = layers.Dense(4, name="two")

        def call(self, x):
            return keras.ops.relu(self.two(self.one(x)))

    model = Mine()
    model(np.zeros((1, 8), "float32"))
    assert drawn(model) == {"one": "HeNormal()", "two": "GlorotUniform()"}


def test_recurrent_kernels_are_orthogonal_gate_by_gate():
    model = keras.Sequential([keras.Input((4, 8)), layers.LSTM(16, name="lstm")])
    initialize(model, recipes.by_activation(), seed=1)
    recurrent = values(model)["lstm/lstm_cell/recurrent_kernel"]
    for gate in np.split(recurrent, 4, axis=1):
        assert_orthonormal(gate)


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "elu", "mish"])
def test_the_signals_power_holds_through_deep_networks(activation):
    width, depth, batch = 256, 10, 256
    model = dense([None] * depth, width)
    for layer in model.layers[1:]:
        layer.activation = keras.activations.get(activation)
    initialize(model, recipes.by_activation(), seed=3)
    x = np.random.default_rng(1).standard_normal((batch, width), dtype="float32")
    power = [np.mean(x.astype("float64") ** 2)]
    for layer in model.layers[1:]:
        kernel = as_float64(layer.kernel.value)
        power.append(np.mean((as_float64(x) @ kernel) ** 2))
        x = layer(x)
    # One layer's mean square given its input has the relative standard deviation
    # sqrt(kurtosis / width) from its own kernel's rows at most, kurtosis of the
    # activations below 6 here; ten layers add up.
    tolerance = SIGMAS * math.sqrt(depth * 6.0 / width)
    gain = calculate_gain(activation)
    # The first kernel sees the data, not an activation: gain**2 times its power.
    assert abs(math.log(power[-1] / (power[0] * gain**2))) < tolerance
    assert tolerance < depth * math.log(2.0)  # a wrong gain would be seen


@pytest.mark.parametrize(("bound", "name"), [(6.0, "relu6"), (8.0, "relu")])
def test_a_relu_whose_bound_is_another_counts_as_relu(bound, name):
    assert graph.activation_of(layers.ReLU(max_value=bound)) == (name, None)
