"""Random initializers whose spread is given outright.

Entries are independent. `scaling` has those whose spread follows the fans.
"""

from __future__ import annotations

import abc
import math
from typing import Any

import keras

from keras_inits import _checks, _errors
from keras_inits._types import Array, Interval, Key, Moments, Real, Seed, Shape
from keras_inits.engine import draws, normal, quantile
from keras_inits.engine.ops import Ops
from keras_inits.initializers.base import RandomInitializer
from keras_inits.initializers.lookup import listed


@listed("uniform")
class RandomUniform(RandomInitializer, keras.initializers.RandomUniform):
    """Entries uniform on `[minval, maxval)`.

    Args:
        minval: Lower bound, a finite number.
        maxval: Upper bound, a finite number above `minval`, never drawn.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: If a bound is not finite, `minval >= maxval`, or no number of
            the dtype lies between them.

    Reference:
        `keras.initializers.RandomUniform`, `torch.nn.init.uniform_`.
    """

    def __init__(
        self, minval: Real = -0.05, maxval: Real = 0.05, seed: Seed = None
    ) -> None:
        self.minval = _checks.check_real("minval", minval)
        self.maxval = _checks.check_real("maxval", maxval)
        _checks.check_less("minval", self.minval, "maxval", self.maxval)
        super().__init__(seed=seed)

    def check_dtype(self, shape: Shape, dtype: str) -> None:
        """Refuses a dtype that has no number in the interval, or not all of it."""
        draws.check_interval(dtype, self.minval, self.maxval, True)
        super().check_dtype(shape, dtype)

    def extent(self, shape: Shape) -> Interval:
        return self.minval, self.maxval

    def moments(self, shape: Shape) -> Moments:
        width = self.maxval - self.minval
        return self.minval + width / 2, width / math.sqrt(12.0)

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        return draws.uniform(
            ops, key, shape, low=self.minval, high=self.maxval, dtype=dtype
        )


@listed("normal")
class RandomNormal(RandomInitializer, keras.initializers.RandomNormal):
    """Entries follow `N(mean, stddev**2)`.

    Args:
        mean: Mean, a finite number.
        stddev: Standard deviation, a finite number, 0 or above.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: If an argument is not finite or `stddev` is negative.

    Reference:
        `keras.initializers.RandomNormal`, `torch.nn.init.normal_`.
    """

    def __init__(
        self, mean: Real = 0.0, stddev: Real = 0.05, seed: Seed = None
    ) -> None:
        self.mean = _checks.check_real("mean", mean)
        self.stddev = _checks.check_not_negative("stddev", stddev)
        super().__init__(seed=seed)

    def extent(self, shape: Shape) -> Interval:
        return draws.normal_extent(self.mean, self.stddev)

    def moments(self, shape: Shape) -> Moments:
        return self.mean, self.stddev

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        return draws.normal(
            ops, key, shape, mean=self.mean, stddev=self.stddev, dtype=dtype
        )


class _Truncated(RandomInitializer):
    """Base of the normal distributions that are truncated to an interval."""

    mean: float
    stddev: float  # before the truncation

    @abc.abstractmethod
    def interval(self) -> tuple[Interval, Interval]:
        """The interval's ends in standard deviations from the mean, and as values."""

    def check_interval(self, low: tuple[str, Any], high: tuple[str, Any]) -> None:
        """Refuses an empty interval, and one that cannot be drawn from.

        `low` and `high` are the arguments that set the ends, as `(name, value)`.
        """
        (lower, upper), _ = self.interval()
        if not lower < upper:
            if f"{low[0]} {high[0]}" in ("lower upper", "minval maxval", "a b"):
                _checks.check_less(*low, *high)
            rule = f"below the upper end, {upper} standard deviations from the mean"
            _errors.raise_bad_value(low[0], rule, low[1])
        quantile.check_interval(*low, lower, upper)

    def check_dtype(self, shape: Shape, dtype: str) -> None:
        """Refuses a dtype that has no number in the interval, or not all of it."""
        draws.check_interval(dtype, *self.interval()[1], False)
        super().check_dtype(shape, dtype)

    def extent(self, shape: Shape) -> Interval:
        return draws.normal_extent(self.mean, self.stddev, self.interval()[0])

    def moments(self, shape: Shape) -> Moments:
        mean, stddev = normal.truncated_moments(*self.interval()[0])
        return self.mean + mean * self.stddev, stddev * self.stddev

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        return draws.truncated_normal(
            ops, key, shape, self.mean, self.stddev, *self.interval(), dtype=dtype
        )


