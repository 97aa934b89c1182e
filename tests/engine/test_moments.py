"""Mean and standard deviation: exact to a bound, and the same on every machine."""

import fractions
import math

import numpy as np
import pytest

from keras_inits import RandomNormal
from keras_inits.engine import host, moments
from tests.support import as_numpy

pytestmark = pytest.mark.once

ROUNDING = 2.0**-53


def normal(size, mean=0.0, stddev=1.0, dtype="float32"):
    """Values that are the same on every machine, for no library rounds them."""
    return as_numpy(RandomNormal(mean, stddev, seed=3)((size,), dtype))


def exact(values):
    """Mean and variance without any rounding."""
    fractions_of = [fractions.Fraction(x) for x in values.astype(np.float64).tolist()]
    mean = sum(fractions_of) / len(fractions_of)
    return mean, sum((x - mean) ** 2 for x in fractions_of) / len(fractions_of)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("mean", [0.0, 100.0, 1000.0])
@pytest.mark.parametrize("size", [2, 255, 256, 257, 5000])
def test_both_are_as_close_as_the_bound_says(dtype, mean, size):
    values = normal(size, mean, 8.0, host.numpy_dtype(dtype).name)
    found_mean, found_stddev = moments.mean_and_stddev(values)

    true_mean, variance = exact(values)
    off = float((fractions.Fraction(float(values[0])) - true_mean) ** 2 / variance)
    bound = (1.0 + off) * moments.DEPTH * ROUNDING
    assert abs(found_stddev**2 / variance - 1) < bound
    spread = math.sqrt(variance)
    # The sum of |x - shift| is below (1 + K) n stddevs; one rounding when the shift
    # is added again.
    bound = (1.0 + math.sqrt(off)) * moments.DEPTH * ROUNDING * spread
    assert abs(found_mean - true_mean) < bound + ROUNDING * abs(true_mean)


@pytest.mark.parametrize(
    ("size", "mean", "stddev"),
    [
        (257, "0x1.d8dd9a30cf30cp-4", "0x1.2a849263910b8p-2"),
        (3 * host.BLOCK + 5, "0x1.9c37361d3b24ap-4", "0x1.32fb4e7dbb113p-2"),
    ],
)
def test_the_last_bits_are_those_of_the_record(size, mean, stddev):
    # Numbers of so many different exponents that their squares do not add up exactly.
    found = moments.mean_and_stddev(normal(size, 0.1, 0.3))

    assert [x.hex() for x in found] == [mean, stddev]


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_the_number_of_threads_does_not_show(threads, monkeypatch):
    values = normal(5 * host.BLOCK + 7)
    expected = moments.mean_and_stddev(values)

    monkeypatch.setattr(host, "_threads", lambda: threads)
    assert moments.mean_and_stddev(values) == expected


def test_neither_does_the_layout_in_memory():
    values = normal(600).reshape(20, 30)
    transposed = np.asfortranarray(values)

    assert moments.mean_and_stddev(values) == moments.mean_and_stddev(transposed)


@pytest.mark.parametrize("value", [0.1, -3e38, 1e-42, 0.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_values_have_the_standard_deviation_zero(value, dtype):
    values = np.full((host.BLOCK + 3,), value, dtype)

    assert moments.mean_and_stddev(values) == (float(values[0]), 0.0)


@pytest.mark.parametrize("exponent", [-1060, -600, -140, 100, 600, 1020])
def test_a_power_of_two_only_moves_the_point(exponent):
    values = np.ldexp(np.round(normal(999, 1.0) * 4), 2).astype("float64")
    mean, stddev = moments.mean_and_stddev(values)
    scaled = np.ldexp(values, exponent - 8)

    found = moments.mean_and_stddev(scaled)
    expected = np.ldexp([mean, stddev], exponent - 8)
    np.testing.assert_array_equal(found, expected)


def test_squares_beyond_the_range_are_those_of_the_largest_magnitude():
    for sign in (1.0, -1.0):
        found = moments.mean_and_stddev(sign * np.array([2.0**600, 0.0]))
        assert found == (sign * 2.0**599, 2.0**599)


def test_what_is_not_finite_shows():
    for bad in (math.inf, -math.inf, math.nan):
        for place in (0, 3):
            values = normal(1000)
            values[place] = bad
            assert not any(map(math.isfinite, moments.mean_and_stddev(values)))
    assert moments.mean_and_stddev(np.empty((0, 3))) == (0.0, 0.0)
