"""Sparse initialization: each unit begins with few connections."""

from __future__ import annotations

import math

from keras_inits import _checks
from keras_inits._types import Array, Integer, Interval, Key, Moments, Real, Seed, Shape
from keras_inits.engine import draws, streams
from keras_inits.engine.ops import Ops
from keras_inits.initializers.base import RandomInitializer
from keras_inits.initializers.lookup import listed


@listed()
class Sparse(RandomInitializer):
    """Entries follow `N(0, stddev**2)`, save a share that is exactly 0.

    `axis` names the axis of the units. Of the n weights that share a unit's index
    along it, `ceil(sparsity * n)` are 0, at places drawn for each unit apart. With
    the default, the last axis, each output unit of a Keras kernel has the same
    number of zeros among its incoming weights, as Martens has it. `axis=0` gives
    the zeros of `torch.nn.init.sparse_`, which counts them for each input unit of
    a dense kernel. Values and places both obey the seed.

    Args:
        sparsity: Share of zeros, a number in [0, 1].
        stddev: Standard deviation of the other entries, a finite number, 0 or
            above.
        axis: The axis of the units, an integer.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: If `sparsity` is outside [0, 1], `stddev` is negative or not
            finite, `axis` is out of range, or the rank is below 2.

    Reference:
        Martens 2010, "Deep learning via Hessian-free optimization", section 5.
    """

    def __init__(
        self,
        sparsity: Real = 0.1,
        stddev: Real = 0.01,
        axis: Integer = -1,
        seed: Seed = None,
    ) -> None:
        self.sparsity = _checks.check_real(
            "sparsity",
            sparsity,
            "a number in [0, 1]",
            lambda share: 0 <= share <= 1,
        )
        self.stddev = _checks.check_not_negative("stddev", stddev)
        self.axis = _checks.check_integer("axis", axis)
        super().__init__(seed=seed)

    def check_shape(self, shape: Shape) -> None:
        """Refuses vectors and shapes without the axis of the units."""
        _checks.check_rank(shape, range(2, 65))
        _checks.check_axes("axis", [self.axis], len(shape))

    def extent(self, shape: Shape) -> Interval:
        return draws.normal_extent(0.0, self.stddev)

    def moments(self, shape: Shape) -> Moments:
        zeros, weights = self._zeros(shape)
        return 0.0, self.stddev * math.sqrt(1.0 - zeros / max(1, weights))

    def _zeros(self, shape: Shape) -> tuple[int, int]:
        """How many zeros a unit has, and how many weights."""
        weights = math.prod(shape[: self.axis] + shape[self.axis :][1:])
        return math.ceil(self.sparsity * weights), weights

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        values = draws.normal(
            ops, key, shape, mean=0.0, stddev=self.stddev, dtype=dtype
        )
        axis = self.axis % len(shape)
        units = shape[axis]
        zeros, weights = self._zeros(shape)
        if not zeros or not units:
            return values
        order = draws.permutations(ops, streams.fold(key, "zeros"), units, weights)
        # The rank of a weight in its unit's random order: the first are 0.
        rank = ops.argsort(order, axis=1)
        others = shape[:axis] + shape[axis + 1 :]
        rank = ops.moveaxis(ops.reshape(rank, (units, *others)), 0, axis)
        return ops.where(rank < zeros, ops.full((), 0, dtype), values)
