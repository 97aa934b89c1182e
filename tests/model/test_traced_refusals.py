"""What works on a model refuses to do so inside a traced function."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from tests.support import as_numpy
from tests.tracers import needs_shape_inference, over_tracers, tracers

pytestmark = pytest.mark.traced

X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(4, 3)


def small():
    with keras_inits.enabled():
        keras.utils.set_random_seed(1)
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


CALLS = {
    "initialize": lambda model: keras_inits.initialize(model, {"kernel": "ones"}),
    "reinitialize": lambda model: keras_inits.reinitialize(model, seed=1),
    "detach": keras_inits.detach,
    "fingerprint": keras_inits.fingerprint,
    "lsuv": lambda model: keras_inits.lsuv(model, X),
    "data_scale": lambda model: keras_inits.data_scale(model, X),
    "diagnose": lambda model: keras_inits.diagnose(model, X),
    "compare": lambda model: keras_inits.compare(
        lambda: model, X, X, ["zeros"], epochs=1, seeds=[0]
    ),
}


def state(model):
    return [as_numpy(v) for v in model.weights], model.layers[0].kernel_initializer


@over_tracers(but="compile")
@pytest.mark.parametrize("name", CALLS)
def test_a_call_inside_a_trace_is_refused_and_changes_nothing(name, tracer):
    model = small()
    weights, initializer = state(model)

    def traced():
        CALLS[name](model)
        return keras.ops.zeros((2,))

    with pytest.raises(ValueError, match="outside of traced functions") as error:
        tracers()[tracer](_backend.untraced(traced))

    # TensorFlow puts the place in the traced function before the text.
    text = (
        f"{name}: A model must be worked on outside of traced functions, got a call "
        "inside one, where weights have no values. Call it before, or between two "
        "steps; nothing was changed."
    )
    assert str(error.value).strip().endswith(text)
    after, same = state(model)
    assert same is initializer
    for one, other in zip(weights, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif("compile" not in tracers(), reason="a tracer of its own")
@pytest.mark.parametrize("name", [name for name in CALLS if name != "compare"])
def test_what_a_compiler_leaves_to_python_works_as_outside(name):
    model, other = small(), small()

    def compiled():
        CALLS[name](model)
        return keras.ops.zeros((2,))

    tracers()["compile"](compiled)
    CALLS[name](other)

    for one, two in zip(state(model)[0], state(other)[0], strict=True):
        if name not in ("initialize", "lsuv"):  # whose seed is fresh
            np.testing.assert_array_equal(one, two)


@needs_shape_inference
def test_shape_inference_changes_no_model():
    model = small()
    weights, _ = state(model)

    refused = []

    def call(x):
        with pytest.raises(ValueError, match="outside of traced functions"):
            keras_inits.reinitialize(model, seed=1)
        refused.append(x)
        return x

    keras.layers.Lambda(call)(keras.Input((4,)))

    assert refused
    for one, other in zip(weights, state(model)[0], strict=True):
        np.testing.assert_array_equal(one, other)


@over_tracers(but="compile")
@pytest.mark.parametrize(
    ("make", "argument", "rule"),
    [
        (keras_inits.RandomNormal, "mean", "a finite number"),
        (
            lambda v: keras_inits.RandomNormal(0.0, v),
            "stddev",
            "a finite number, 0 or above",
        ),
        (keras_inits.Constant, "value", "a finite number or an array of them"),
    ],
)
def test_a_number_that_only_the_trace_knows_is_refused(make, argument, rule, tracer):
    def traced():
        return make(keras.ops.cos(keras.ops.zeros(())))((2,))

    with pytest.raises(ValueError, match=f"Argument `{argument}` must be") as error:
        tracers()[tracer](_backend.untraced(traced))

    text = str(error.value).strip()
    assert f"Argument `{argument}` must be {rule}, got " in text
    assert text.endswith(
        "Inside a traced function it must be a number that is known while the function "
        "is traced."
    )
