"""Keras' own initializer objects, drawing what the classes here draw.

Other people's code holds objects of Keras' classes: KerasHub makes them, files
name them, initializers wrap them. While `drawn_here` asks for it, the public
`__call__` of those classes, and `next` of `keras.random.SeedGenerator`, are
replaced by functions of the same signature. The objects, their classes and their
configs stay Keras' own; what has no counterpart here, Keras draws as before.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from keras_inits import _backend
from keras_inits._types import Tensor
from keras_inits.engine import streams
from keras_inits.fans import einsum_axes
from keras_inits.initializers import lookup

Method = Callable[..., Any]

_lock = threading.RLock()
_users = 0  # how many need the replacements now
_everywhere = 0  # how many of them need them outside of `streams.drawing_from` too
_replaced: list[
    tuple[type[Any], str, Method, Method]
] = []  # (class, name of the method, Keras' own, ours)
_answers = threading.local()  # `count` of the calls that ours answered


def classes() -> dict[type[Any], type[Any]]:
    """Keras' classes, each with the class here of its name, which extends it."""
    return {
        theirs: ours
        for ours in lookup.BY_NAME.values()
        for theirs in getattr(ours, "__mro__", ())[1:]
        if ours.__module__ == lookup.PACKAGE and theirs.__name__ == ours.__name__
    }


def counterpart(cls: Any, initializer: Any) -> Any:
    """An initializer of this package for an object of Keras' class `cls`.

    Its arguments are the attributes of their names; the config of some of Keras'
    classes lacks one.

    Args:
        cls: One of `classes`.
        initializer: An object of it or of a subclass.

    Returns:
        An initializer with the same arguments and seed, or None if the class here
        does not take them.
    """
    try:
        names = lookup.parameters_of(cls)
        arguments = {name: getattr(initializer, name) for name in names}
        return classes()[cls](**arguments)
    except (AttributeError, TypeError, ValueError):
        return None


def answered() -> int:
    """How many calls of Keras' objects were answered here, in this thread."""
    return getattr(_answers, "count", 0)


def _call(cls: type[Any], own: Method) -> Method:
    """The `__call__` that takes the place of the one that `cls` defines."""

    @_backend.untraced
    def draw(self: Any, shape: Any, dtype: Any = None, **others: Any) -> Tensor:
        wanted = _everywhere or streams.is_given()
        ours = counterpart(cls, self) if wanted and not any(others.values()) else None
        if ours is None:
            return own(self, shape, dtype, **others)
        try:
            values = ours(shape, dtype=dtype)
        except (TypeError, ValueError):  # of a dtype or shape that ours refuses
            return own(self, shape, dtype, **others)
        _answers.count = answered() + 1
        return values

    return functools.wraps(own)(draw)


def _next(own: Method) -> Method:
    """The `next` that takes the place of a seed generator's."""

    def next_state(self: Any, ordered: bool = True) -> Tensor:
        key = streams.given_key()
        if key is None:
            return own(self, ordered)
        words = np.array([word % 2**31 for word in key])
        return keras.ops.convert_to_tensor(words, dtype=self.state.dtype)

    return functools.wraps(own)(next_state)


def for_einsum(initializer: Any, equation: str) -> Any:
    """An initializer that knows the axes of an EinsumDense kernel.

    One of another family, or with axes of its own, is returned as it is.
    """
    family = lookup.BY_NAME["VarianceScaling"]
    ours = initializer
    if not isinstance(ours, family):
        ours = ours_for(initializer)
    if not isinstance(ours, family) or None not in (ours.input_axes, ours.output_axes):
        return initializer
    summed, made, shared = einsum_axes(equation)
    config = ours.get_config()
    config.update(input_axes=summed, output_axes=sorted(made + shared))
    found = type(ours).from_config(config)
    found.seed = ours.seed  # which the config lacks where it is a fresh one
    return found


def _build(own: Method) -> Method:
    """The `build` that takes the place of an EinsumDense's before Keras 3.15.

    That tells its initializer nothing of the kernel's axes, as later ones do.
    """

    def build(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = self.kernel_initializer
        self.kernel_initializer = for_einsum(given, self.equation)
        try:
            return own(self, *args, **kwargs)
        finally:
            self.kernel_initializer = given

    return functools.wraps(own)(build)


def _replace() -> None:
    methods: list[tuple[type[Any], str, Method]] = [
        (cls, "__call__", functools.partial(_call, cls))
        for cls in classes()
        if "__call__" in vars(cls)
    ]
    methods.append((keras.random.SeedGenerator, "next", _next))
    theirs = keras.initializers.VarianceScaling
    if "input_axes" not in lookup.parameters_of(theirs):
        methods.append((keras.layers.EinsumDense, "build", _build))
    for cls, name, make in methods:
        own = vars(cls)[name]
        _replaced.append((cls, name, own, make(own)))
    for cls, name, _, ours in _replaced:
        setattr(cls, name, ours)


def _restore() -> None:
    for cls, name, own, ours in _replaced:
        if vars(cls).get(name) is ours:  # unless somebody has replaced it since
            setattr(cls, name, own)
    _replaced.clear()


def begin(*, everywhere: bool) -> None:
    """Replaces the methods, until as many calls of `end` with the same argument.

    Args:
        everywhere: Whether Keras' objects draw what ours draw wherever they are
            called; else only within `streams.drawing_from`.
    """
    global _users, _everywhere
    with _lock:
        if not _users:
            _replace()
        _users += 1
        _everywhere += everywhere


def end(*, everywhere: bool) -> None:
    """Takes back one call of `begin`."""
    global _users, _everywhere
    with _lock:
        _users -= 1
        _everywhere -= everywhere
        if not _users:
            _restore()


@contextlib.contextmanager
def drawn_here() -> Iterator[None]:
    """Context in which Keras' objects follow `streams.drawing_from`."""
    begin(everywhere=False)
    try:
        yield
    finally:
        end(everywhere=False)


def ours_for(initializer: Any) -> Any:
    """An initializer of this package that draws what Keras' object is to draw.

    Args:
        initializer: Any callable.

    Returns:
        An initializer, or None if the callable's `__call__` is not one of Keras'
        own classes', or the class here does not take its arguments.
    """
    known = classes()
    if type(initializer) in known:
        return counterpart(type(initializer), initializer)
    for cls in type(initializer).__mro__:
        if "__call__" in vars(cls):
            return counterpart(cls, initializer) if cls in known else None
    return None
