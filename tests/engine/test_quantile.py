"""The quantile tables against SciPy's exact quantile functions."""

import hashlib
import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from keras_inits.engine import normal, quantile
from keras_inits.engine.host import HostOps

pytestmark = pytest.mark.once

INF = math.inf
ROUNDING = 2.0**-53
INTERVALS = [
    (-2.0, 2.0),
    (-1.0, 2.5),
    (0.0, INF),
    (-INF, -1.0),
    (3.0, INF),
    (-0.01, 0.01),
    (1.0, 1.5),
    (6.0, 7.0),
    (-30.0, -29.0),
    (-5.0, 40.0),
]


def magnitudes():
    """Odd magnitudes: the least ones, both ends of each octave, and a sample."""
    small = np.arange(1, 1 << 16, 2)
    edges = [m for k in range(2, 32) for m in (2**k - 1, 2**k + 1, 2**k - 2**15 + 1)]
    edges = [m for m in edges if 0 < m < 2**31]
    some = np.random.RandomState(0).randint(0, 2**30, 200_000) * 2 + 1
    return np.unique(np.concatenate([small, edges, some])).astype(np.int64)


def deviates(half_words, table):
    """The table's deviates, in double precision."""
    integers = quantile.deviates(HostOps(), half_words.astype(np.int32), table)
    assert integers.dtype == np.int32
    assert np.abs(integers.astype(np.int64)).max() <= 2**quantile.INTEGER_BITS
    return integers * table.unit


def error(found, expected):
    return float(np.abs(found - expected).max())


def test_the_normal_quantile_error_is_below_a_millionth():
    m = magnitudes()
    table = quantile.table()

    assert error(deviates(m, table), stats.norm.isf(m / 2.0**32)) < 1e-6
    assert error(deviates(-m, table), stats.norm.ppf(m / 2.0**32)) < 1e-6


def test_the_normal_range_is_the_quantile_of_the_least_half_word():
    reach = stats.norm.isf(2.0**-32)
    found = deviates(np.array([1, -1]), quantile.table())

    np.testing.assert_allclose(found, [reach, -reach], rtol=0, atol=1e-6)
    assert f"{reach:.2f}" == "6.23"  # the number that the documentation names


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_truncated_quantile_is_the_one_of_the_truncated_distribution(interval):
    m = magnitudes()
    table = quantile.table(*interval)
    # Double precision of SciPy's quantile function, a unit of the integers for
    # each rounding (of the table and of the interpolation), the error of linear
    # interpolation that the untruncated one has too, and half-words as float32.
    density = np.exp(-0.5 * stats.truncnorm.median(*interval) ** 2) / math.tau**0.5
    half_word_rounding = 2.0**-25 * normal.mass(*interval) / (2.0 * density)
    tolerance = 1e-6 + 2.0 * table.unit + half_word_rounding

    for sign, exact in ((1, stats.truncnorm.isf), (-1, stats.truncnorm.ppf)):
        found = deviates(sign * m, table)
        assert found.min() >= interval[0]
        assert found.max() <= interval[1]
        assert error(found, exact(m / 2.0**32, *interval)) < tolerance


def test_a_quantile_rises_from_half_word_to_half_word():
    m = magnitudes()
    for table in (quantile.table(), quantile.table(-1.0, 2.5)):
        above = quantile.deviates(HostOps(), m.astype(np.int32), table)
        below = quantile.deviates(HostOps(), (-m).astype(np.int32), table)
        assert np.all(np.diff(above) <= 0)
        assert np.all(np.diff(below) >= 0)
        assert below[-1] <= above[-1]


