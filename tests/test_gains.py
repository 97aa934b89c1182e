"""Gains: the formulas are Keras' activations; their integrals: `once`."""

import math

import keras
import mpmath
import numpy as np
import pytest

from keras_inits import calculate_gain, gains
from tests.activations import FORMULAS
from tests.support import ELEMENTARY, ROUNDING, as_float64, raises_exactly

BY_QUADRATURE = sorted([*gains.GAINS, *gains.ALIASES])
POINTS = np.linspace(-4.0, 4.0, 161, dtype="float32")


def keras_activation(name):
    return keras.activations.get(name)


@pytest.mark.parametrize("name", BY_QUADRATURE)
def test_a_formula_is_the_activation_of_keras_on_this_backend(name):
    theirs = as_float64(keras_activation(name)(keras.ops.convert_to_tensor(POINTS)))
    formula = FORMULAS[gains.ALIASES.get(name, name)]
    ours = np.array([float(formula(mpmath.mpf(x))) for x in POINTS.tolist()])

    # An elementary function of the library, times at most the point itself, which is 4,
    # or as a share of a result that is larger.
    tolerance = 4.0 * ELEMENTARY * np.maximum(1.0, np.abs(theirs))
    assert np.all(np.abs(ours - theirs) <= tolerance)


def test_every_activation_of_keras_has_a_gain_or_a_reason():
    activations = {
        name
        for name, function in vars(keras.activations).items()
        if callable(function) and name not in ("get", "serialize", "deserialize")
    }
    refused = set(gains.WHOLE_VECTOR)

    assert activations - set(gains.NAMES) - refused <= {"threshold"}
    for name in activations & set(gains.NAMES):
        assert calculate_gain(name) > 0


def test_a_function_has_the_gain_of_its_name_to_five_digits():
    for name, function in (
        ("relu", lambda x: np.maximum(x, 0)),
        ("linear", lambda x: x),
        ("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x)),
        ("softplus", lambda x: np.logaddexp(0.0, x)),
        ("exponential", np.exp),
    ):
        assert calculate_gain(function) == float(f"{calculate_gain(name):.5g}")


@pytest.mark.parametrize(
    ("name", "formula"),
    [("tanh", np.tanh), ("silu", lambda x: x / (1 + np.exp(-x))), ("sin", np.sin)],
)
def test_a_callable_gets_the_gain_of_its_formula(name, formula):
    z = np.random.RandomState(0).standard_normal(1_000_000)
    squares = formula(z) ** 2
    power = calculate_gain(formula) ** -2

    assert abs(power - squares.mean()) < 5.0 * squares.std() / 1000.0


def test_a_keras_activation_as_a_function_is_its_name():
    for name in ("gelu", "tanh", "relu", "leaky_relu", "selu", "silu"):
        assert calculate_gain(getattr(keras.activations, name)) == calculate_gain(name)


def test_a_function_of_the_backend_has_the_gain_that_numpy_gives_it():
    found = calculate_gain(lambda x: keras.ops.tanh(x) * 2.0)

    assert found == calculate_gain(lambda x: 2.0 * np.tanh(x))


def test_the_parameter_is_the_slope_of_leaky_relu_and_is_ignored_elsewhere():
    assert calculate_gain("leaky_relu", 1.0) == 1.0
    assert calculate_gain("leaky_relu") == math.sqrt(2.0 / (1.0 + 0.01 * 0.01))
    assert calculate_gain("gelu", 3.0) == calculate_gain("gelu")


def test_a_kaiming_variance_uses_the_gain():
    from keras_inits import KaimingNormal

    made = KaimingNormal(nonlinearity="gelu")
    assert made.scale == calculate_gain("gelu") * calculate_gain("gelu")


@pytest.mark.parametrize("name", gains.WHOLE_VECTOR)
def test_activations_of_whole_vectors_have_no_gain(name):
    with raises_exactly(
        "calculate_gain: Argument `nonlinearity` must be an activation that works "
        f"element by element, got {name!r}."
    ):
        calculate_gain(name)


def test_the_response_of_relu_is_that_of_half_a_normal_distribution():
    mean, square = gains.response("relu", 2.0)

    # E relu(x) = 2 / sqrt(2 pi) and E relu(x)**2 = 2. The kink lies between two panels,
    # so what is left is that of each value, which may be rounded to float32.
    assert mean == pytest.approx(2.0 / math.sqrt(2.0 * math.pi), rel=1.01 * ROUNDING)
    assert square == pytest.approx(2.0, rel=2.01 * ROUNDING)


@pytest.mark.parametrize("name", BY_QUADRATURE)
def test_the_response_to_unit_normal_input_has_the_gain_of_the_name(name):
    gain = calculate_gain(name)

    _, square = gains.response(name)

    # A value v is off by d = 4 ELEMENTARY max(1, |v|), as above, so the mean square
    # s = 1 / gain**2 is by 2 E |v| d <= 8 ELEMENTARY (sqrt(s) + s).
    tolerance = 8.0 * ELEMENTARY * (1.0 + gain)
    assert square * gain**2 == pytest.approx(1.0, rel=tolerance)


def test_what_changes_the_shape_works_on_no_element():
    assert gains.response(lambda x: x[None]) == (0.0, 0.0)
