"""What `_backend` answers, on the running backend."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from keras_inits.engine import streams
from tests.processes import output
from tests.support import needs_wide
from tests.tracers import needs_shape_inference, over_tracers, tracers

pytestmark = pytest.mark.traced


class Lazy(keras.Model):
    """Layers that only a call builds."""

    def __init__(self, widths):
        super().__init__()
        self.stack = [keras.layers.Dense(width) for width in widths]

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x


def test_name_is_that_of_keras():
    assert _backend.name() == keras.config.backend()


def test_nothing_is_traced_outside():
    assert not _backend.is_tracing()
    assert not _backend.only_infers_shapes()


@over_tracers(but="compile")
def test_a_traced_function_knows_that_it_is(tracer):
    answers = []

    def function():
        answers.append(_backend.is_tracing())
        return keras.ops.zeros((2,))

    tracers()[tracer](_backend.untraced(function))
    assert answers == [True]
    assert not _backend.is_tracing()


@needs_shape_inference
def test_shape_inference_is_told_apart():
    answers = []

    def function(x):
        answers.append(_backend.only_infers_shapes())
        return x * 2

    spec = keras.layers.Lambda(function)(keras.Input((4,)))

    assert set(answers) == {True}
    assert tuple(spec.shape) == (None, 4)


def test_float64_is_stored_as_the_backend_does():
    expected = "float32" if _backend.name() == "jax" else "float64"
    assert _backend.stored_dtype("float64") == expected
    assert _backend.stored_dtype("bfloat16") == "bfloat16"
    value = keras_inits.RandomNormal(seed=1)((3,), "float64")
    assert keras.backend.standardize_dtype(value.dtype) == expected


def test_a_seed_generators_state_moves_on_by_one():
    generator = keras.random.SeedGenerator(11)
    assert streams.next_state(generator) == (11, 0)
    assert streams.next_state(generator) == (11, 1)


@needs_shape_inference
def test_a_lazily_built_model_draws_each_weight_once(monkeypatch):
    drawn = []
    compute = keras_inits.GlorotUniform.compute

    def counting(self, ops, key, shape, dtype):
        drawn.append(shape)
        return compute(self, ops, key, shape, dtype)

    monkeypatch.setattr(keras_inits.GlorotUniform, "compute", counting)
    with keras_inits.enabled():
        keras.utils.set_random_seed(3)
        lazy = Lazy((6, 7, 8))
        lazy(np.ones((2, 5), "float32"))

    assert drawn == [(5, 6), (6, 7), (7, 8)]


def test_lazily_and_directly_built_weights_are_equal():
    with keras_inits.enabled():
        keras.utils.set_random_seed(3)
        lazy = Lazy((6, 7, 8))
        lazy(np.ones((2, 5), "float32"))
        keras.utils.set_random_seed(3)
        direct = Lazy((6, 7, 8))
        for layer, width in zip(direct.stack, (5, 6, 7), strict=True):
            layer.build((None, width))

    for one, other in zip(lazy.stack, direct.stack, strict=True):
        np.testing.assert_array_equal(
            _backend.to_numpy(one.kernel), _backend.to_numpy(other.kernel)
        )


@needs_wide
@pytest.mark.skipif(_backend.name() != "jax", reason="64-bit numbers are a mode of JAX")
def test_wide_numbers_last_no_longer_than_their_context():
    with _backend.wide():
        assert keras.ops.zeros((2,), dtype="int64").dtype == "int64"
    with pytest.warns(UserWarning, match="int64"):
        assert keras.ops.zeros((2,), dtype="int64").dtype == "int32"


@pytest.mark.skipif(_backend.name() != "jax", reason="64-bit numbers are a mode of JAX")
def test_a_jax_without_them_is_named(monkeypatch):
    import jax

    monkeypatch.delattr(jax, "enable_x64", raising=False)
    monkeypatch.setattr(jax, "__version__", "0.7.2")

    with pytest.raises(ImportError) as error:
        jax.jit(lambda: keras_inits.HeNormal(seed=1)((300, 256)))()

    assert str(error.value) == (
        "HeNormal: Drawing a large tensor inside a traced function needs jax 0.8 or "
        "later, found 0.7.2. Run `pip install -U jax`, or call the initializer outside "
        "the function."
    )


@pytest.mark.skipif(_backend.name() != "jax", reason="NNX is a mode of JAX")
@pytest.mark.skipif(
    not hasattr(keras.config, "is_nnx_enabled"), reason="this Keras has no NNX"
)
def test_under_nnx_a_model_has_the_plain_weights():
    script = (
        "import keras, keras_inits\n"
        "with keras_inits.enabled():\n"
        "    keras.utils.set_random_seed(1)\n"
        "    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(7),"
        " keras.layers.BatchNormalization(), keras.layers.Dense(3)])\n"
        "nnx = 'flax' in str(type(model.layers[0].kernel).__mro__)\n"
        "print(nnx, keras_inits.fingerprint(model))\n"
    )
    found = []
    for nnx in ("false", "true"):
        found.append(output("-c", script, KERAS_NNX_ENABLED=nnx).split())
    assert [nnx for nnx, _ in found] == ["False", "True"]
    assert found[0][1] == found[1][1]
