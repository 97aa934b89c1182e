"""Questions to the running backend: its name, what it can do, what it does now."""

import contextlib
import functools
import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import keras

from keras_inits import _errors
from keras_inits._types import P, R


def name() -> str:
    """Name of the backend that Keras runs on, such as tensorflow, jax or torch."""
    return keras.backend.backend()


def stored_dtype(dtype: str) -> str:
    """The dtype that a tensor asked for in `dtype` really has."""
    if name() == "jax" and dtype.endswith(("64", "128")):
        return str(importlib.import_module("jax").dtypes.canonicalize_dtype(dtype))
    return dtype


def wide() -> AbstractContextManager[Any]:
    """Context in which the backend computes with 64-bit numbers."""
    if name() != "jax":
        return contextlib.nullcontext()
    jax = importlib.import_module("jax")
    if not has_wide():
        _errors.raise_error(
            "Drawing a large tensor inside a traced function needs jax 0.8 or later, "
            f"found {jax.__version__}. Run `pip install -U jax`, or call the "
            "initializer outside the function.",
            ImportError,
        )
    return jax.enable_x64(True)


def has_wide() -> bool:
    """Whether `wide` holds inside a traced function, as it does from JAX 0.8 on."""
    return name() != "jax" or hasattr(importlib.import_module("jax"), "enable_x64")


def _jax_trace_state_is_clean() -> bool:
    # Private, for want of a public question; the public way, to make an array and
    # look whether it is a tracer, costs more than a small draw.
    try:
        return importlib.import_module("jax._src.core").trace_state_clean()
    except (ImportError, AttributeError):
        jax = importlib.import_module("jax")
        return not isinstance(jax.numpy.zeros(()), jax.core.Tracer)


def is_tracing() -> bool:
    """Whether what is computed now becomes part of a traced function."""
    if name() == "jax":
        return not _jax_trace_state_is_clean()
    if name() == "tensorflow":
        return not importlib.import_module("tensorflow").executing_eagerly()
    return False


class _Asking(keras.SymbolicScope):
    """A scope that is entered to ask for the one around it, the only public way."""


def only_infers_shapes() -> bool:
    """Whether Keras wants shapes alone now and throws the values away."""
    scope: Any = _Asking()
    with scope:
        # A signal handler may ask while what it interrupts is asking.
        while isinstance(scope, _Asking):
            scope = getattr(scope, "original_scope", None)
        return scope is not None


def untraced(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, which `torch.compile` and AutoGraph call and do not rewrite."""
    if name() == "torch":
        return importlib.import_module("torch").compiler.disable(function)
    if name() == "tensorflow":
        autograph = importlib.import_module("tensorflow").autograph
        return autograph.experimental.do_not_convert(function)
    return function


def outside_traces(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, a public one, which refuses to run inside a traced function.

    What it does to a model would be done once, while the function is traced, with
    tensors that have no values. Errors get its name.
    """

    @_errors.named(function.__name__)
    @functools.wraps(function)
    def refusing(*args: P.args, **kwargs: P.kwargs) -> R:
        if is_tracing() or only_infers_shapes():
            _errors.raise_error(
                "A model must be worked on outside of traced functions, got a call "
                "inside one, where weights have no values. Call it before, or between "
                "two steps; nothing was changed."
            )
        return function(*args, **kwargs)

    return untraced(refusing)
