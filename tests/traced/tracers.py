"""How each backend traces a function, for the tests."""

import importlib

from keras_inits import _backend


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
