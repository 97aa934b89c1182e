"""Permutations: valid, uniform, and ties go by position."""

import collections
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from keras_inits.engine import draws, streams
from keras_inits.engine.host import HostOps
from tests.support import FALSE_ALARM, SIGMAS

pytestmark = pytest.mark.once


def permutations(count, length, seed=0):
    found = draws.permutations(HostOps(), streams.from_seed(seed), count, length)
    return np.asarray(found)


@pytest.mark.parametrize("length", [1, 2, 7, 100, 1000])
def test_every_row_is_a_permutation(length):
    found = permutations(13, length)

    assert found.shape == (13, length)
    expected = np.broadcast_to(np.arange(length), found.shape)
    np.testing.assert_array_equal(np.sort(found, axis=1), expected)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_every_permutation_is_as_likely(length):
    count = 1000 * math.factorial(length)
    rows = collections.Counter(map(tuple, permutations(count, length).tolist()))

    assert set(rows) == set(itertools.permutations(range(length)))
    # Each count is Poisson-like about 1000, so this sum is distributed as chi-square.
    chi_square = sum((found - 1000) ** 2 / 1000 for found in rows.values())
    assert chi_square < stats.chi2.isf(FALSE_ALARM, len(rows) - 1)


def test_every_entry_is_as_likely_at_every_place():
    count, length = 20_000, 10
    found = permutations(count, length)
    table = np.stack([np.bincount(column, minlength=length) for column in found.T])

    # A count of n entries, each there with probability p, has variance n p (1 - p).
    spread = math.sqrt(count * 0.1 * 0.9)
    assert np.abs(table - count / length).max() < SIGMAS * spread


def test_equal_half_words_keep_their_order():
    keys = np.array([[5, -1, 5, 0, -1, 5], [0, 0, 0, 0, 0, 0]], np.int32)

    found = np.asarray(HostOps().permutations(keys))

    # Read without a sign, as the half-words are, -1 is the largest.
    np.testing.assert_array_equal(found, [[3, 0, 2, 5, 1, 4], [0, 1, 2, 3, 4, 5]])
    by_sorting = np.argsort(keys.view(np.uint32), axis=1, kind="stable")
    np.testing.assert_array_equal(found, by_sorting)


def test_rows_are_independent_of_how_many_there_are():
    np.testing.assert_array_equal(permutations(3, 8), permutations(9, 8)[:3])


def test_the_seed_decides():
    assert np.any(permutations(4, 50, seed=0) != permutations(4, 50, seed=1))
    np.testing.assert_array_equal(permutations(4, 50), permutations(4, 50))
