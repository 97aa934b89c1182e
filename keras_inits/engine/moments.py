"""Mean and standard deviation: the same two numbers on every machine.

`np.dot` adds in an order that depends on the BLAS library, the processor and the
number of threads, so its last digits do too. Here the values less the first one
and their squares are summed in float64 by elementwise additions alone, each of
which IEEE 754 rounds in one way, and in an order that depends on their number
alone.

With K the distance of the first value from the mean in standard deviations, and
n values, the variance is off by less than `(1 + K**2) * DEPTH * 2**-53` of itself;
K is below sqrt(n), and a few at most unless the first value is an outlier.
"""

import math

import numpy as np

from keras_inits._types import Host, Moments
from keras_inits.engine import elementwise, host

ROW = 256  # divides a block; the rows of a block are added to one another
# Additions that a term passes through: the rows of a block, then halves of what is
# left, of at most 2**48 values; and four roundings of the terms and of the total.
DEPTH = host.BLOCK // ROW + 48 + 4
# Outside of this, squares of float64 may have left its range, and the values are
# scaled by a power of 2. Squares of float32 never leave it.
SQUARES = (2.0**-900, 2.0**900)


def _sums(flat: Host, shift: float) -> tuple[float, float]:
    """Sum of the values less `shift`, and sum of the squares of the same."""
    blocks = -(-flat.size // host.BLOCK)
    sums = np.empty((blocks, ROW))
    squares = np.empty_like(sums)

    def add_rows(start: int, stop: int) -> None:
        buffer = np.empty(min(host.BLOCK, -(-(stop - start) // ROW) * ROW))
        # An array with infinities has no finite moments; that needs no warning.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for begin in range(start, stop, host.BLOCK):
                count = min(host.BLOCK, stop - begin)
                block = buffer[: -(-count // ROW) * ROW]
                block[:count] = flat[begin : begin + count]
                block[:count] -= shift
                block[count:] = 0.0
                # NumPy adds row to row here. Only along the last axis does it add
                # in an order of its own.
                np.add.reduce(block.reshape(-1, ROW), 0, out=sums[begin // host.BLOCK])
                block *= block
                np.add.reduce(
                    block.reshape(-1, ROW), 0, out=squares[begin // host.BLOCK]
                )

    host.in_parts(add_rows, flat.size)
    with np.errstate(over="ignore", invalid="ignore"):
        return elementwise.total(sums.ravel()), elementwise.total(squares.ravel())


def mean_and_stddev(values: Host) -> Moments:
    """Mean and standard deviation of an array, in double precision.

    Both are 0 for an empty array, and neither is finite if a value is not.
    """
    flat = values.reshape(-1)
    if not flat.size:
        return 0.0, 0.0
    shift = float(flat[0])  # equal values have the standard deviation 0 exactly
    total, square = (found / flat.size for found in _sums(flat, shift))
    if flat.dtype == np.float64 and not SQUARES[0] < square < SQUARES[1]:
        exponent = math.frexp(max(flat.max(), -flat.min()))[1]
        if exponent:
            scaled = mean_and_stddev(np.ldexp(flat, -exponent))
            mean, stddev = np.ldexp(scaled, exponent).tolist()
            return mean, stddev
    variance = square - total * total
    return shift + total, math.sqrt(0.0 if variance < 0.0 else variance)
