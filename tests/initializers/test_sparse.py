"""Sparse: exact zeros for each unit, at places and with values that obey the seed."""

import math

import numpy as np
import pytest
from scipy import stats

import keras_inits
from tests.support import FALSE_ALARM, as_float64, assert_distribution, float_dtypes


def zeros_per_unit(values, axis):
    """Number of zeros among the weights that share an index along `axis`."""
    others = tuple(i for i in range(values.ndim) if i != axis % values.ndim)
    return (values == 0).sum(axis=others)


@pytest.mark.parametrize("axis", [-1, 0, 1, -2])
@pytest.mark.parametrize("shape", [(20, 30), (3, 3, 4, 6), (5, 1)])
@pytest.mark.parametrize("sparsity", [0.0, 0.1, 1.0 / 3.0, 0.77, 1.0])
def test_every_unit_has_the_same_number_of_zeros(shape, sparsity, axis):
    initializer = keras_inits.Sparse(sparsity, stddev=1.0, axis=axis, seed=5)
    values = as_float64(initializer(shape, "float32"))

    weights = math.prod(shape) // shape[axis]
    expected = math.ceil(sparsity * weights)
    np.testing.assert_array_equal(zeros_per_unit(values, axis), expected)


@pytest.mark.parametrize("dtype", float_dtypes())
def test_zeros_are_zeros_in_every_dtype(dtype):
    values = as_float64(keras_inits.Sparse(0.5, stddev=1.0, seed=5)((20, 30), dtype))

    np.testing.assert_array_equal(zeros_per_unit(values, -1), 10)


@pytest.mark.parametrize("shape", [(10, 400), (2, 5, 3, 40)])
def test_the_default_axis_counts_the_incoming_weights_of_each_output(shape):
    values = as_float64(keras_inits.Sparse(0.5, seed=5)(shape))

    assert set(zeros_per_unit(values, -1)) == {math.prod(shape[:-1]) // 2}
    assert len(set(zeros_per_unit(values, 0))) > 1


@pytest.mark.parametrize("axis", [0, -1])
def test_the_other_values_are_normal_so_places_do_not_depend_on_them(axis):
    initializer = keras_inits.Sparse(0.3, stddev=0.2, axis=axis, seed=5)
    values = as_float64(initializer((200, 200)))

    assert_distribution(values[values != 0], stats.norm(0.0, 0.2))


def test_places_obey_the_seed():
    def places(seed):
        return as_float64(keras_inits.Sparse(0.5, seed=seed)((30, 30))) == 0

    np.testing.assert_array_equal(places(1), places(1))
    assert np.any(places(1) != places(2))


def test_places_differ_from_unit_to_unit_and_are_all_as_likely():
    zero = as_float64(keras_inits.Sparse(0.25, seed=5)((8, 5000))) == 0

    assert len(np.unique(zero.T, axis=0)) == math.comb(8, 2)
    # Which of the 28 pairs of places is zero is uniformly distributed.
    pairs = np.unique(zero.T @ (1 << np.arange(8)), return_counts=True)[1]
    assert len(pairs) == 28
    assert stats.chisquare(pairs).pvalue > FALSE_ALARM


def test_the_values_do_not_depend_on_the_places():
    dense = as_float64(keras_inits.Sparse(0.0, seed=5)((30, 30)))
    sparse = as_float64(keras_inits.Sparse(0.6, seed=5)((30, 30)))

    kept = sparse != 0
    np.testing.assert_array_equal(sparse[kept], dense[kept])
