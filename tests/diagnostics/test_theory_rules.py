"""What theory says where a rule has a branch of its own."""

import math

import keras
import numpy as np
import pytest

from keras_inits import _backend
from keras_inits.diagnostics import diagnose, theory
from tests.diagnostics import networks
from tests.diagnostics.test_theory import signs, single
from tests.support import IGNORE_KERAS_ARRAYS, ROUNDING, as_float64

layers = keras.layers
LAYERS = {
    "relu": layers.ReLU,
    "leaky_relu": lambda: layers.LeakyReLU(0.2),  # Keras' function has this slope
    "elu": layers.ELU,
}


@pytest.mark.parametrize("name", LAYERS)
def test_an_activation_is_the_same_as_a_function_and_as_a_layer(name):
    found = []
    for activation in (name, LAYERS[name]()):
        model, dense = single(layers.Dense(64, activation), (64,))
        dense.kernel.assign(signs((64, 64), 1 / 8))
        found.append(diagnose(model, signs((16, 64), seed=1))[-1].predicted_stddev)
    alone = keras.Sequential([keras.Input((64,)), layers.Dense(64)])
    alone.add(LAYERS[name]())
    alone.layers[0].kernel.assign(signs((64, 64), 1 / 8))
    linear, row = diagnose(alone, signs((16, 64), seed=1)).layers

    assert found[0] == pytest.approx(found[1], rel=4 * ROUNDING)
    # A unit input on average over draws, and what it was in this one.
    assert linear.predicted_stddev == pytest.approx(1.0, rel=4 * ROUNDING)
    scaled = row.predicted_stddev / linear.signal.stddev
    assert scaled == pytest.approx(found[0], rel=0.1)


@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)  # of Keras' NumPy backend
@pytest.mark.parametrize("activation", [None, "relu"])
def test_a_picture_that_is_all_in_its_middle_fails_no_assumption(activation):
    """Each tap meets it, though at the borders fewer do on average."""
    model, layer = single(layers.Conv2D(64, 3, padding="same"), (3, 3, 1))
    layer.activation = keras.activations.get(activation)
    taps = np.repeat([1.0, -1.0], [5, 4])
    kernel = [np.random.RandomState(i).permutation(taps) for i in range(64)]
    layer.kernel.assign(np.stack(kernel, axis=-1).reshape(3, 3, 1, 64))
    x = np.zeros((1, 3, 3, 1), "float32")
    x[0, 1, 1] = 1.0
    (row,) = diagnose(model, x).layers

    # Units whose squares are equal leave nothing to chance.
    assert row.predicted_stddev < 0.95 * row.signal.stddev
    assert row.failed_assumption is None


MORE = {
    "ellipsis": (lambda: layers.EinsumDense("...b,bc->...c", (5,)), (4, 6)),
    "strides of two sizes": (lambda: layers.Conv2D(5, 3, (2, 3)), (7, 6, 4)),
    "the same, padded": (
        lambda: layers.Conv2D(5, 3, (1, 2), padding="same"),
        (7, 6, 4),
    ),
    "causal strides": (lambda: layers.Conv1D(5, 4, 2, padding="causal"), (10, 4)),
    "steps over inputs": (lambda: layers.Conv1D(5, 1, 3, padding="same"), (9, 4)),
}
if _backend.name() != "tensorflow":  # which has none on a processor
    MORE["channels first"] = (
        lambda: layers.Conv1D(5, 4, padding="same", data_format="channels_first"),
        (3, 9),
    )


@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)  # of Keras' NumPy backend
@pytest.mark.parametrize("name", MORE)
def test_taps_are_counted_in_every_form_of_a_convolution(name):
    build, shape = MORE[name]
    model, layer = single(build(), shape)
    layer.kernel.assign(np.ones(layer.kernel.shape))
    number = as_float64(layer(np.ones((1, *shape), "float32"))).mean()
    layer.kernel.assign(signs(layer.kernel.shape, 0.5))
    (row,) = diagnose(model, signs((2, *shape))).layers

    expected = math.sqrt(number * 0.25)
    assert row.predicted_stddev == pytest.approx(expected, rel=4 * ROUNDING)


def test_scales_and_shifts_of_a_normalization_count_by_their_squares():
    model, layer = single(layers.BatchNormalization(), (64,))
    layer.gamma.assign(np.tile([1.0, 2.0], 32))
    layer.beta.assign(np.tile([3.0, 0.0], 32))
    (row,) = diagnose(model, networks.normal((64, 64))).layers

    # E gamma**2 = 2.5 and Var beta = 2.25.
    assert row.predicted_stddev == pytest.approx(math.sqrt(4.75), rel=4 * ROUNDING)


def test_a_normalization_by_root_leaves_its_scale():
    model, layer = single(layers.RMSNormalization(), (64,))
    layer.scale.assign(np.full(64, 3.0))
    rows = [diagnose(model, x)[0] for x in (signs((8, 64)), np.zeros((8, 64)))]

    share = np.std(signs((8, 64)))  # of the root mean square, which is 1
    assert rows[0].predicted_stddev == pytest.approx(3.0 * share, rel=4 * ROUNDING)
    assert rows[1].predicted_stddev == 0.0
    assert rows[1].failed_assumption is None


def test_a_kernel_of_zeros_does_what_theory_says():
    model, dense = single(layers.Dense(64), (64,))
    dense.kernel.assign(np.zeros((64, 64)))
    (row,) = diagnose(model, networks.normal((8, 64))).layers

    assert row.predicted_stddev == row.signal.stddev == 0.0
    assert row.failed_assumption is None


def test_an_input_of_integers_is_predicted_from():
    model, dense = single(layers.Dense(64), (64,), dtype="int32")
    dense.kernel.assign(signs((64, 64), 1 / 8))
    (row,) = diagnose(model, signs((8, 64), 3.0).astype("int32")).layers

    assert row.predicted_stddev == pytest.approx(3.0, rel=4 * ROUNDING)


def test_a_bias_moves_where_an_activation_s_input_is_measured_from():
    model, dense = single(layers.Dense(64, "tanh"), (64,))
    dense.kernel.assign(np.eye(64))
    dense.bias.assign(np.full(64, 0.5))
    (row,) = diagnose(model, 30.0 * np.eye(64, dtype="float32")).layers

    assert row.failed_assumption == theory.NORMAL


@pytest.mark.parametrize("function", [lambda z: 0.0 * z, "exponential"])
def test_an_activation_that_leaves_nothing_to_count_has_no_prediction(function):
    model, dense = single(layers.Dense(64, function), (64,))
    dense.kernel.assign(signs((64, 64), 10.0 / 8.0))
    # Its input is of size 10: up to 50 in these samples, and 140 in the integral.
    (row,) = diagnose(model, signs((16, 64), seed=1)).layers

    assert np.isfinite(row.signal.stddev)
    assert row.predicted_stddev is None


def test_there_is_no_prediction_from_what_is_not_finite():
    model = keras.Sequential([keras.Input((64,)), layers.Dense(64), layers.Dense(64)])
    for dense in model.layers:
        dense.kernel.assign(np.full((64, 64), 1e30))
    with np.errstate(over="ignore"):
        rows = diagnose(model, np.full((4, 64), 1e30, "float32")).layers

    assert rows[1].predicted_stddev is None
    assert [row.failed_assumption for row in rows] == [None, None]
