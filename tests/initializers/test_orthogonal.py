"""Orthogonal kernels: orthonormal in every dtype, wide or tall, norm-keeping."""

import keras
import numpy as np
import pytest

import keras_inits
from tests.support import (
    EPSILON,
    IGNORE_KERAS_ARRAYS,
    ROUNDING,
    as_float64,
    assert_orthonormal,
    dtype_of,
    float_dtypes,
    orthogonality,
)

SHAPES = [
    (1, 1),
    (5, 5),
    (300, 300),
    (1024, 1024),
    (400, 130),
    (130, 400),
    (3, 3, 8, 40),
    (9, 1),
]


@pytest.mark.parametrize("dtype", float_dtypes())
@pytest.mark.parametrize("shape", SHAPES)
def test_the_shorter_side_is_orthonormal(shape, dtype):
    tensor = keras_inits.Orthogonal(seed=1)(shape, dtype)

    assert tuple(tensor.shape) == shape
    assert dtype_of(tensor) == dtype
    assert_orthonormal(as_float64(tensor).reshape(-1, shape[-1]), dtype)


@pytest.mark.parametrize("gain", [2.0, 0.5, -1.0])
def test_the_gain_is_a_factor(gain):
    plain = as_float64(keras_inits.Orthogonal(seed=1)((6, 4)))
    scaled = as_float64(keras_inits.Orthogonal(gain=gain, seed=1)((6, 4)))

    np.testing.assert_array_equal(scaled, gain * plain)  # powers of 2 are exact


def test_a_wide_matrix_is_the_tall_one_transposed():
    tall = as_float64(keras_inits.Orthogonal(seed=1)((7, 4)))
    wide = as_float64(keras_inits.Orthogonal(seed=1)((4, 7)))

    np.testing.assert_array_equal(wide, tall.T)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_narrow_matrix_is_the_float32_one_rounded_once(dtype):
    narrow = as_float64(keras_inits.Orthogonal(seed=1)((40, 20), dtype))
    wide = as_float64(keras_inits.Orthogonal(seed=1)((40, 20), "float32"))

    # Half a step of the dtype; below the least normal number of float16 the
    # steps are 2**-24.
    assert np.all(np.abs(narrow - wide) <= np.abs(wide) * EPSILON[dtype] / 2 + 2**-25)
    assert np.any(narrow != wide)


def test_seeds_give_different_matrices():
    one, other = (as_float64(keras_inits.Orthogonal(seed=s)((8, 8))) for s in (1, 2))

    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("kernel_size", [(3,), (4,), (3, 2), (2, 3, 3)])
def test_delta_orthogonal_keeps_norms_through_a_circular_convolution(kernel_size):
    shape = (*kernel_size, 5, 8)
    kernel = as_float64(keras_inits.DeltaOrthogonal(seed=3)(shape, "float32"))
    x = np.random.RandomState(0).standard_normal((*[6] * len(kernel_size), 5))
    center = [(size - 1) // 2 for size in kernel_size]

    y = np.zeros((*x.shape[:-1], 8))
    for tap in np.ndindex(*kernel_size):
        shift = [c - t for c, t in zip(center, tap, strict=True)]
        y += np.roll(x, shift, range(len(shift))) @ kernel[tap]

    # With E = K K^T - I, |x K|^2 - |x|^2 = x E x^T, at most five times the largest
    # entry of E times |x|^2; a root halves that.
    tolerance = 5.0 / 2.0 * orthogonality("float32")
    np.testing.assert_allclose(
        np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1), rtol=tolerance
    )
    assert np.count_nonzero(kernel.any(axis=(-2, -1))) == 1
    assert kernel[tuple(center)].all()


def test_delta_orthogonal_takes_its_gain():
    plain = as_float64(keras_inits.DeltaOrthogonal(seed=3)((3, 4, 4)))
    scaled = as_float64(keras_inits.DeltaOrthogonal(gain=2.0, seed=3)((3, 4, 4)))

    np.testing.assert_array_equal(scaled, 2.0 * plain)


@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)
def test_a_convolution_built_with_delta_orthogonal_keeps_the_interiors_norm():
    layer = keras.layers.Conv1D(
        8, 3, padding="same", use_bias=False, kernel_initializer="delta_orthogonal"
    )
    x = np.random.RandomState(0).standard_normal((2, 6, 4)).astype("float32")

    # The kernel's own error, as above. And the four products that are not zero, each
    # rounded, and their sums: at most 4 roundings of |x| |K|, whose norm is at most
    # |x| times the root of the sum of K's squares, 4.
    tolerance = 4.0 / 2.0 * orthogonality("float32") + 4.0 * ROUNDING * 2.0
    np.testing.assert_allclose(
        np.linalg.norm(as_float64(layer(x)), axis=-1),
        np.linalg.norm(x, axis=-1),
        rtol=tolerance,
    )
