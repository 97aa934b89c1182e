"""From words to values: the distributions that initializers draw from.

Each function states one distribution, `value = offset + scale * integer`, where the
integer comes from a half-word exactly and the product is rounded once. An
offset adds a second rounding; between the two stands a clamp, for two reasons:
a compiler must not fuse them into one rounding, and the sum must not leave the
interval. `ops` runs the formula: `HostOps` at once, in NumPy.
"""

import functools
import math
from typing import Any

import numpy as np

from keras_inits._errors import raise_error
from keras_inits._types import Array, Formula, Interval, Key, Shape
from keras_inits.engine import quantile
from keras_inits.engine.host import numpy_dtype
from keras_inits.engine.ops import Ops


def _representable(dtype: str, low: float, high: float, high_is_open: bool) -> Interval:
    """The least and the largest number of `dtype` inside the interval."""
    kind = numpy_dtype(dtype)
    down, up = kind.type(-math.inf), kind.type(math.inf)
    with np.errstate(over="ignore"):
        least, most = kind.type(low), kind.type(high)
    if float(least) < low or np.isinf(least):
        least = np.nextafter(least, up)
    if float(most) > high or np.isinf(most) or (high_is_open and float(most) >= high):
        most = np.nextafter(most, down)
    if not least <= most:
        raise_error(
            f"No {dtype} number lies between {low!r} and {high!r}. Give a wider "
            "interval or a wider dtype."
        )
    return float(least), float(most)


def _clamp(work: type[Any], offset: float, least: float, most: float) -> Interval:
    """The widest [low, high] for which `offset + [low, high]` stays inside."""
    offset, least, most = work(offset), work(least), work(most)
    low, high = work(least - offset), work(most - offset)
    while work(offset + high) > most:
        high = np.nextafter(high, work(-math.inf))
    while work(offset + low) < least:
        low = np.nextafter(low, work(math.inf))
    return low, high


def _draw(
    ops: Ops,
    key: Key,
    shape: Shape,
    dtype: str,
    integers: Formula,
    scale: float,
    offset: float,
    clamp: Interval | None,
    narrow: Interval | None = None,
) -> Array:
    """Values `offset + clamp(scale * integers(half_words))`, in `dtype`.

    `clamp` bounds the product and `narrow` the value before it is rounded to a
    16-bit dtype; each is a pair or None.
    """
    work = "float64" if dtype == "float64" else "float32"
    scale, offset = (numpy_dtype(work).type(x) for x in (scale, offset))

    def formula(half_words: Array) -> Array:
        values = ops.cast(integers(half_words), work)
        values *= scale
        if clamp is not None:
            values = ops.clip(values, *clamp)
        if offset != 0:
            values += offset
        if narrow is not None:
            values = ops.clip(values, *narrow)
        return values

    return ops.generate(key, shape, dtype, formula)


@functools.lru_cache(maxsize=1024)
def _bounds(
    dtype: str,
    reach: tuple[int, int],
    scale: float,
    offset: float,
    low: float,
    high: float,
    is_open: bool,
) -> tuple[Interval | None, Interval | None]:
    """`clamp` and `narrow` of a draw that stays in an interval.

    `reach` has the least and the largest of the integers: where they show that
    no product leaves the interval, none is clamped.
    """
    wide = "float64" if dtype == "float64" else "float32"
    work = numpy_dtype(wide).type
    ends = _clamp(work, offset, *_representable(wide, low, high, is_open))
    least, most = (work(integer) * work(scale) for integer in reach)
    stays = offset == 0 and ends[0] <= least and most <= ends[1]
    narrow = None
    if dtype not in ("float32", "float64"):
        narrow = tuple(map(work, _representable(dtype, low, high, is_open)))
    return None if stays else ends, narrow


@functools.lru_cache(maxsize=1024)
def check_interval(dtype: str, low: float, high: float, high_is_open: bool) -> None:
    """Refuses an interval that holds no number of `dtype`."""
    _representable(dtype, low, high, high_is_open)


def normal_extent(
    mean: float, stddev: float, bounds: Interval = (-math.inf, math.inf)
) -> Interval:
    """The least and the largest value of a normal distribution, truncated at `bounds`.

    `bounds` are in standard deviations from the mean.
    """
    table = quantile.table(*bounds)
    low, high = (mean + integer * table.unit * stddev for integer in table.reach)
    return low, high


def uniform(
    ops: Ops, key: Key, shape: Shape, *, low: float, high: float, dtype: str
) -> Array:
    """The uniform distribution on [low, high), in 2**24 equal steps.

    The upper 25 bits of the half-word, as a signed integer made odd, are an odd
    k in (-2**24, 2**24):

        value = (low + high) / 2 + k * (high - low) / 2**25
    """
    middle = low / 2 + high / 2
    scale = math.ldexp(high / 2 - low / 2, -24)

    def integers(half_words: Array) -> Array:
        return ops.bitwise_or(ops.right_shift(half_words, 7), 1)

    reach = (1 - 2**24, 2**24 - 1)
    bounds = _bounds(dtype, reach, scale, middle, low, high, True)
    return _draw(ops, key, shape, dtype, integers, scale, middle, *bounds)


def normal(
    ops: Ops, key: Key, shape: Shape, *, mean: float, stddev: float, dtype: str
) -> Array:
    """N(mean, stddev**2), within 6.23 standard deviations of the mean."""
    table = quantile.table()
    work = numpy_dtype("float64" if dtype == "float64" else "float32").type
    barrier = work(8.0 * stddev)  # never reached: it only keeps two roundings apart
    clamp = None if mean == 0 else (-barrier, barrier)
    integers = functools.partial(quantile.deviates, ops, table=table)
    return _draw(ops, key, shape, dtype, integers, stddev * table.unit, mean, clamp)


def truncated_normal(
    ops: Ops,
    key: Key,
    shape: Shape,
    mean: float,
    stddev: float,
    bounds: Interval,
    limits: Interval,
    *,
    dtype: str,
) -> Array:
    """N(mean, stddev**2) given that it lies in an interval.

    Its ends are given twice: `bounds` in standard deviations from the mean, which
    choose the table, and `limits` as the values that no draw may pass. `stddev`
    is that before the truncation.
    """
    table = quantile.table(*bounds)
    scale = stddev * table.unit
    both = _bounds(dtype, table.reach, scale, mean, *limits, False)
    integers = functools.partial(quantile.deviates, ops, table=table)
    return _draw(ops, key, shape, dtype, integers, scale, mean, *both)


def permutations(ops: Ops, key: Key, count: int, length: int) -> Array:
    """`count` independent permutations of `range(length)`, a row each.

    A row orders its half-words by value, equal ones by position.
    """
    keys = ops.generate(key, (count, length), "int32", lambda half_words: half_words)
    return ops.permutations(keys)
