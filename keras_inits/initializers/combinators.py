"""Initializers made of another one: fused gates and padding rows."""

from __future__ import annotations

import copy
import math

import keras

from keras_inits import _checks, _errors
from keras_inits._types import (
    Array,
    Fans,
    InitializerLike,
    Integer,
    Key,
    Moments,
    Shape,
)
from keras_inits.engine import streams
from keras_inits.engine.ops import Ops
from keras_inits.initializers import lookup
from keras_inits.initializers.base import Initializer
from keras_inits.initializers.lookup import listed


class _Wrapper(Initializer):
    """Base of the initializers that hand the drawing to `inner`.

    Args:
        inner: An initializer of this package, its name or its config.
    """

    def __init__(self, inner: InitializerLike) -> None:
        found = lookup.find(inner, "inner")
        if not isinstance(found, Initializer):
            rule = "an initializer of keras_inits, its name or its config"
            _errors.raise_bad_value("inner", rule, inner)
        self.inner = found
        self.dtypes = found.dtypes

    @property
    def seed(self) -> int | keras.random.SeedGenerator | None:
        """The seed of `inner`, or None if it does not draw."""
        return getattr(self.inner, "seed", None)

    @property
    def given_seed(self) -> int | keras.random.SeedGenerator | None:
        """The seed that `inner` was made with, or None."""
        return self.inner.given_seed

    def parts_of(self, shape: Shape) -> list[tuple[Initializer, Shape]]:
        return [(self.inner, shape)]

    def drawn_fans(self, shape: Shape) -> Fans | None:
        """Those of `inner`."""
        [(inner, inner_shape)] = self.parts_of(shape)
        return inner.drawn_fans(inner_shape)

    def with_fans(self, fan_in: float, fan_out: float) -> Initializer:
        inner = self.inner.with_fans(fan_in, fan_out)
        if inner is self.inner:
            return self
        known = copy.copy(self)
        known.inner = inner
        return known

    def next_key(self) -> Key | None:
        """The key that `inner` would draw from."""
        return self.inner.next_key()

    @property
    def is_formula(self) -> bool:
        """Whether that holds for `inner` too; the parts are its values."""
        return super().is_formula and self.inner.is_formula


@listed()
class PerGate(_Wrapper):
    """A recurrent layer's fused kernel, each gate drawn as a matrix of its own.

    An LSTM keeps the kernels of its four gates side by side, `(in, 4 * units)`, a
    GRU those of its three. Drawn as one matrix they get the fan_out of four, and
    an orthogonal one is not orthogonal gate by gate. Here the last axis is cut
    into `gates` equal parts, and each is drawn by `inner` with its own fans from
    its own stream of the seed.

    Args:
        inner: The initializer of one gate: one of this package, its name or its
            config.
        gates: Number of gates, 1 or above: 4 for an LSTM, 3 for a GRU.

    Raises:
        ValueError: If `inner` is not such an initializer, `gates` is below 1, or
            `gates` does not divide the last axis.

    Reference:
        Jozefowicz, Zaremba, Sutskever 2015, "An empirical exploration of recurrent
        network architectures", for the gates,
        https://proceedings.mlr.press/v37/jozefowicz15.html
    """

    def __init__(self, inner: InitializerLike, gates: Integer = 4) -> None:
        super().__init__(inner)
        self.gates = _checks.check_integer("gates", gates, 1)

    def gate_shape(self, shape: Shape) -> Shape:
        """Shape of one gate's part."""
        return (*shape[:-1], shape[-1] // self.gates)

    def parts_of(self, shape: Shape) -> list[tuple[Initializer, Shape]]:
        return [(self.inner, self.gate_shape(shape))]

    def check_shape(self, shape: Shape) -> None:
        """Refuses what cannot be cut into the gates."""
        _checks.check_rank(shape, range(1, 65))
        if shape[-1] % self.gates:
            rule = f"a divisor of the last axis of shape {shape}"
            _errors.raise_bad_value("gates", rule, self.gates)

    def moments(self, shape: Shape) -> Moments | None:
        return self.inner.moments(self.gate_shape(shape))

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        parts, gate_shape = [], self.gate_shape(shape)
        for gate in range(self.gates):
            gate_key = None if key is None else streams.fold(key, f"gate {gate}")
            parts.append(self.inner.values(ops, gate_key, gate_shape, dtype))
        return ops.concatenate(parts, axis=-1)


@listed()
class ZeroRow(_Wrapper):
    """An embedding whose row `index` is zero, for the padding token.

    The other rows are those that `inner` draws for the whole table. Training
    moves the row like any other unless the layer masks it.

    Args:
        inner: The initializer of the table: one of this package, its name or its
            config.
        index: The row, an integer; negative ones count from the end.

    Raises:
        ValueError: If `inner` is not such an initializer, `index` is not an
            integer or out of range, or the shape is a scalar's.

    Reference:
        `torch.nn.Embedding(padding_idx=...)`.
    """

    def __init__(self, inner: InitializerLike, index: Integer = 0) -> None:
        super().__init__(inner)
        self.index = _checks.check_integer("index", index)

    def check_shape(self, shape: Shape) -> None:
        """Refuses a table without the row."""
        _checks.check_rank(shape, range(1, 65))
        if not -shape[0] <= self.index < shape[0]:
            rule = f"a row of a table of shape {shape}"
            _errors.raise_bad_value("index", rule, self.index)

    def moments(self, shape: Shape) -> Moments | None:
        inner = self.inner.moments(shape)
        if inner is None:
            return None
        mean, stddev = inner
        share = 1.0 - 1.0 / shape[0]
        square = share * (stddev * stddev + mean * mean)
        return share * mean, math.sqrt(square - share * share * mean * mean)

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        table = self.inner.values(ops, key, shape, dtype)
        row = ops.equal(ops.arange(shape[0]), self.index % shape[0])
        row = ops.reshape(row, (shape[0],) + (1,) * (len(shape) - 1))
        return ops.where(row, ops.zeros_like(table), table)
