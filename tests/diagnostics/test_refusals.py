"""What is refused, in which words."""

import math

import keras
import numpy as np
import pytest

from keras_inits import _backend
from keras_inits.diagnostics import data_scale, diagnose, lsuv
from tests.diagnostics.networks import Residual, normal, plain, state
from tests.support import needs_gradients, needs_no_gradients, raises_exactly

X = normal((24, 16))
LOOKING = pytest.mark.parametrize("look", [diagnose, lsuv, data_scale])


@LOOKING
def test_what_is_no_model(look):
    with raises_exactly(
        f"{look.__name__}: Argument `model` must be a Keras model or layer, got "
        "'resnet'."
    ):
        look("resnet", X)


@LOOKING
def test_a_model_that_is_not_built(look):
    with raises_exactly(
        f"{look.__name__}: Argument `model` must be built, got 'residual', which has "
        "no weights yet. Call it on a batch of data or call its `build` with the "
        "input's shape."
    ):
        look(Residual(), X)


def test_a_model_with_a_layer_that_is_not_built():
    class Half(keras.Model):
        def __init__(self):
            super().__init__(name="half")
            self.first = keras.layers.Dense(4, name="first")
            self.late = keras.layers.Dense(4, name="late")

        def build(self, input_shape):
            self.first.build(input_shape)

        def call(self, inputs):
            return self.late(self.first(inputs))

    model = Half()
    model.build((None, 16))

    with raises_exactly(
        "diagnose: Argument `model` must be built, got 'half', in which these layers "
        "have no weights yet: 'late'. Call it, or each of these, on a batch of data or "
        "call its `build` with the input's shape."
    ):
        diagnose(model, X)
    assert not model.late.built
    assert model.late.weights == []


@LOOKING
def test_a_model_without_weights(look):
    model = keras.Sequential(
        [keras.Input((16,)), keras.layers.Flatten(), keras.layers.ReLU()], name="bare"
    )
    with raises_exactly(
        f"{look.__name__}: Argument `model` must have weights, got 'bare' with 2 "
        "layers and no weights."
    ):
        look(model, X)


def test_a_model_without_kernels_to_scale():
    model = keras.Sequential(
        [keras.Input((16,)), keras.layers.LayerNormalization()], name="norms"
    )
    with raises_exactly(
        "data_scale: Argument `model` must have a dense layer or a convolution, got "
        "'norms' with none that the data pass."
    ):
        data_scale(model, X)


@LOOKING
def test_weights_that_are_not_finite_by_the_first_layer_that_has_them(look):
    keras.layers.Dense(2)  # moves Keras' count on
    inner = keras.Sequential([keras.Input((16,)), keras.layers.Dense(8)])
    model = keras.Sequential([keras.Input((16,)), inner, keras.layers.Dense(8)])
    for place, part in enumerate((inner.layers[0], model.layers[1]), 1):
        kernel = np.zeros(tuple(part.kernel.shape), "float32")
        kernel[0, :place] = math.nan
        part.kernel.assign(kernel)
    before = state(model)

    with raises_exactly(
        f"{look.__name__}: Argument `model` must have finite weights, got 1 NaN or "
        f"infinite values in 'sequential/dense/kernel', the first such weight."
    ):
        look(model, X)
    for name, values in state(model).items():
        np.testing.assert_array_equal(values, before[name])


@LOOKING
def test_data_that_are_not_finite(look):
    x = X.copy()
    x[3, :2] = math.nan, math.inf

    with raises_exactly(
        f"{look.__name__}: Argument `x` must be finite, got 2 NaN or infinite values "
        "among 384. Clean or mask them first."
    ):
        look(plain("relu"), x)


@LOOKING
def test_an_empty_batch(look):
    with raises_exactly(
        f"{look.__name__}: Argument `x` must hold at least one sample, got an array of "
        "shape (0, 16)."
    ):
        look(plain("relu"), X[:0])


