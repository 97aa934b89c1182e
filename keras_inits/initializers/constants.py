"""Fixed values: zeros, ones, a constant or an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_inits import _arrays, _checks, _convert, _errors
from keras_inits._types import Array, Constants, Host, Interval, Key, Shape
from keras_inits.engine.ops import Ops
from keras_inits.initializers.base import Initializer
from keras_inits.initializers.lookup import listed


@listed("zero")
class Zeros(Initializer, keras.initializers.Zeros):
    """Every entry is 0.

    Every unit of a layer whose kernel is zero computes the same and gets the
    same gradient, so the units never come apart: right for biases, wrong for
    kernels.

    Reference:
        `keras.initializers.Zeros`, `torch.nn.init.zeros_`.
    """

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        return ops.full(shape, 0, dtype)


@listed("one")
class Ones(Initializer, keras.initializers.Ones):
    """Every entry is 1.

    Reference:
        `keras.initializers.Ones`, `torch.nn.init.ones_`.
    """

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        return ops.full(shape, 1, dtype)


@listed()
class Constant(Initializer, keras.initializers.Constant):
    """Every entry is `value`, or the entries are those of the array `value`.

    Args:
        value: A finite number, or an array (nested lists too) that broadcasts to
            the shape asked for. Cast to the dtype asked for.

    Raises:
        ValueError: If a value is not a finite number, or if the array does not
            broadcast to the shape.

    Reference:
        `keras.initializers.Constant`, `torch.nn.init.constant_`.
    """

    def __init__(self, value: Constants | Mapping[str, Any] = 0.0) -> None:
        rule = "a finite number or an array of them"
        value = _checks.deserialize("value", rule, value)
        found = _convert.number(value)
        # A copy, so that what the caller does to the array later changes nothing.
        array = _arrays.finite_array_of(value if found is None else found)
        if array is None:
            _errors.raise_bad_value("value", rule, value, _checks.traced_hint(value))
        self.value: float | Host = (
            array if array.ndim else array.item() if found is None else found
        )

    def check_shape(self, shape: Shape) -> None:
        """Refuses a shape to which the array does not broadcast."""
        found = np.shape(self.value)
        try:
            fits = np.broadcast_shapes(found, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            rule = f"one to which `value` of shape {found} broadcasts"
            _errors.raise_bad_value("shape", rule, shape)

    def extent(self, shape: Shape) -> Interval | None:
        if not isinstance(self.value, np.ndarray):
            return self.value, self.value
        return (self.value.min(), self.value.max()) if self.value.size else None

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        if np.ndim(self.value) == 0:
            return ops.full(shape, self.value, dtype)
        return ops.cast(np.broadcast_to(self.value, shape).copy(), dtype)
