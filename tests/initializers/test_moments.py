"""What an initializer says of its mean and standard deviation."""

import math

import numpy as np
import pytest

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
    # law here has a kurtosis above 5, save that a convolution of zeros around
    # one orthogonal matrix has its mean square exactly.
    n = values.size
    power = stddev**2 + mean**2
    tolerance = support.SIGMAS * math.sqrt(4.0 / n) * power
    assert abs(np.mean(values**2) - power) < tolerance
    assert abs(values.mean() - mean) < support.SIGMAS * stddev / math.sqrt(n)