@LOOKING
@pytest.mark.parametrize("shape", [(24, 15), (24, 16, 1)])
def test_a_shape_that_the_model_does_not_take(look, shape):
    model = plain("relu")

    with raises_exactly(
        f"{look.__name__}: Argument `x` must have shape (any, 16), as the model's "
        f"input {model.inputs[0].name!r} has, got {shape}."
    ):
        look(model, normal(shape))


def test_a_wrong_number_of_inputs():
    with raises_exactly(
        "diagnose: Argument `x` must hold 1 arrays, one for each input of the model, "
        "got 2."
    ):
        diagnose(plain("relu"), [X, X])


def test_arrays_of_different_length():
    with raises_exactly(
        "diagnose: Argument `x` must have as many samples in each of its arrays, got "
        "20 and 24."
    ):
        diagnose(plain("relu"), [X, X[:20]])


def test_a_number_for_a_batch():
    with raises_exactly(
        "diagnose: Argument `x` must be an array with a batch axis, got 3.0."
    ):
        diagnose(plain("relu"), 3.0)


def test_a_layer_that_cannot_run_is_named():
    model = Residual()
    model(keras.ops.zeros((24, 16)))

    # The reason is the backend's own.
    text = "diagnose: Argument `x` must run through the model, got an error in "
    text += "layer '.+': "
    with pytest.raises(ValueError, match=f"^{text}.+"):
        diagnose(model, normal((24, 15)))


@needs_gradients
def test_targets_of_another_length():
    with raises_exactly(
        "diagnose: Argument `y` must have one target for each sample of `x`, got 20 "
        "targets for 24 samples."
    ):
        diagnose(plain("relu"), X, normal((20, 32)), "mse")


@needs_gradients
def test_targets_without_a_loss():
    with raises_exactly(
        "diagnose: Argument `loss` must be given with `y`, as 'plain' is not "
        "compiled with one, got None. For example "
        "loss='sparse_categorical_crossentropy'."
    ):
        diagnose(plain("relu"), X, normal((24, 32)))


@needs_gradients
def test_an_unknown_loss():
    with raises_exactly(
        "diagnose: Argument `loss` must be a Keras loss, its name or a function, got "
        "'mso'."
    ):
        diagnose(plain("relu"), X, normal((24, 32)), "mso")


@needs_gradients
def test_too_few_targets_for_the_outputs():
    inputs = keras.Input((16,))
    outputs = [keras.layers.Dense(4)(inputs), keras.layers.Dense(4)(inputs)]

    with raises_exactly(
        "diagnose: Argument `y` must hold one array for each output of the model, got "
        "1 for 2 outputs and 2 losses."
    ):
        diagnose(keras.Model(inputs, outputs), X, normal((24, 4)), "mse")


@needs_no_gradients
def test_gradients_on_a_backend_without_them():
    with pytest.raises(RuntimeError) as raised:
        diagnose(plain("relu"), X, normal((24, 32)), "mse")

    assert str(raised.value) == (
        "diagnose: Argument `y` asks for gradients, which the "
        f"{_backend.name()} backend does not have. Run on tensorflow, jax, torch."
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"target": "stddev"},
            "data_scale: Invalid `target` argument: must be one of variance, "
            "mean_square, got 'stddev'.",
        ),
        (
            {"tolerance": 0},
            "data_scale: Argument `tolerance` must be positive float, got 0.",
        ),
        (
            {"max_tries": -1},
            "data_scale: Argument `max_tries` must be an integer, 0 or above, got -1.",
        ),
    ],
)
def test_arguments_of_data_scale(arguments, text):
    with raises_exactly(text):
        data_scale(plain("relu"), X, **arguments)


def test_a_seed_of_lsuv():
    with raises_exactly("lsuv: Argument `seed` must be an integer or None, got 'one'."):
        lsuv(plain("relu"), X, seed="one")


def test_a_learning_rate():
    with raises_exactly(
        "diagnose: Argument `learning_rate` must be positive float, got -1.0."
    ):
        diagnose(plain("relu"), X, learning_rate=-1.0)
