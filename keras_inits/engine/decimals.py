"""Decimal arithmetic: the one source of logarithms, exponentials and powers.

`math.exp`, `math.log` and `**` are the C library's, whose last digits differ
between systems. The standard library's `decimal` module defines its results to
the last digit, so what decides bits of weights is computed in it and rounded to
double precision once.
"""

import decimal
from contextlib import AbstractContextManager

TAU = decimal.Decimal("6.28318530717958647692528676655900576839433879875021")
DIGITS = 40  # of each step


def context() -> AbstractContextManager[decimal.Context]:
    """The arithmetic of this module, whatever the caller has set."""
    rounding = decimal.ROUND_HALF_EVEN
    return decimal.localcontext(decimal.Context(DIGITS, rounding, traps=[]))


def power(base: int, exponent: float) -> float:
    """`base**exponent` for a positive base, rounded once."""
    with context():
        return float((decimal.Decimal(base).ln() * decimal.Decimal(exponent)).exp())
