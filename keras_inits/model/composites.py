"""Initializers that only a plan makes: they have no names and are never saved.

They stand for what Keras' layers do to one of their weights, and for
initializers that are not of this package.
"""

import keras

from keras_inits import _errors
from keras_inits.engine import streams
from keras_inits.initializers import callables
from keras_inits.initializers.base import Initializer


class Blocks(Initializer):
    """Initializers side by side along the last axis, each on a stream of its own.

    Args:
        parts: A list of `(initializer, length along the last axis)`.
    """

    def __init__(self, parts):
        self.parts = parts

    def parts_of(self, shape):
        return [(part, (*shape[:-1], length)) for part, length in self.parts]

    def compute(self, ops, key, shape, dtype):
        blocks = [
            part.values(ops, streams.fold(key, f"block {place}"), part_shape, dtype)
            for place, (part, part_shape) in enumerate(self.parts_of(shape))
        ]
        return ops.concatenate(blocks, axis=-1)

    def __repr__(self):
        return " | ".join(f"{part!r} x {length}" for part, length in self.parts)


class SquareRoot(Initializer):
    """The square root of what another initializer gives.

    Args:
        base: The other initializer.
    """

    def __init__(self, base):
        self.base = base

    def parts_of(self, shape):
        return [(self.base, shape)]

    def compute(self, ops, key, shape, dtype):
        return ops.cast(ops.sqrt(self.base.values(ops, key, shape, dtype)), dtype)

    def __repr__(self):
        return f"sqrt({self.base!r})"


class Foreign(Initializer):
    """An initializer of somebody else's, called with a shape and a dtype.

    It draws from the stream of its weight, see `callables`.

    Args:
        function: The initializer, a callable.
    """

    is_formula = False

    def __init__(self, function):
        self.function = function

    def check_shape(self, shape):
        """Calls it once, there being no other way to ask."""
        key = streams.from_seed("a trial")
        self._values(key, shape, keras.config.floatx())

    def compute(self, ops, key, shape, dtype):
        return ops.from_tensor(self._values(key, shape, dtype), dtype)

    def values(self, ops, key, shape, dtype):
        return self.compute(ops, key, shape, dtype)

    def _values(self, key, shape, dtype):
        values = callables.draw(self.function, key, shape, dtype)
        found = tuple(getattr(values, "shape", ()))
        if found != shape:
            with _errors.named(repr(self)):
                _errors.raise_bad_value("shape", f"the shape {shape} asked for", found)
        return values

    def __repr__(self):
        named = getattr(self.function, "__name__", None)
        return named or f"{type(self.function).__name__}()"
