"""Quantile tables: from a half-word to a normal deviate, in integers.

The normal distribution, truncated to `[lower, upper]` or not, is split at its median. A
half-word `h`, read as a signed integer and made odd, chooses the side by its
sign, and by its magnitude m the probability v = m / 2**31 of that side that
lies further out. Converted to float32, m falls into one of `SEGMENTS` equal
parts of an octave, finer toward the tail, and the rest of its mantissa is the
position in that part:

    integer = base[segment] + (slope[segment] * position + half) >> POSITION_BITS
    deviate = integer * unit

`unit` is the power of two for which every integer fits in 24 bits, so float32
holds it exactly and one multiplication, rounded once, makes it a deviate of the
wanted standard deviation. The tables interpolate the quantile function linearly; for
the untruncated distribution the error is below 1e-6 and the range +-6.23.

Reference:
    Cheung, Lee, Luk, Villasenor 2007, "Hardware generation of arbitrary random
    number distributions from uniform distributions via the inversion method", for
    the hierarchical segments, https://doi.org/10.1109/TVLSI.2007.900748
"""

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from keras_inits._errors import raise_bad_value
from keras_inits._types import Array, Host
from keras_inits.engine import normal

if TYPE_CHECKING:  # `ops` imports this file
    from keras_inits.engine.ops import Ops

OCTAVES = 32  # magnitudes 1 to 2**31, each octave's first one included
SEGMENT_BITS = 9
SEGMENTS = 1 << SEGMENT_BITS
POSITION_BITS = 23 - SEGMENT_BITS  # float32 has 23 mantissa bits
POSITION_MASK = (1 << POSITION_BITS) - 1
EXPONENT_BIAS = 127 << SEGMENT_BITS
SIDE = OCTAVES * SEGMENTS
SIGN_BIT = 1 << (8 + SEGMENT_BITS)  # float32 has 8 exponent bits
INTEGER_BITS = 24


class Table(NamedTuple):
    """A distribution in integers. `base` and `slope` are int32, indexed by segment.

    The index is a float32's sign, exponent and leading mantissa bits as they
    stand, less the bias, so the sides lie `SIGN_BIT` entries apart.
    """

    base: Host
    slope: Host
    unit: float
    bounds: tuple[float, float]
    reach: tuple[int, int]  # no integer is below the first or above the second


def _side(
    tail_cdf: float, tail_sf: float, half: float, sign: float
) -> tuple[Host, Host]:
    """Quantiles at the segments' edges of one side, the tail first.

    Returns `(segments, quantiles)`. In the low octaves a magnitude, an integer, can
    reach only some of the segments; the others are left out.
    """
    octave, part = np.divmod(np.arange((OCTAVES - 1) * SEGMENTS + 1), SEGMENTS)
    reached = part % np.maximum(1, SEGMENTS >> octave) == 0
    octave, part = octave[reached], part[reached]
    share = half * np.ldexp(1.0 + part / SEGMENTS, octave - 31)
    below = tail_cdf - sign * share
    above = tail_sf + sign * share
    value = normal.lower_quantile(np.minimum(below, above))
    return np.flatnonzero(reached), np.where(below < above, value, -value)


@functools.lru_cache(maxsize=16)
def table(lower: float = -math.inf, upper: float = math.inf) -> Table:
    """The table of N(0, 1) truncated to [lower, upper].

    Raises:
        ArithmeticError: If the interval is so far out or so narrow that double
            precision or 24-bit integers cannot resolve it.
    """
    half = 0.5 * normal.mass(lower, upper)
    if half < 1e-290:
        raise ArithmeticError("its probability is below 1e-290")
    segments, above = _side(normal.cdf(upper), normal.cdf(-upper), half, 1.0)
    if lower == -upper:
        below = -above
    else:
        _, below = _side(normal.cdf(lower), normal.cdf(-lower), half, -1.0)
    reach = float(max(np.abs(above).max(), np.abs(below).max()))
    fraction, exponent = math.frexp(reach)
    unit = math.ldexp(1.0, exponent - (fraction == 0.5) - INTEGER_BITS)
    least = math.ceil(max(lower, -reach) / unit)
    most = math.floor(min(upper, reach) / unit)
    if least >= most:
        raise ArithmeticError("it has no room for two 24-bit values")
    base = np.zeros(SIGN_BIT + SIDE, np.int32)
    slope = np.zeros_like(base)
    for start, values in ((0, above), (SIGN_BIT, below)):
        nodes = base[start : start + SIDE]
        nodes[segments] = np.clip(np.rint(values / unit), least, most)
        # Where segments were left out, no magnitude has a position either.
        first = SEGMENT_BITS * SEGMENTS
        last = (OCTAVES - 1) * SEGMENTS
        rise = np.diff(nodes[first : last + 1])
        slope[start + first : start + last] = rise
    base.flags.writeable = slope.flags.writeable = False
    return Table(base, slope, unit, (lower, upper), (least, most))


def check_interval(argument: str, value: object, lower: float, upper: float) -> None:
    """Refuses an end, which `argument` gives, of an interval without a table."""
    try:
        table(lower, upper)
    except ArithmeticError as error:
        rule = f"the end of an interval of some probability ({error})"
        raise_bad_value(argument, rule, value)


@functools.lru_cache(maxsize=16)
def _compact(lower: float, upper: float) -> tuple[Host, Host]:
    found = table(lower, upper)
    sides = (slice(0, SIDE), slice(SIGN_BIT, SIGN_BIT + SIDE))
    base, slope = (
        np.concatenate([x[side] for side in sides]) for x in (found.base, found.slope)
    )
    return base, slope


def compact(table: Table) -> tuple[Host, Host]:
    """`(base, slope)` of a table without the room between its two sides."""
    return _compact(*table.bounds)


def deviates(ops: "Ops", half_words: Array, table: Table) -> Array:
    """Half-words to deviates in units of `table.unit`, as 24-bit integers."""
    bits = ops.bitcast(ops.cast(ops.bitwise_or(half_words, 1), "float32"), "int32")
    integers, slope = ops.look_up(table, bits)
    slope *= ops.bitwise_and(bits, POSITION_MASK)
    slope += 1 << (POSITION_BITS - 1)
    integers += ops.right_shift(slope, POSITION_BITS)
    return integers
