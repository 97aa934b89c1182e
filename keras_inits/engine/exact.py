"""Steps with one right result: integers in float64, times powers of two.

What is computed here is exact or rounded once, whichever machine or compiler does it,
and `fitted` rounds a matrix so that a product with it is exact too.
"""

from keras_inits._types import Array
from keras_inits.engine.ops import Ops


def fixed(ops: Ops, x: Array, bits: int) -> Array:
    """`x` to the nearest multiple of 2**-bits, ties to even."""
    x = ops.round_in_place(x * 2.0**bits)
    x *= 2.0**-bits
    return x


def exponent(ops: Ops, x: Array) -> Array:
    """The integer e with 2**(e - 1) <= x < 2**e, of a positive float64."""
    return ops.right_shift(ops.bitcast(x, "int64"), 52) - 1022


def power(ops: Ops, exponent: Array) -> Array:
    """2**exponent as float64."""
    return ops.bitcast(ops.left_shift(exponent + 1023, 52), "float64")


def quotient(ops: Ops, numerator: Array, divisor: Array) -> Array:
    """floor(numerator / divisor) of positive integers whose product is exact.

    The nearest integer is at most 1 too large. A compiler may divide by way of a
    reciprocal, which is off by less than 1; the exact products tell by how much.
    """
    found = ops.round(numerator / divisor)
    found = found - ops.cast(found * divisor > numerator, "float64")
    if ops.is_compiled:
        found = found + ops.cast((found + 1.0) * divisor <= numerator, "float64")
    return found


def root(ops: Ops, x: Array) -> Array:
    """floor(sqrt(x)) for x in [2**51, 2**53), as surely."""
    found = ops.round(ops.sqrt(x))
    found = found - ops.cast(found * found > x, "float64")
    if ops.is_compiled:
        found = found + ops.cast((found + 1.0) * (found + 1.0) <= x, "float64")
    return found


def fitted(ops: Ops, x: Array, scale: int, longest: Array) -> Array:
    """`x` to so many bits that a product from the left with it is exact.

    Args:
        ops: What runs the formula.
        x: Matrix, whose squares are far above 2**-scale.
        scale: Bits after the point that the squares are rounded to.
        longest: Square of the longest row of the other factor, a matrix of integers.
    """
    squares = x * x
    squares *= 2.0**scale
    squares = ops.round_in_place(squares)
    # With what rounding the squares has taken, and a 64th for rounding `x`.
    columns = (ops.max(ops.sum(squares, axis=0)) + x.shape[0]) * (1.0 + 2.0**-6)
    del squares
    bits = 53 - ops.right_shift(exponent(ops, longest * columns) - scale + 1, 1)
    x = ops.round_in_place(x * power(ops, bits))
    x *= power(ops, -bits)
    return x
