"""Both ends of each draw: the extreme half-words stay within honest bounds."""

import math

import numpy as np
import pytest
from scipy import stats

from keras_inits.engine import draws, streams
from keras_inits.engine.host import HostOps
from tests.support import EPSILON, FLOAT_DTYPES, raises_exactly

pytestmark = pytest.mark.once

KEY = streams.from_seed(0)
LEAST, MOST = -(2**31), 2**31 - 1
EXTREMES = np.array([LEAST, LEAST + 1, -1, 0, 1, 127, 128, MOST - 1, MOST], np.int32)
INF = math.inf


class Extremes(HostOps):
    """Draws from the extreme half-words, then from the stream's first ones."""

    def generate(self, key, shape, dtype, formula):
        ends = self.cast(formula(EXTREMES.copy()), dtype)
        return np.concatenate([ends, super().generate(key, (4096,), dtype, formula)])


UNIFORM = [
    (0.0, 1.0),
    (-0.05, 0.05),
    (-0.3, 0.7),
    (0.1, 0.3),
    (-3.0, -1.0),
    (100.0, 104.0),
    (0.0, 1e-3),
    (-1.0, 0.0),
    (0.0, 60000.0),
    (1.0, 1.0 + 2.0**-6),
]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("low", "high"), UNIFORM)
def test_uniform_draws_its_lower_end_at_most_and_never_its_upper(low, high, dtype):
    found = draws.uniform(Extremes(), KEY, (), low=low, high=high, dtype=dtype)
    values = found.astype(np.float64)

    assert values.min() >= low
    assert values.max() < high
    # Both ends are reached, to the grid of the draw and two numbers of the dtype.
    slack = 2.0 * EPSILON[dtype] * max(abs(low), abs(high)) + (high - low) * 2.0**-23
    assert values.min() <= low + slack
    assert values.max() >= high - slack


def test_uniform_in_an_interval_with_one_number_of_the_dtype_draws_that():
    found = draws.uniform(
        Extremes(), KEY, (), low=1000.0, high=1001.0, dtype="bfloat16"
    )

    assert set(found.astype(np.float64)) == {1000.0}


def test_uniform_stays_inside_where_its_step_is_rounded_up():
    high = 1.49 * 2.0**-124  # a step is 2.98 of the least numbers of float32
    found = draws.uniform(Extremes(), KEY, (), low=-high, high=high, dtype="float32")
    values = found.astype(np.float64)

    assert -high <= values.min() < -0.99 * high
    assert 0.99 * high < values.max() < high


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("float16", 1.0001, 1.0002),
        ("bfloat16", 1000.5, 1001.5),
        ("float32", 1.0 + 2.0**-30, 1.0 + 2.0**-29),
        ("float16", 1e6, 2e6),
    ],
)
def test_an_interval_without_a_number_of_the_dtype_is_refused(dtype, low, high):
    text = (
        f"No {dtype} number lies between {low!r} and {high!r}. Give a wider "
        "interval or a wider dtype."
    )
    with raises_exactly(text):
        draws.uniform(HostOps(), KEY, (4,), low=low, high=high, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_over_the_widest_interval_does_not_overflow(dtype):
    high = float(np.finfo(dtype).max)
    found = draws.uniform(Extremes(), KEY, (), low=-high, high=high, dtype=dtype)

    assert np.all(np.isfinite(found))
    assert found.min() < -0.99 * high
    assert found.max() > 0.99 * high


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("mean", "stddev"), [(0.0, 1.0), (0.5, 0.02)])
def test_normal_ends_at_the_quantile_of_the_least_half_word(mean, stddev, dtype):
    found = draws.normal(Extremes(), KEY, (), mean=mean, stddev=stddev, dtype=dtype)
    values = found.astype(np.float64)

    reach = stddev * stats.norm.isf(2.0**-32)
    # The table's error, and the rounding of the scale, the product and the sum.
    work = 3.0 * EPSILON["float64" if dtype == "float64" else "float32"]
    slack = 1e-6 * stddev + (EPSILON[dtype] + work) * (abs(mean) + reach)
    assert values.max() == pytest.approx(mean + reach, abs=slack)
    assert values.min() == pytest.approx(mean - reach, abs=slack)


def test_a_standard_deviation_of_zero_gives_the_mean():
    found = draws.normal(Extremes(), KEY, (), mean=0.25, stddev=0.0, dtype="float32")

    assert set(found) == {np.float32(0.25)}


TRUNCATED = [
    ((-2.0, 2.0), 0.0, 0.05),
    ((-2.0, 2.0), 0.1, 0.3),
    ((-1.0, 2.5), 0.5, 0.2),
    ((0.0, INF), 0.0, 1.0),
    ((-INF, -1.5), 0.3, 0.7),
    ((8.0, 9.0), 0.0, 1.0),
    ((30.0, INF), 0.0, 1.0),
    ((-INF, -30.0), 1.0, 0.1),
    ((-33.0, -32.0), 0.0, 0.01),
    ((-6.5, 6.5), 0.0, 1.0),
    ((-100.0, 100.0), 0.0, 0.02),
]


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("bounds", "mean", "stddev"), TRUNCATED)
def test_truncated_normal_never_leaves_its_interval(bounds, mean, stddev, dtype):
    low, high = (mean + stddev * bound for bound in bounds)
    found = draws.truncated_normal(
        Extremes(), KEY, (), mean, stddev, bounds, (low, high), dtype=dtype
    )
    values = found.astype(np.float64)

    assert low <= values.min()
    assert values.max() <= high
    # The ends are the quantiles of the least half-word. Out to 2**k standard
    # deviations an integer is worth 2**(k - 24); two of them, and the roundings
    # of the dtype.
    expected = (
        stats.truncnorm.ppf([2.0**-32], *bounds),
        stats.truncnorm.isf([2.0**-32], *bounds),
    )
    reach = max(abs(float(end[0])) for end in expected)
    slack = stddev * (1e-6 + 2.0 * reach * 2.0**-23)
    slack += 4.0 * EPSILON[dtype] * (abs(mean) + reach * stddev)
    assert values.min() == pytest.approx(mean + stddev * expected[0][0], abs=slack)
    assert values.max() == pytest.approx(mean + stddev * expected[1][0], abs=slack)
