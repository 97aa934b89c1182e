"""Functions of whole arrays, against mpmath; their bits do not depend on a machine."""

import math

import mpmath
import numpy as np
import pytest

from keras_inits.engine import elementwise

pytestmark = pytest.mark.once

ROUNDING = 2.0**-53


def test_the_logarithm_is_off_by_a_few_roundings():
    tails = 0.5 * 10.0 ** -np.linspace(0.0, 300.0, 500)
    x = np.concatenate([np.linspace(1e-3, 0.5, 500), tails])

    with mpmath.workdps(30):
        exact = np.array([float(mpmath.log(value)) for value in x.tolist()])
    # One for each of: LN2, its product, the ratio, its square, the sum of the
    # series, its product and the last sum, whose terms are at most 3 times it.
    assert np.all(
        np.abs(elementwise.log(x) - exact) <= 8 * ROUNDING * 3 * np.abs(exact)
    )


@pytest.mark.parametrize("points", [1, 2, 3, 4, 7, 8, 12, 1000, 1 << 20])
def test_a_cosine_is_off_by_a_few_roundings(points):
    turns = np.unique(np.linspace(-2 * points, 2 * points, 999).astype(int))

    with mpmath.workdps(30):
        angles = [2 * mpmath.pi * turn / points for turn in turns.tolist()]
        exact = np.array([float(mpmath.cos(angle)) for angle in angles])
    # The angle is at most 1 and rounded three times, the square once more, the sum
    # twice where its terms are at most 1, and its product once.
    found = elementwise.cosine(turns, points)
    assert np.abs(found - exact).max() <= 8 * ROUNDING


def test_a_cosine_is_exact_on_the_axes():
    quarters = elementwise.cosine(np.arange(-4, 8), 4)

    np.testing.assert_array_equal(quarters, [1, 0, -1, 0] * 3)


def test_a_cosine_is_the_nearest_number_between_the_axes():
    root = math.sqrt(0.5)

    found = elementwise.cosine(np.array([1, 3, 5, 7]), 8)
    np.testing.assert_array_equal(found, [root, -root, -root, root])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 255, 1000])
def test_a_total_adds_every_number_once(size):
    values = np.ldexp(1.0, np.arange(size) % 40)

    assert elementwise.total(values) == math.fsum(values.tolist())
