"""Orthogonal factors: every sum is exact, and the result is the reflections'.

`Watched` looks at each product and sum as numbers alone, whatever the code says of
their bits: from the least bit that is set in each operand follows the unit of the
partial sums, and from the sum of absolute values how far any of them can reach.
"""

import numpy as np
import pytest

from keras_inits.engine import orthogonal, quantile, streams
from keras_inits.engine.host import HostOps
from tests.support import EPSILON

pytestmark = pytest.mark.once

LARGEST = quantile.table().reach[1]
SHAPES = [(1, 1), (5, 5), (40, 40), (130, 130), (300, 260), (700, 40), (20_000, 3)]


def unit(x, axis=None):
    """The largest power of two of which every entry is a multiple."""
    mantissas, exponents = np.frexp(x)
    integers = np.ldexp(mantissas, 53).astype(np.int64)
    least = integers & -integers  # the lowest bit that is set
    units = np.ldexp(least.astype(np.float64), exponents - 53)
    units = np.min(units, axis=axis, keepdims=True, where=x != 0, initial=np.inf)
    return np.where(np.isinf(units), 1.0, units)


class Watched(HostOps):
    """Runs on the given integers in place of Gaussian ones, and watches each sum."""

    def __init__(self, gaussian):
        self.gaussian = gaussian
        self.largest = 0.0  # of all partial sums, as a share of 2**53 units

    def generate(self, key, shape, dtype, formula):
        assert self.gaussian.shape == shape
        return self.gaussian.astype(dtype)

    def see(self, reach, unit_of_sums):
        shares = reach / (unit_of_sums * 2.0**53)
        self.largest = max(self.largest, np.max(shares, initial=0))

    def matmul(self, a, b, out=None):
        # Each matrix of a stack is a product of its own, and each row has sums of its
        # own.
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        for index in np.ndindex(stack):
            one = np.broadcast_to(a, (*stack, *a.shape[-2:]))[index]
            other = np.broadcast_to(b, (*stack, *b.shape[-2:]))[index]
            units = unit(one, axis=1) * unit(other)
            self.see(np.matmul(abs(one), abs(other)), units)
        return np.matmul(a, b, out=out)

    def sum(self, x, axis):
        self.see(np.sum(abs(x), axis=axis, keepdims=True), unit(x))
        return np.sum(x, axis=axis)


def reflected(gaussian):
    """The product of the columns' Householder reflections, one at a time."""
    rows, columns = gaussian.shape
    result, signs = np.eye(rows, columns), np.ones(columns)
    for column in reversed(range(columns)):
        v = gaussian[column:, column].astype(np.float64)
        length = np.linalg.norm(v) or 1.0
        signs[column] = 1.0 if v[0] < 0 else -1.0
        v[0] -= signs[column] * length
        below = result[column:]
        below -= np.outer(v, 2.0 / (v @ v) * (v @ below))
    return result * signs


def tolerance(rows, columns):
    """How far an entry may be from that of the exact reflections.

    Each reflection adds errors of half a unit of 2**-24, the coarsest there is, and
    at worst all of them in one direction. That of v, half a unit of 2**-26 in each
    row, turns it by its length, and what it reflects by twice that.
    """
    return columns * 2.0**-24 + 2.0 * np.sqrt(rows) * 2.0**-27 + EPSILON["float32"]


def extreme(name, rows, columns):
    """Integers for which reflections are as alike, or lengths as uneven, as can be."""
    row, column = np.arange(rows)[:, None], np.arange(columns)
    full = np.full((rows, columns), LARGEST)
    return {
        "all equal": full,
        "all least": np.ones_like(full),
        "alternating": full * np.where((row + column) % 2, 1, -1),
        "nothing": np.zeros_like(full),
        "only the first": np.where(row == column, full, 0),
        "only the next": np.where(row == column + 1, full, 0),
        "only the last": np.where(row == rows - 1, full, 0),
        "all but the first": np.where(row == column, 0, full),
        "a tiny first": np.where(row == column, -1, full),
        "half of the length first": np.where(
            row == column, full, np.rint(LARGEST * np.sqrt(3.0 / max(rows, 2)))
        ).astype(np.int64),
        "every other column": np.where(column % 2, full, 0),
        "one row": np.where(row == min(columns, rows - 1), full, 0),
        "falling": (full / (1.0 + abs(row - column))).astype(np.int64),
    }[name]


NAMES = [
    *("all equal", "all least", "alternating", "nothing", "only the first"),
    *("only the next", "only the last", "all but the first", "a tiny first"),
    *("half of the length first", "every other column", "one row", "falling"),
]


def assert_exact_and_right(ops, rows, columns, dtype, orthogonality):
    found = orthogonal.haar(ops, (1, 2), rows, columns, dtype=dtype)

    assert ops.largest <= 1.0
    expected = reflected(ops.gaussian)
    assert np.max(abs(found - expected)) <= tolerance(rows, columns)
    found = found.astype(np.float64)
    error = np.max(abs(found.T @ found - np.eye(columns)))
    assert error <= (1e-12 if dtype == "float64" else orthogonality)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_the_worst_reflections_are_exact(name, rows, columns, dtype):
    gaussian = extreme(name, rows, columns)

    ops = Watched(gaussian)
    assert_exact_and_right(ops, rows, columns, dtype, 2.0 * tolerance(rows, columns))


@pytest.mark.parametrize(
    ("rows", "columns", "seeds"),
    [(3, 3, 300), (16, 16, 200), (64, 64, 60), (200, 130, 8), (300, 300, 3)],
)
def test_drawn_reflections_are_exact(rows, columns, seeds):
    for seed in range(seeds):
        gaussian = HostOps().generate(
            streams.from_seed(seed),
            (rows, columns),
            "int32",
            lambda x: quantile.deviates(HostOps(), x, quantile.table()),
        )
        assert_exact_and_right(Watched(gaussian), rows, columns, "float32", 1e-6)


@pytest.mark.parametrize(
    ("side", "dtype", "promised"),
    [(1024, "float32", 1e-6), (1024, "float64", 1e-12), (4096, "float32", 2e-6)],
)
def test_large_factors_are_orthonormal(side, dtype, promised):
    key = streams.from_seed(1)
    q = orthogonal.haar(HostOps(), key, side, side, dtype=dtype).astype(np.float64)

    error = q.T @ q
    error[np.diag_indices(side)] -= 1.0
    assert np.max(abs(error)) <= promised