@pytest.mark.parametrize(
    ("interval", "sha256"),
    [
        ((-INF, INF), "008088435669c51e"),
        ((-2.0, 2.0), "60039cd1bcbfdbb3"),
        ((-1.0, 2.5), "d5ead83426c5a92e"),
        ((3.0, INF), "4bbac61971bb94f8"),
        ((-30.0, -29.0), "85ec56b0e2a7304a"),
    ],
)
def test_every_entry_of_a_table_is_that_of_the_record(interval, sha256):
    table = quantile.table(*interval)
    entries = np.concatenate([table.base, table.slope]).astype("<i4").tobytes()

    assert hashlib.sha256(entries).hexdigest()[:16] == sha256


def test_an_even_half_word_counts_as_the_odd_one_above_it():
    table = quantile.table()
    even = np.array([0, 2, 1000, -2, -(2**31)])

    np.testing.assert_array_equal(deviates(even, table), deviates(even + 1, table))


def test_a_symmetric_distribution_has_symmetric_quantiles():
    m = magnitudes()
    for table in (quantile.table(), quantile.table(-2.0, 2.0)):
        above, below = deviates(m, table), deviates(-m, table)
        # One integer of rounding, for halves are rounded upward on both sides; but
        # halves are rare, where rounding down would be off for every second.
        assert error(above, -below) <= table.unit
        assert abs(np.mean(above + below)) < 0.1 * table.unit


@pytest.mark.parametrize("interval", [(-2.0, 2.0), (-1.0, 2.5), (0.5, 3.0)])
def test_the_standard_deviation_after_truncation_is_the_exact_one(interval):
    with mpmath.workdps(30):
        lower, upper = map(mpmath.mpf, interval)
        total = mpmath.ncdf(upper) - mpmath.ncdf(lower)
        low, high = mpmath.npdf(lower) / total, mpmath.npdf(upper) / total
        variance = 1 + lower * low - upper * high - (low - high) ** 2
        # Each distribution function is rounded, and the mass by which all is divided.
        share = ROUNDING * (2 / total + 2)
        # So are both densities, the products, sums and quotients, the mean's square
        # twice over, and the sum of all three terms.
        size = abs(lower) * low + abs(upper) * high + 2 * (low + high) ** 2
        off = (share + 8 * ROUNDING) * size + 3 * ROUNDING * (1 + size)
        relative = float(off / variance / 2) + ROUNDING
        expected = float(mpmath.sqrt(variance))

    _, found = normal.truncated_moments(*interval)
    assert found == pytest.approx(expected, rel=relative, abs=0)
    assert relative < 1e-13


def test_truncation_at_two_standard_deviations_leaves_the_documented_share():
    assert f"{normal.truncated_moments(-2.0, 2.0)[1]:.4f}" == "0.8796"


@pytest.mark.parametrize(
    "interval",
    [
        *((-1.0, 2.0), (3.0, INF), (3.0, 3.5), (10.0, 11.0)),
        *((-12.0, -11.0), (-9.0, 38.0)),
    ],
)
def test_the_mass_of_an_interval_is_the_exact_one(interval):
    with mpmath.workdps(60):
        below, above = (mpmath.ncdf(mpmath.mpf(end)) for end in interval)
        if interval[0] > 0:
            below, above = (1 - above, 1 - below)
        expected = float(above - below)
        # Both ends are rounded once, and so is their difference.
        tolerance = ROUNDING * float(above + below + (above - below))

    assert normal.mass(*interval) == pytest.approx(expected, rel=0, abs=tolerance)


@pytest.mark.parametrize("interval", [(40.0, INF), (-INF, -37.0), (1.0, 1.0 + 1e-9)])
def test_an_interval_that_cannot_be_resolved_is_refused(interval):
    with pytest.raises(ArithmeticError, match=r"^it(s probability| has no room)"):
        quantile.table(*interval)


def test_a_power_of_two_at_the_end_of_the_range_keeps_all_bits():
    table = quantile.table(1.0 - 2.0**-20, 1.0)

    assert (table.unit, table.reach) == (2.0**-24, (2**24 - 16, 2**24))


def test_a_table_cannot_be_written_to():
    table = quantile.table()

    assert not table.base.flags.writeable
    assert not table.slope.flags.writeable
