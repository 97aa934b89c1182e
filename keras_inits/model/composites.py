"""Initializers that only a plan makes: they have no names and are never saved.

They stand for what Keras' layers do to one of their weights, and for
initializers that are not of this package.
"""

from typing import Any

import keras

from keras_inits import _errors
from keras_inits._types import Array, Key, Shape, Tensor
from keras_inits.engine import streams
from keras_inits.engine.ops import Ops
from keras_inits.initializers import callables
from keras_inits.initializers.base import Initializer


class Blocks(Initializer):
    """Initializers side by side along the last axis, each on a stream of its own.

    Args:
        parts: A list of `(initializer, length along the last axis)`.
    """

    def __init__(self, parts: list[tuple[Initializer, int]]) -> None:
        self.parts = parts

    def parts_of(self, shape: Shape) -> list[tuple[Initializer, Shape]]:
        return [(part, (*shape[:-1], length)) for part, length in self.parts]

    def compute(self, ops: Ops, key: Any, shape: Shape, dtype: str) -> Array:
        blocks = [
            part.values(ops, streams.fold(key, f"block {place}"), part_shape, dtype)
            for place, (part, part_shape) in enumerate(self.parts_of(shape))
        ]
        return ops.concatenate(blocks, axis=-1)

    def __repr__(self) -> str:
        return " | ".join(f"{part!r} x {length}" for part, length in self.parts)


class SquareRoot(Initializer):
    """The square root of what another initializer gives.

    Args:
        base: The other initializer.
    """

    def __init__(self, base: Initializer) -> None:
        self.base = base

    def parts_of(self, shape: Shape) -> list[tuple[Initializer, Shape]]:
        return [(self.base, shape)]

    def compute(self, ops: Ops, key: Any, shape: Shape, dtype: str) -> Array:
        return ops.cast(ops.sqrt(self.base.values(ops, key, shape, dtype)), dtype)

    def __repr__(self) -> str:
        return f"sqrt({self.base!r})"


class Foreign(Initializer):
    """An initializer of somebody else's, called with a shape and a dtype.

    It draws from the stream of its weight, see `callables`.

    Args:
        function: The initializer, a callable.
    """

    is_formula = False

    def __init__(self, function: Any) -> None:
        self.function = function

    def check_shape(self, shape: Shape) -> None:
        """Calls it once, there being no other way to ask."""
        key = streams.from_seed("a trial")
        self._values(key, shape, keras.config.floatx())

    def compute(self, ops: Ops, key: Any, shape: Shape, dtype: str) -> Array:
        return ops.from_tensor(self._values(key, shape, dtype), dtype)

    def values(self, ops: Ops, key: Any, shape: Shape, dtype: str) -> Array:
        return self.compute(ops, key, shape, dtype)

    def _values(self, key: Key | None, shape: Shape, dtype: str) -> Tensor:
        values = callables.draw(self.function, key, shape, dtype)
        found = tuple(getattr(values, "shape", ()))
        if found != shape:
            with _errors.named(repr(self)):
                _errors.raise_bad_value("shape", f"the shape {shape} asked for", found)
        return values

    def __repr__(self) -> str:
        named = getattr(self.function, "__name__", None)
        return named or f"{type(self.function).__name__}()"
