"""Functions of whole arrays that every machine rounds alike.

`np.log`, `np.cos`, `np.sum` and `np.dot` round by the vector unit, the C library or
the BLAS library. These consist of elementwise `+ - * /`, each of which IEEE 754
rounds in one way, in an order that depends on the array's size alone.
"""

import math
from collections.abc import Sequence

import numpy as np

from keras_inits._types import Host

LN2 = 0.6931471805599453
# Of each series the next term is below 2**-60 of the sum.
LOG_TERMS = [1.0 / (2 * k + 1) for k in range(11)]
COSINE_TERMS = [(-1) ** k / math.factorial(2 * k) for k in range(10)]
SINE_TERMS = [(-1) ** k / math.factorial(2 * k + 1) for k in range(9)]


def total(values: Host) -> float:
    """The sum of a vector: its halves are added until one number is left."""
    while values.size > 1:
        half = values.size // 2
        odd = values[2 * half :]
        values = values[:half] + values[half : 2 * half]
        values[: odd.size] += odd
    return float(values[0]) if values.size else 0.0


def polynomial(coefficients: Sequence[float], x: Host) -> Host:
    """The polynomial with these coefficients, lowest power first, by Horner's rule."""
    result = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result *= x
        result += coefficient
    return result


def log(x: Host) -> Host:
    """Natural logarithm: x = 2**e m, and log m = 2 artanh((m - 1) / (m + 1))."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < math.sqrt(0.5)
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = polynomial(LOG_TERMS, ratio * ratio)
    return (exponent - small) * LN2 + 2.0 * ratio * series


def cosine(numerator: Host, denominator: int) -> Host:
    """cos(2 pi numerator / denominator) of integers, by Taylor's series.

    The angle is brought to the first eighth of the circle in integers, so no
    precision is lost.
    """
    eighths = 8 * np.abs(numerator) % (8 * denominator)  # over 8 denominators
    eighths = np.minimum(eighths, 8 * denominator - eighths)
    negative = eighths > 2 * denominator
    eighths = np.where(negative, 4 * denominator - eighths, eighths)
    by_sine = eighths > denominator
    eighths = np.where(by_sine, 2 * denominator - eighths, eighths)
    angle = eighths / denominator * (math.pi / 4)
    square = angle * angle
    sine = angle * polynomial(SINE_TERMS, square)
    result = np.where(by_sine, sine, polynomial(COSINE_TERMS, square))
    return np.where(negative, -result, result)
