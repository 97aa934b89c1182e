"""The numbers of one array, against arrays whose numbers are known."""

import math

import numpy as np
import pytest

from keras_inits.diagnostics import statistics
from keras_inits.engine.moments import DEPTH, mean_and_stddev
from tests.diagnostics.networks import normal

ROUNDING = 2.0**-53


def test_moments_are_those_of_the_engine():
    values = normal((300, 700), 3.0) + np.float32(5.0)

    expected = mean_and_stddev(values)
    assert statistics.finite_moments(values) == (*expected, 0)


def test_infinities_of_both_signs_are_counted():
    values = np.ones(3 * 65536, "float32")
    values[0], values[-1] = np.inf, -np.inf

    assert statistics.finite_moments(values) == (1.0, 0.0, 2)


@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e30])
def test_the_standard_deviation_is_right_where_squares_leave_float32(scale):
    values = np.tile(np.float32([-scale, scale]), 500)

    expected = float(values[1])  # 1e-42 is subnormal and has few digits
    found = statistics.finite_moments(values)[1]
    # The first value lies one standard deviation from the mean.
    assert found == pytest.approx(expected, rel=2 * DEPTH * ROUNDING, abs=0)


def test_values_that_are_not_finite_are_counted_and_left_out():
    values = np.float32([[1, 3], [math.nan, math.inf]])

    signal = statistics.describe(values)

    assert (signal.mean, signal.stddev, signal.not_finite) == (2.0, 1.0, 2)


def test_nothing_finite_gives_nan():
    signal = statistics.describe(np.full((4, 2), math.nan, "float32"))

    assert math.isnan(signal.mean)
    assert signal.not_finite == 8


def test_zeros_and_dead_units_are_counted():
    values = normal((20, 8))
    values[:, :2] = 0.0
    values[:, 2] = 7.0
    values[:5, 3] = 0.0

    signal = statistics.describe(values)

    assert signal.zeros == (40 + 5) / 160
    assert signal.dead == 3 / 8


def test_one_sample_has_no_dead_units():
    assert statistics.describe(normal((1, 8))).dead is None
    assert statistics.describe(normal((1, 4, 4, 8))).dead == 0.0


@pytest.mark.parametrize("contiguous", [True, False])
def test_input_share_splits_the_variance(contiguous):
    # Units differ by constants of variance 4, samples by noise of variance 1.
    values = normal((4000, 64)) + normal((1, 64), 2.0, seed=1)
    if not contiguous:
        values = np.asfortranarray(values)

    wide = values.astype("float64")
    exact = np.mean(wide.var(axis=0)) / wide.var()
    # A unit's mean is off by at most 4000 roundings of its mean absolute value, which
    # is below 8 here; the square of a mean, below 8**2, by twice that, on both sides.
    tolerance = 4 * 8 * 8 * 4000 * ROUNDING / wide.var()
    found = statistics.describe(values).input_share
    assert found == pytest.approx(exact, rel=0, abs=tolerance)


def test_units_lie_on_the_axis_that_is_named():
    values = normal((6, 3, 5, 5))
    values[:, 1] = 2.0

    dead = statistics.describe(values, unit_axis=1).dead
    assert dead == pytest.approx(1 / 3, rel=4 * ROUNDING, abs=0)
    assert statistics.describe(values, unit_axis=-1).dead == 0.0


def test_correlation_is_numpys():
    mix = normal((10, 10), seed=1)
    values = normal((200, 10)) @ mix

    signal = statistics.describe(values)

    exact = np.abs(np.corrcoef(values.T.astype("float64")))
    # Each entry is off by at most 200 roundings for the product and twice as many for
    # the norms, on both sides; the mean is at most 1, the rank at most 10.
    tolerance = 2 * 3 * 200 * ROUNDING
    expected = (exact.sum() - 10) / 90
    assert signal.correlation == pytest.approx(expected, rel=0, abs=tolerance)
    expected = 100 / np.sum(exact**2)
    # The sum of squares is at least 10 and has 100 terms of at most 1.
    assert signal.rank == pytest.approx(expected, rel=2 * 100 * tolerance / 10, abs=0)
    assert signal.rank_limit == 10