@listed()
class TruncatedNormal(_Truncated, keras.initializers.TruncatedNormal):
    """Entries follow `N(mean, stddev**2)`, given that they lie in an interval.

    The interval is `[mean + lower * stddev, mean + upper * stddev]`; an absolute
    `minval` or `maxval` takes the place of its lower or upper end. `stddev` is
    that before the truncation: at two standard deviations 0.8796 of it is left.
    Nothing is drawn twice, and no value lies outside.

    Args:
        mean: Mean before the truncation, a finite number.
        stddev: Standard deviation before the truncation, a finite number above 0.
        seed: See `RandomInitializer`.
        lower: Lower end in standard deviations from the mean, or None for none.
        upper: Upper end in standard deviations from the mean, or None for none.
        minval: Lower end as an absolute value, or None.
        maxval: Upper end as an absolute value, or None.

    Raises:
        ValueError: If an argument is not a finite number, `stddev` is not
            positive, the interval is empty, so narrow or so far out that 24-bit
            integers or double precision cannot resolve it, or holds no number of
            the dtype, or an end is given in both ways.

    Reference:
        `keras.initializers.TruncatedNormal`; `jax.nn.initializers
        .truncated_normal` for ends in standard deviations;
        `torch.nn.init.trunc_normal_` for absolute ones.
    """

    def __init__(
        self,
        mean: Real = 0.0,
        stddev: Real = 0.05,
        seed: Seed = None,
        *,
        lower: Real | None = -2.0,
        upper: Real | None = 2.0,
        minval: Real | None = None,
        maxval: Real | None = None,
    ) -> None:
        self.mean = _checks.check_real("mean", mean)
        self.stddev = _checks.check_positive("stddev", stddev)
        self.lower = _checks.check_real_or_none("lower", lower)
        self.upper = _checks.check_real_or_none("upper", upper)
        self.minval = _checks.check_real_or_none("minval", minval)
        self.maxval = _checks.check_real_or_none("maxval", maxval)
        for end, absolute, default in (("lower", minval, -2.0), ("upper", maxval, 2.0)):
            value = getattr(self, end)
            if absolute is not None and value not in (None, default):
                other = "minval" if end == "lower" else "maxval"
                rule = f"left out where `{other}` is given"
                _errors.raise_bad_value(end, rule, value)
        self.check_interval(
            ("lower", self.lower) if minval is None else ("minval", self.minval),
            ("upper", self.upper) if maxval is None else ("maxval", self.maxval),
        )
        super().__init__(seed=seed)

    def interval(self) -> tuple[Interval, Interval]:
        """The interval's ends in standard deviations from the mean, and as values."""
        lower = -math.inf if self.lower is None else float(self.lower)
        upper = math.inf if self.upper is None else float(self.upper)
        low = self.mean + lower * self.stddev
        high = self.mean + upper * self.stddev
        if self.minval is not None:
            low = self.minval
            lower = (low - self.mean) / self.stddev
        if self.maxval is not None:
            high = self.maxval
            upper = (high - self.mean) / self.stddev
        return (lower, upper), (low, high)


@listed()
class TruncNormal(_Truncated):
    """PyTorch's truncated normal: `N(mean, std**2)` given `a <= value <= b`.

    The bounds are absolute: with `std=0.02` and the default bounds nothing is
    truncated. `TruncatedNormal` has bounds in standard deviations.

    Args:
        mean: Mean before the truncation, a finite number.
        std: Standard deviation before the truncation, a finite number above 0.
        a: Lower bound, a finite number.
        b: Upper bound, a finite number above `a`.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: If an argument is not a finite number, `std` is not positive,
            `a >= b`, or the interval is so narrow or so far out that 24-bit
            integers or double precision cannot resolve it, or holds no number of
            the dtype.

    Reference:
        `torch.nn.init.trunc_normal_`.
    """

    def __init__(
        self,
        mean: Real = 0.0,
        std: Real = 1.0,
        a: Real = -2.0,
        b: Real = 2.0,
        seed: Seed = None,
    ) -> None:
        self.mean = _checks.check_real("mean", mean)
        self.std = self.stddev = _checks.check_positive("std", std)
        self.a = _checks.check_real("a", a)
        self.b = _checks.check_real("b", b)
        self.check_interval(("a", self.a), ("b", self.b))
        super().__init__(seed=seed)

    def interval(self) -> tuple[Interval, Interval]:
        """The interval's ends in standard deviations from the mean, and as values."""
        lower = (self.a - self.mean) / self.std
        upper = (self.b - self.mean) / self.std
        return (lower, upper), (self.a, self.b)
