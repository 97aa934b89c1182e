"""The orthogonal factor is uniform in the sense of Haar."""

import math

import numpy as np
import pytest
from scipy import stats

from keras_inits.engine import orthogonal, streams
from keras_inits.engine.host import HostOps
from tests.support import SIGMAS, assert_distribution, assert_mean, orthogonality

pytestmark = pytest.mark.once

SAMPLES = 4000


def haar(rows, columns, seed, dtype="float32"):
    key = streams.from_seed(seed)
    return orthogonal.haar(HostOps(), key, rows, columns, dtype=dtype)


@pytest.fixture(scope="module")
def squares():
    """Independent 6 x 6 matrices."""
    return np.stack([haar(6, 6, seed) for seed in range(SAMPLES)]).astype(np.float64)


@pytest.mark.parametrize(
    ("power", "expected", "variance"),
    # The trace's moments are those of a unit normal up to power 12 for n = 6: 1, 3,
    # 15 and 105, of which the variances of the powers follow.
    [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)],
)
def test_the_trace_has_haars_moments(squares, power, expected, variance):
    """Diaconis and Shahshahani 1994, "On the eigenvalues of random matrices"."""
    trace = np.trace(squares, axis1=1, axis2=2)

    assert_mean(trace**power, expected, math.sqrt(variance))


def test_every_entry_has_haars_distribution(squares):
    """(1 + q) / 2 of a coordinate of a uniform unit vector is Beta((n - 1) / 2)."""
    expected = stats.beta(2.5, 2.5, loc=-1.0, scale=2.0)

    for row in range(6):
        for column in range(6):
            assert_distribution(squares[:, row, column], expected)


def test_entries_of_a_tall_factor_have_haars_distribution():
    expected = stats.beta(4.5, 4.5, loc=-1.0, scale=2.0)
    tall = np.stack([haar(10, 3, seed) for seed in range(2000)])

    for row, column in ((0, 0), (1, 1), (2, 2), (9, 0), (9, 2), (0, 2)):
        assert_distribution(tall[:, row, column], expected)


def test_signs_are_symmetric_and_products_of_them_too(squares):
    # A mean of fair signs has the standard error 1 / sqrt(n).
    limit = SIGMAS / math.sqrt(SAMPLES)
    signs = np.sign(squares)

    assert np.abs(signs.mean(axis=0)).max() < limit
    assert np.abs((signs[:, 0, 0] * signs[:, 1, 1]).mean()) < limit
    determinant = np.linalg.det(squares)
    # det(Q)^2 = det(I + E) with |E| at most this, so within 6 |E| and 36 |E|^2 of 1.
    tolerance = 6.0 / 2.0 * orthogonality("float32") * 1.001
    np.testing.assert_allclose(np.abs(determinant), 1.0, rtol=0, atol=tolerance)
    assert abs(determinant.mean()) < limit


def test_a_fixed_rotation_of_the_factor_has_the_same_distribution(squares):
    """Haar's distribution is invariant, which an entry of the diagonal shows."""
    rotation = haar(6, 6, SAMPLES + 1, "float64")
    expected = stats.beta(2.5, 2.5, loc=-1.0, scale=2.0)

    for rotated in (squares @ rotation, rotation @ squares):
        for place in range(6):
            assert_distribution(rotated[:, place, place], expected)


def test_large_matrices_of_several_panels_look_haar():
    """n entries of a row: sqrt(n) q is nearly a unit normal, and so is a trace."""
    matrix = haar(400, 400, 0)

    # The entries are orthonormal, not independent, which only makes them more
    # regular than independent ones: the statistic stays below the same limit.
    assert_distribution(matrix * 20.0, stats.norm())
    assert abs(np.trace(matrix)) < SIGMAS
    assert abs(np.trace(matrix @ matrix) - 1.0) < SIGMAS * math.sqrt(2.0)


def test_a_column_whose_first_entry_is_zero_is_taken_to_minus_e():
    squares = np.full((1, 3), 100.0)

    signs, _, own = orthogonal._scales(HostOps(), np.array([0.0, 5.0, -5.0]), squares)
    assert signs.tolist() == [-1.0, -1.0, 1.0]
    assert np.sign(own).tolist() == signs.tolist()