def test_units_that_are_all_alike_have_correlation_and_rank_1():
    values = normal((50, 1)) * normal((1, 20), seed=1)

    signal = statistics.describe(values)

    # Products rounded to float32 leave each unit within 2**-24 of a multiple, so by
    # Pythagoras the correlation within twice the square of that.
    tolerance = 2 * 2.0**-48 + 3 * 50 * ROUNDING
    assert signal.correlation == pytest.approx(1.0, rel=0, abs=tolerance)
    assert signal.rank == pytest.approx(1.0, rel=0, abs=2 * tolerance)


def test_uncorrelated_units_have_full_rank():
    values = np.linalg.qr(normal((64, 16)).astype("float64"))[0]
    values -= values.mean(axis=0)
    values = np.linalg.qr(values)[0]

    signal = statistics.describe(values)

    # In float32 each entry is off by 2**-24 of itself, and the means are no more 0: a
    # product of two unit columns is off by less than twice and once that.
    tolerance = 3 * 2.0**-24
    assert signal.correlation == pytest.approx(0.0, abs=tolerance)
    assert signal.rank == pytest.approx(16.0, rel=16 * tolerance**2 + 2.0**-40)


@pytest.mark.parametrize("shape", [(7, 20), (100, 1)])
def test_too_few_samples_or_units_have_no_correlation(shape):
    signal = statistics.describe(normal(shape))

    assert (signal.correlation, signal.rank, signal.rank_limit) == (None, None, None)


SLOPES = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda y: 4 * y * (1 - y)),
    "tanh": (np.tanh, lambda y: 1 - y**2),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda y: (1 - np.abs(y)) ** 2),
    "elu": (
        lambda z: np.where(z > 0, z, np.expm1(z)),
        lambda y: np.where(y > 0, 1, y + 1),
    ),
    "selu": (
        lambda z: (
            1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(z))
        ),
        lambda y: np.where(y > 0, 1, (y + 1.7580993408473766) / 1.7580993408473766),
    ),
}


@pytest.mark.parametrize("activation", SLOPES)
def test_saturated_is_where_the_slope_is_under_a_twentieth(activation):
    function, slope = SLOPES[activation]
    # No point of the grid falls on the bound, where rounding would decide.
    outputs = function(np.linspace(-9.0, 9.0, 20_001))

    share = statistics.saturated(outputs.astype("float32"), activation)

    assert share == pytest.approx(np.mean(slope(outputs) < 0.05), abs=1.01 / 20_001)
    assert 0.1 < share < 0.8


@pytest.mark.parametrize(
    ("activation", "share"),
    [("relu", 3 / 6), ("relu6", 4 / 6), ("hard_sigmoid", 5 / 6), ("hard_tanh", 3 / 6)],
)
def test_the_bounds_of_hard_activations_are_flat(activation, share):
    values = np.float32([-1.0, 0.0, 0.0, 0.5, 1.0, 6.0])

    assert statistics.saturated(values, activation) == share


@pytest.mark.parametrize("activation", [None, "gelu", "softmax", "leaky_relu"])
def test_an_activation_without_flat_parts_is_never_saturated(activation):
    assert statistics.saturated(normal((9, 9)), activation) is None


def test_the_histogram_counts_the_whole_range():
    values = normal((100, 30))

    edges, counts = statistics.describe(values).histogram

    assert (edges[0], edges[-1]) == (values.min(), values.max())
    assert sum(counts) == 3000
    np.testing.assert_array_equal(np.histogram(values, edges)[0], counts)


@pytest.mark.parametrize("length", [10, 19_999, 40_000, 65_536, 1_000_003])
def test_spread_indices_have_no_period(length):
    places = statistics.spread_indices(length, 20_000)

    assert len(set(places)) == len(places) == min(length, 20_000)
    assert places.max() < length
    # Every residue of a channel count is met about equally often.
    counts = np.bincount(places % 10, minlength=10)
    assert counts.min() > 0.9 * len(places) / 10 or length == 10
