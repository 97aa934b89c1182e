"""Quantile tables: from a half-word to a normal deviate, in integers.

The normal law, cut to `[lower, upper]` or whole, is split at its median. A
half-word `h`, read as a signed integer and made odd, chooses the side by its
sign, and by its magnitude m the probability v = m / 2**31 of that side that
lies further out. Converted to float32, m falls into one of `SEGMENTS` equal
parts of an octave, finer toward the tail, and the rest of its mantissa is the
position in that part:

    integer = base[segment] + (slope[segment] * position + half) >> POSITION_BITS
    deviate = integer * unit

`unit` is the power of two for which every integer fits in 24 bits, so float32
holds it exactly and one multiplication, rounded once, makes it a deviate of the
wanted deviation. The tables interpolate the quantile function linearly; for the
whole normal law the error is below 1e-6 and the range +-6.23.

Reference:
    Cheung, Lee, Luk, Villasenor 2007, "Hardware generation of arbitrary random
    number distributions from uniform distributions via the inversion method", for
    the hierarchical segments, https://doi.org/10.1109/TVLSI.2007.900748
"""

import functools
import math
import statistics
from typing import NamedTuple

import numpy as np

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
    """A law in integers. `base` and `slope` are int32, indexed by segment.

    The index is a float32's sign, exponent and leading mantissa bits as they
    stand, less the bias, so the sides lie `SIGN_BIT` entries apart.
    """

    base: np.ndarray
    slope: np.ndarray
    unit: float
    bounds: tuple[float, float]
    reach: tuple[int, int]  # no integer is below the first or above the second


def cdf(x):
    """P(z <= x) for z ~ N(0, 1), accurate in the lower tail."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def mass(lower, upper):
    """P(lower <= z <= upper) for z ~ N(0, 1), accurate in both tails."""
    if lower > 0:
        return cdf(-lower) - cdf(-upper)
    return cdf(upper) - cdf(lower)


def density(x):
    """Density of N(0, 1) at x."""
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def truncated_stddev(lower, upper):
    """Standard deviation of N(0, 1) cut to the finite interval [lower, upper].

    With Z = P(lower <= z <= upper), phi the density and

        mean     = (phi(lower) - phi(upper)) / Z
        variance = 1 + (lower phi(lower) - upper phi(upper)) / Z - mean**2

    Reference:
        Johnson, Kotz, Balakrishnan 1994, "Continuous univariate distributions"
        volume 1, 2nd edition, chapter 13, on truncated normal distributions.
    """
    total = mass(lower, upper)
    mean = (density(lower) - density(upper)) / total
    spread = (lower * density(lower) - upper * density(upper)) / total
    return math.sqrt(1.0 + spread - mean * mean)


def _side(tail_cdf, tail_sf, half, sign):
    """Quantiles at the segments' edges of one side, the tail first.

    Yields `(segment, quantile)`. In the low octaves a magnitude, an integer, can
    reach only some of the segments; the others are left out.
    """
    inverse = statistics.NormalDist().inv_cdf
    for octave in range(OCTAVES):
        step = max(1, SEGMENTS >> octave)
        stop = SEGMENTS if octave < OCTAVES - 1 else 1
        for part in range(0, stop, step):
            share = half * math.ldexp(1.0 + part / SEGMENTS, octave - 31)
            below = tail_cdf - sign * share
            above = tail_sf + sign * share
            value = inverse(below) if below < above else -inverse(above)
            yield octave * SEGMENTS + part, value


@functools.lru_cache(maxsize=16)
def table(lower=-math.inf, upper=math.inf):
    """The table of N(0, 1) cut to [lower, upper], bounds in deviations.

    Raises:
        ArithmeticError: If the interval is so far out or so narrow that double
            precision or 24-bit integers cannot resolve it.
    """
    half = 0.5 * mass(lower, upper)
    if half < 1e-290:
        raise ArithmeticError("its probability is below 1e-290")
    above = list(_side(cdf(upper), cdf(-upper), half, 1.0))
    if lower == -upper:
        below = [(segment, -value) for segment, value in above]
    else:
        below = list(_side(cdf(lower), cdf(-lower), half, -1.0))
    sides = (above, below)
    reach = max(abs(value) for side in sides for _, value in side)
    unit = math.ldexp(1.0, math.ceil(math.log2(reach)) - INTEGER_BITS)
    least = math.ceil(max(lower, -reach) / unit)
    most = math.floor(min(upper, reach) / unit)
    if least >= most:
        raise ArithmeticError("it has no room for two 24-bit values")
    base: np.ndarray = np.zeros(SIGN_BIT + SIDE, np.int32)
    slope = np.zeros_like(base)
    for start, side in zip((0, SIGN_BIT), sides, strict=True):
        nodes = base[start : start + SIDE]
        for segment, value in side:
            nodes[segment] = min(max(round(value / unit), least), most)
        # Where segments were left out, no magnitude has a position either.
        first = SEGMENT_BITS * SEGMENTS
        last = (OCTAVES - 1) * SEGMENTS
        rise = np.diff(nodes[first : last + 1])
        slope[start + first : start + last] = rise
    base.flags.writeable = slope.flags.writeable = False
    return Table(base, slope, unit, (lower, upper), (least, most))


@functools.lru_cache(maxsize=16)
def _compact(lower, upper):
    law = table(lower, upper)
    sides = (slice(0, SIDE), slice(SIGN_BIT, SIGN_BIT + SIDE))
    return tuple(
        np.concatenate([x[side] for side in sides]) for x in (law.base, law.slope)
    )


def compact(law):
    """`(base, slope)` of a table without the room between its two sides."""
    return _compact(*law.bounds)


def deviates(ops, half_words, law):
    """Half-words to deviates in units of `law.unit`, as 24-bit integers."""
    bits = ops.bitcast(ops.to_float32(ops.bitwise_or(half_words, 1)), "int32")
    integers, slope = ops.look_up(law, bits)
    slope *= ops.bitwise_and(bits, POSITION_MASK)
    slope += 1 << (POSITION_BITS - 1)
    integers += ops.right_shift(slope, POSITION_BITS)
    return integers
