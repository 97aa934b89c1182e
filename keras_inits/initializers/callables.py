"""Draws by anybody's code, made to follow a given stream.

Keras takes any callable `(shape, dtype=None)` for an initializer. Where a weight
is drawn by its address, what such a callable returns must depend on that alone,
wherever its randomness comes from:

- initializers of this package and of Keras, however deeply nested, draw from the
  stream (`streams.drawing_from`, `keras_own`);
- so do seed generators, Keras' global one included;
- integer seeds and NumPy's generators in attributes, closures and arguments are
  replaced in a copy of the callable;
- the global states of Python's `random`, NumPy and the backend are seeded for the
  call and restored after it.

A seed that is written into the code stays out of reach; `remark` finds out by
drawing again.
"""

import contextlib
import copy
import functools
import itertools
import random
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from keras_inits import _backend
from keras_inits._types import Host, InitializerFunction, Key, Shape, Tensor
from keras_inits.engine import streams
from keras_inits.initializers import keras_own

# The state of these is the model's business, and no seed sits in them.
KEPT = (type, types.ModuleType, keras.layers.Layer, keras.Variable)


def draw(
    function: InitializerFunction, key: Key | None, shape: Shape, dtype: str
) -> Tensor:
    """What a callable returns for a shape and dtype on the stream of `key`.

    Args:
        function: The callable, with the signature `(shape, dtype=None)`.
        key: Key of a stream, or None to leave all randomness as it is.
        shape: A tuple of integers.
        dtype: Name of a dtype.

    Returns:
        A tensor of the backend.
    """
    if key is None:
        return function(shape, dtype=dtype)
    seeds = (streams.fold(key, f"seed {i}")[0] % 2**31 for i in itertools.count())
    with (
        streams.drawing_from(key),
        keras_own.drawn_here(),
        _backend.seeded(next(seeds)),
    ):
        return _Reseeded(seeds).of(function)(shape, dtype=dtype)


class _Reseeded:
    """Copies of callables in which every seed that can be reached is another.

    Args:
        seeds: Iterator over integers.
    """

    def __init__(self, seeds: Iterator[int]) -> None:
        self.seeds = seeds
        self.copies: dict[
            int, tuple[Any, Any]
        ] = {}  # id -> the original, which keeps its id, and its copy

    def of(self, value: Any) -> Any:
        """The copy, or the value itself where nothing is to be replaced."""
        if id(value) not in self.copies:
            self.copies[id(value)] = value, value  # for a cycle that leads back here
            self.copies[id(value)] = value, self._copy(value)
        return self.copies[id(value)][1]

    def _copy(self, value: Any) -> Any:
        if isinstance(value, KEPT):
            return value
        if isinstance(value, np.random.Generator):
            kind = type(value.bit_generator)
            return np.random.Generator(kind(next(self.seeds)))
        if isinstance(value, (np.random.RandomState, random.Random)):
            return type(value)(next(self.seeds))
        if type(value) in (list, tuple):
            entries = type(value)(map(self.of, value))
            return entries if _differ(entries, value) else value
        if type(value) is dict:
            changed = self._changed(value)
            return {**value, **changed} if changed else value
        if isinstance(value, functools.partial):
            made = functools.partial(
                self.of(value.func), *map(self.of, value.args), **value.keywords
            )
            made.keywords.update(self._changed(value.keywords))
            return made
        if isinstance(value, types.MethodType):
            return types.MethodType(value.__func__, self.of(value.__self__))
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if callable(value) and hasattr(value, "__dict__"):
            changed = self._changed(vars(value))
            made = copy.copy(value) if changed else value
            vars(made).update(changed)  # past a `__setattr__` that would track it
            return made
        return value

    def _changed(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Those entries of a mapping from names to values that are others now."""
        changed = {}
        for name, value in named.items():
            is_seed = isinstance(name, str) and name.lower().endswith("seed")
            # None is a seed too, a fresh one; a bool, which is an int, is none.
            if is_seed and (value is None or type(value) is int):
                new = next(self.seeds)
            else:
                new = self.of(value)
            if new is not value:
                changed[name] = new
        return changed

    def _function(self, function: types.FunctionType) -> types.FunctionType:
        code = function.__code__
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        contents = {}
        for name, cell in cells.items():
            with contextlib.suppress(ValueError):  # a cell that is still empty
                contents[name] = cell.cell_contents
        defaults = function.__defaults__ or ()
        names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
        by_place = dict(zip(names, defaults, strict=True))
        by_name = function.__kwdefaults__ or {}
        inside, placed, keywords = map(self._changed, (contents, by_place, by_name))
        if not (inside or placed or keywords):
            return function
        cells.update({name: types.CellType(value) for name, value in inside.items()})
        made = types.FunctionType(
            code,
            function.__globals__,
            function.__name__,
            tuple({**by_place, **placed}.values()),
            tuple(cells.values()),
        )
        made.__kwdefaults__ = {**by_name, **keywords}
        vars(made).update(vars(function))
        return made


def _differ(entries: Iterable[object], others: Iterable[object]) -> bool:
    return any(one is not other for one, other in zip(entries, others, strict=True))


def remark(drawn: Host, draw_from: Callable[[Key], Host], key: Key) -> str:
    """What there is to know of values that a callable returned, or nothing.

    Args:
        drawn: The values, an array, drawn from `key`.
        draw_from: Function from a key to such values.
        key: The key.

    Returns:
        A text.
    """
    if not _equal(drawn, draw_from(key)):
        return "differs from call to call"
    if drawn.size and np.all(drawn == drawn.flat[0]):
        return ""
    if _equal(drawn, draw_from(streams.fold(key, "another seed"))):
        return "the same for every seed"
    return ""


def _equal(one: Host, other: Host) -> bool:
    return one.tobytes() == other.tobytes()
