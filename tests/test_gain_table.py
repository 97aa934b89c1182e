"""The tabulated gains are the integrals of the formulas, to the last bit."""

import itertools

import mpmath
import pytest

from keras_inits import gains
from tests.activations import FORMULAS

pytestmark = pytest.mark.once

# The kinks of every formula, and steps between; what lies beyond is below 1e-68.
EDGES = [-20, -14, -10, -7, -5, -3, -2, -1, -0.5, 0]
EDGES += [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 14, 20]


def test_every_tabulated_gain_has_a_formula():
    assert list(gains.GAINS) == sorted(FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_gain_is_the_number_nearest_to_the_integral(name):
    with mpmath.workdps(30):
        power = sum(
            mpmath.quad(lambda z: FORMULAS[name](z) ** 2 * mpmath.npdf(z), panel)
            for panel in itertools.pairwise(EDGES)
        )
        assert gains.GAINS[name] == float(1 / mpmath.sqrt(power))
