"""How each backend traces a function, for the tests."""

import importlib

import keras
import pytest
from keras.src.backend.common.symbolic_scope import in_symbolic_scope

from keras_inits import _backend


def _says_that_it_infers_shapes():
    answers = []

    def function(x):
        answers.append(in_symbolic_scope())
        return x

    keras.src.backend.compute_output_spec(function, keras.KerasTensor((1,)))
    return all(answers)


needs_shape_inference = pytest.mark.skipif(
    not _says_that_it_infers_shapes(),
    reason=f"on {_backend.name()} Keras infers shapes by computing, and tells nobody",
)


def tracers():
    """name -> function that runs `f()` inside a trace of the running backend."""
    if _backend.name() == "jax":
        jax = importlib.import_module("jax")
        return {"jit": lambda f: jax.jit(f)()}
    if _backend.name() == "tensorflow":
        tf = importlib.import_module("tensorflow")
        return {
            "function": lambda f: tf.function(f)(),
            "xla": lambda f: tf.function(f, jit_compile=True)(),
        }
    if _backend.name() == "torch":
        torch = importlib.import_module("torch")
        # Without a code generator: what is tested is what TorchDynamo traces.
        return {"compile": lambda f: torch.compile(f, backend="eager")()}
    return {}


def over_tracers(*, but=""):
    """Runs a test in each trace of the running backend but one; none is a skip."""
    found = [name for name in tracers() if name != but]
    reason = f"{_backend.name()} has no trace of this kind"
    none = pytest.param("none", marks=pytest.mark.skip(reason=reason))
    return pytest.mark.parametrize("tracer", found or [none])
