"""Every random initializer against the exact distribution that its docstring states."""

import math

import pytest
from scipy import stats

import keras_inits
from tests.support import as_float64, assert_distribution, assert_moments, dtype_of

# fan_in = 9 * 24 = 216, fan_out = 9 * 60 = 540, and 12,960 entries: swapped fans
# move the standard deviation by a factor 1.6, where 4 parts in a hundred would be seen.
SHAPE = (3, 3, 24, 60)
FAN_IN, FAN_OUT = 216, 540
FAN_AVG = (FAN_IN + FAN_OUT) / 2
FAN_GEO = math.sqrt(FAN_IN * FAN_OUT)


def uniform(variance):
    limit = math.sqrt(3.0 * variance)
    return stats.uniform(-limit, 2.0 * limit)


def normal(variance):
    return stats.norm(0.0, math.sqrt(variance))


def truncated(variance):
    """Cut at two standard deviations and widened to the variance."""
    return stats.truncnorm(
        -2.0, 2.0, scale=math.sqrt(variance) / stats.truncnorm.std(-2.0, 2.0)
    )


DISTRIBUTIONS = [
    ("RandomUniform", {}, stats.uniform(-0.05, 0.1)),
    ("RandomUniform", {"minval": -0.3, "maxval": 0.7}, stats.uniform(-0.3, 1.0)),
    ("RandomNormal", {}, stats.norm(0.0, 0.05)),
    ("RandomNormal", {"mean": 0.1, "stddev": 0.2}, stats.norm(0.1, 0.2)),
    ("TruncatedNormal", {}, stats.truncnorm(-2, 2, 0.0, 0.05)),
    (
        "TruncatedNormal",
        {"mean": 0.5, "stddev": 0.2, "lower": -1.0, "upper": 2.5},
        stats.truncnorm(-1.0, 2.5, 0.5, 0.2),
    ),
    (
        "TruncatedNormal",
        {"lower": 1.0, "upper": None},
        stats.truncnorm(1.0, math.inf, 0.0, 0.05),
    ),
    (
        "TruncatedNormal",
        {"mean": 0.1, "minval": 0.0, "maxval": 0.3},
        stats.truncnorm(-2.0, 4.0, 0.1, 0.05),
    ),
    ("TruncNormal", {}, stats.truncnorm(-2, 2)),
    ("TruncNormal", {"std": 0.02}, stats.norm(0.0, 0.02)),
    (
        "TruncNormal",
        {"mean": 0.2, "std": 0.5, "a": 0.0, "b": 0.7},
        stats.truncnorm(-0.4, 1.0, 0.2, 0.5),
    ),
    ("VarianceScaling", {}, truncated(1.0 / FAN_IN)),
    ("VarianceScaling", {"distribution": "normal"}, truncated(1.0 / FAN_IN)),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out"}, truncated(3.0 / FAN_OUT)),
    ("VarianceScaling", {"mode": "fan_avg"}, truncated(1.0 / FAN_AVG)),
    ("VarianceScaling", {"mode": "fan_geo_avg"}, truncated(1.0 / FAN_GEO)),
    ("VarianceScaling", {"distribution": "uniform"}, uniform(1.0 / FAN_IN)),
    ("VarianceScaling", {"distribution": "untruncated_normal"}, normal(1.0 / FAN_IN)),
    (
        "VarianceScaling",
        {"input_axes": [2], "output_axes": [0, 3], "mode": "fan_out"},
        truncated(1.0 / 180),
    ),
    ("VarianceScaling", {"batch_axes": [0]}, truncated(1.0 / 72)),
    ("GlorotUniform", {}, uniform(1.0 / FAN_AVG)),
    ("GlorotNormal", {}, truncated(1.0 / FAN_AVG)),
    ("HeUniform", {}, uniform(2.0 / FAN_IN)),
    ("HeNormal", {}, truncated(2.0 / FAN_IN)),
    ("LecunUniform", {}, uniform(1.0 / FAN_IN)),
    ("LecunNormal", {}, truncated(1.0 / FAN_IN)),
    ("XavierUniform", {"gain": 1.5}, uniform(1.5**2 / FAN_AVG)),
    ("XavierNormal", {"gain": 1.5}, normal(1.5**2 / FAN_AVG)),
    ("KaimingUniform", {}, uniform(2.0 / FAN_IN)),
    (
        "KaimingUniform",
        {"a": math.sqrt(5.0)},
        stats.uniform(-1 / math.sqrt(FAN_IN), 2 / math.sqrt(FAN_IN)),
    ),
    ("KaimingNormal", {"a": 1.0, "mode": "fan_out"}, normal(1.0 / FAN_OUT)),
    ("KaimingNormal", {"nonlinearity": "tanh"}, normal(25.0 / 9.0 / FAN_IN)),
    ("KaimingNormal", {"nonlinearity": "relu", "a": 3.0}, normal(2.0 / FAN_IN)),
]


@pytest.mark.parametrize(("name", "config", "distribution"), DISTRIBUTIONS)
def test_entries_follow_the_documented_distribution(name, config, distribution):
    tensor = getattr(keras_inits, name)(**config, seed=11)(SHAPE, "float32")

    assert tuple(tensor.shape) == SHAPE
    assert dtype_of(tensor) == "float32"
    values = as_float64(tensor)
    assert_distribution(values, distribution)
    assert_moments(values, distribution)


def test_torchs_bounds_are_absolute_and_ours_are_in_standard_deviations():
    absolute = as_float64(keras_inits.TruncNormal(std=0.02, seed=0)((200, 200)))
    relative = as_float64(keras_inits.TruncatedNormal(stddev=0.02, seed=0)((200, 200)))

    assert abs(absolute).max() > 0.07
    assert abs(relative).max() <= 0.04


def test_glorot_is_cut_and_xavier_is_not():
    ours = as_float64(keras_inits.GlorotNormal(seed=0)(SHAPE))
    torchs = as_float64(keras_inits.XavierNormal(seed=0)(SHAPE))

    stddev = math.sqrt(1.0 / FAN_AVG)
    assert abs(ours).max() <= 2.0 * stddev / stats.truncnorm.std(-2.0, 2.0)
    assert abs(torchs).max() > 3.0 * stddev


def test_a_fan_below_one_counts_as_one():
    values = as_float64(
        keras_inits.VarianceScaling(
            distribution="uniform", input_axes=[], output_axes=[0], seed=0
        )((4000,))
    )

    assert_distribution(values, uniform(1.0))
    assert as_float64(keras_inits.HeNormal(seed=0)((0, 5))).shape == (0, 5)
