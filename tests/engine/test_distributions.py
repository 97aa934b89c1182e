"""The distributions of the draws: moments, and Kolmogorov-Smirnov against SciPy's."""

import math

import ml_dtypes
import numpy as np
import pytest
from scipy import stats

from keras_inits.engine import draws, quantile, streams
from keras_inits.engine.host import HostOps
from tests.support import assert_distribution, assert_moments

pytestmark = pytest.mark.once

SIZE = 1 << 18
INF = math.inf
INTERVALS = [
    (-2.0, 2.0),
    (-1.0, 2.5),
    (0.0, INF),
    (-INF, -1.5),
    (4.0, INF),
    (7.0, 8.0),
    (-0.5, 0.25),
]


def uniform(low, high, dtype, seed=1, size=SIZE):
    key = streams.from_seed(seed)
    return draws.uniform(HostOps(), key, (size,), low=low, high=high, dtype=dtype)


def normal(mean, stddev, dtype, seed=2, size=SIZE):
    key = streams.from_seed(seed)
    return draws.normal(HostOps(), key, (size,), mean=mean, stddev=stddev, dtype=dtype)


def truncated(bounds, mean, stddev, dtype, seed=3, size=SIZE):
    key = streams.from_seed(seed)
    limits = tuple(mean + stddev * bound for bound in bounds)
    return draws.truncated_normal(
        HostOps(), key, (size,), mean, stddev, bounds, limits, dtype=dtype
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.3, 0.7), (-5.0, -1.0)])
def test_uniform_follows_its_distribution(low, high, dtype):
    values = uniform(low, high, dtype)

    expected = stats.uniform(low, high - low)
    assert_distribution(values, expected)
    assert_moments(values, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("mean", "stddev"), [(0.0, 1.0), (-0.4, 0.02), (3.0, 7.0)])
def test_normal_follows_its_distribution(mean, stddev, dtype):
    values = normal(mean, stddev, dtype)

    expected = stats.norm(mean, stddev)
    assert_distribution(values, expected)
    assert_moments(values, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bounds", INTERVALS)
def test_truncated_normal_follows_its_distribution(bounds, dtype):
    values = truncated(bounds, 0.0, 1.0, dtype)

    expected = stats.truncnorm(*bounds)
    assert_distribution(values, expected)
    assert_moments(values, expected)


def test_truncated_normal_follows_its_distribution_about_another_mean():
    values = truncated((-2.0, 1.0), 0.5, 0.25, "float32")

    expected = stats.truncnorm(-2.0, 1.0, 0.5, 0.25)
    assert_distribution(values, expected)
    assert_moments(values, expected)


def test_every_bit_of_the_uniform_draw_is_fair():
    # value = k * 2**-25 + 1/2 with k odd: 24 bits above the lowest, each 0 or 1.
    steps = (uniform(0.0, 1.0, "float64") * 2**25).astype(np.int64)
    bits = (steps[:, None] >> np.arange(1, 25)) & 1

    assert np.all(steps % 2 == 1)
    # A count of fair bits has the standard deviation sqrt(n) / 2.
    assert np.abs(bits.sum(0) - SIZE / 2).max() < 5.0 * math.sqrt(SIZE) / 2


@pytest.mark.parametrize("narrow", ["float16", "bfloat16"])
def test_a_narrow_draw_is_the_float32_draw_rounded_once(narrow):
    kind = getattr(ml_dtypes, narrow, None) or np.dtype(narrow).type
    size = 100_000
    pairs = [
        (normal(m, s, narrow, size=size), normal(m, s, "float32", size=size))
        for m, s in ((0.0, 1.0), (0.3, 0.02))
    ]
    pairs += [
        (uniform(-0.05, 0.05, narrow, size=size), uniform(-0.05, 0.05, "float32")),
        (
            truncated((-2.0, 2.0), 0.0, 0.5, narrow, size=size),
            truncated((-2.0, 2.0), 0.0, 0.5, "float32"),
        ),
    ]

    for found, wide in pairs:
        rounded = wide[:size].astype(kind)
        low, high = found.min(), found.max()
        # An honest bound may hold back what rounding would take to the far side.
        inside = (rounded >= low) & (rounded <= high)
        assert inside.mean() > 0.99
        np.testing.assert_array_equal(found[inside], rounded[inside])
        np.testing.assert_array_equal(found, np.clip(rounded, low, high))


def test_a_float64_draw_is_scaled_in_float64():
    table = quantile.table()
    stddev = 0.1  # not a number of float32
    values = normal(0.0, stddev, "float64", size=10_000)
    integers = values / (stddev * table.unit)

    # One rounding of relative error 2**-53 in the product and one in the quotient.
    assert np.abs(integers - np.round(integers)).max() < 2.0**24 * 2.0**-51
    np.testing.assert_array_equal(values, np.round(integers) * (stddev * table.unit))
    assert np.any(values != values.astype(np.float32))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_product_is_rounded_once(dtype):
    """The uniform draw about 0 equals the exact product rounded to the dtype."""
    kind = getattr(ml_dtypes, dtype, None) or np.dtype(dtype).type
    limit = 0.05
    values = uniform(-limit, limit, dtype, size=20_000)
    steps = np.round(uniform(-1.0, 1.0, "float64", size=20_000) * 2.0**24)

    if dtype == "float64":
        expected = steps * (limit * 2.0**-24)
    else:
        # A product of two 24-bit numbers is exact in double precision.
        product = steps * np.float64(np.float32(limit * 2.0**-24))
        expected = product.astype(np.float32).astype(kind)
    ends = values.min(), values.max()
    np.testing.assert_array_equal(values, np.clip(expected, *ends))


def test_the_float32_and_the_float64_draw_are_the_same_sample():
    for draw in (
        lambda dtype: uniform(-0.3, 0.7, dtype, size=10_000),
        lambda dtype: normal(0.1, 0.2, dtype, size=10_000),
        lambda dtype: truncated((-1.0, 2.0), 0.1, 0.2, dtype, size=10_000),
    ):
        # Three roundings to float32 (scale, product, sum) of numbers below 2.
        np.testing.assert_allclose(
            draw("float32"), draw("float64"), rtol=0, atol=3 * 2.0**-24
        )
