"""What an initializer says of its mean and standard deviation."""

import math

import numpy as np
import pytest

import keras_inits
from tests import cases, support


@pytest.mark.parametrize(
    "name", [name for name in cases.LABELS if not name.startswith(cases.SEEDLESS)]
)
def test_the_moments_are_those_of_the_draws(name):
    initializer = cases.build(name)
    shapes = [(7, 3, 60, 80), (300, 400)]
    shape = next(shape for shape in shapes if cases.takes(name, shape))
    values = support.as_float64(initializer(shape))

    mean, stddev = initializer.moments(shape)

    # The variance has the relative standard error sqrt((kurtosis - 1) / n); no
    # distribution here has a kurtosis above 5, save that a convolution of zeros around
    # one orthogonal matrix has its mean square exactly.
    n = values.size
    power = stddev**2 + mean**2
    tolerance = support.SIGMAS * math.sqrt(4.0 / n) * power
    assert abs(np.mean(values**2) - power) < tolerance
    assert abs(values.mean() - mean) < support.SIGMAS * stddev / math.sqrt(n)


def test_a_zero_row_moves_the_mean_towards_zero():
    inner = keras_inits.RandomNormal(mean=3.0, stddev=4.0)

    mean, stddev = keras_inits.ZeroRow(inner).moments((4, 8))

    # Three rows of mean 3 and mean square 25, and one of zeros.
    assert mean == 9.0 / 4.0
    assert stddev == math.sqrt(75.0 / 4.0 - mean * mean)
