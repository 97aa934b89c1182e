"""The normal distribution to the last bit, against mpmath and SciPy."""

import decimal
import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from keras_inits.engine import normal

pytestmark = pytest.mark.once

ROUNDING = 2.0**-53
# From the normal range of double precision, where mpmath rounds once.
POINTS = np.concatenate(
    [np.linspace(-37.3, 9.0, 200), np.linspace(-3.0, 3.0, 100), [-2.0, 0.0, 2.0]]
).tolist()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(normal.cdf, mpmath.ncdf), (normal.density, mpmath.npdf)],
)
def test_a_number_is_the_nearest_one_to_the_truth(ours, theirs):
    with mpmath.workdps(40):
        for x in POINTS:
            assert ours(x) == float(theirs(mpmath.mpf(x))), x


def test_the_ends_of_the_line():
    for far in (40.0, 1e300, math.inf):
        assert (normal.cdf(-far), normal.cdf(far)) == (0.0, 1.0)
        assert normal.density(far) == normal.density(-far) == 0.0


def test_a_context_of_the_caller_does_not_show():

    expected = normal.cdf(-1.25), normal.density(-1.25)
    normal.cdf.cache_clear()
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        assert (normal.cdf(-1.25), normal.density(-1.25)) == expected


def test_a_quantile_is_scipys():
    x = np.concatenate([np.linspace(1e-3, 0.5, 999), 10.0 ** -np.arange(1.0, 300.0)])

    expected = stats.norm.ppf(x)
    # AS 241 is good to a part in 10**16 before its own roundings, at most 4 for each
    # step of Horner's rule; near the median the error is one of p itself.
    slack = 4 * 16 * ROUNDING * np.abs(expected) + 4 * ROUNDING
    assert np.all(np.abs(normal.lower_quantile(x) - expected) <= slack)
