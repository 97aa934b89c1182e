"""Initializers that draw nothing, through the layers they are made for."""

import keras
import numpy as np
import pytest

import keras_inits
from tests.support import (
    EPSILON,
    IGNORE_KERAS_ARRAYS,
    as_float64,
    as_numpy,
    dtype_of,
    float_dtypes,
    stft_tolerance,
)

CONVOLUTIONS = {3: keras.layers.Conv1D, 4: keras.layers.Conv2D, 5: keras.layers.Conv3D}


def test_zeros_and_ones_are_zero_and_one_in_every_dtype():
    for dtype in (*float_dtypes(), "int32", "uint8", "bool"):
        for cls, value in ((keras_inits.Zeros, 0), (keras_inits.Ones, 1)):
            tensor = cls()((2, 3), dtype)
            assert dtype_of(tensor) == dtype
            np.testing.assert_array_equal(as_float64(tensor), np.full((2, 3), value))


@pytest.mark.parametrize("dtype", float_dtypes())
def test_a_scalar_constant_is_rounded_once_to_the_dtype(dtype):
    values = as_float64(keras_inits.Constant(0.3)((2, 2), dtype))

    assert np.all(values == values[0, 0])
    assert abs(values[0, 0] - 0.3) <= 0.3 * EPSILON[dtype] / 2


@pytest.mark.parametrize("value", [[1.0, 2.0, 3.0], np.array([[1.0], [2.0]]), 4, True])
def test_an_array_constant_broadcasts_to_the_shape(value):
    values = as_float64(keras_inits.Constant(value)((2, 3), "float32"))

    np.testing.assert_array_equal(values, np.broadcast_to(value, (2, 3)))


def test_a_backend_tensor_or_a_variable_is_a_constant_too():
    given = np.arange(6.0, dtype="float32").reshape(2, 3)
    for value in (keras.ops.convert_to_tensor(given), keras.Variable(given)):
        found = as_numpy(keras_inits.Constant(value)((2, 3)))
        np.testing.assert_array_equal(found, given)


def test_a_constant_does_not_follow_the_array_it_was_given():
    given = np.zeros(3)
    constant = keras_inits.Constant(given)
    given[:] = 1.0
    first = as_numpy(constant((3,)))

    np.testing.assert_array_equal(first, np.zeros(3))


@pytest.mark.parametrize("initializer", [keras_inits.Zeros(), keras_inits.Constant(2)])
def test_two_calls_share_no_memory(initializer):
    one, other = (
        keras.Variable(initializer((4, 4)), dtype="float32") for _ in range(2)
    )
    other.assign(np.full((4, 4), 9.0))

    assert np.all(as_numpy(one) != 9.0)


def test_dense_with_an_identity_kernel_returns_its_input():
    x = np.arange(10.0, dtype="float32").reshape(2, 5)
    for units in (5, 3, 7):
        layer = keras.layers.Dense(units, kernel_initializer=keras_inits.Identity())
        expected = np.zeros((2, units))
        expected[:, : min(5, units)] = x[:, :units]
        np.testing.assert_array_equal(as_float64(layer(x)), expected)


@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)
@pytest.mark.parametrize("kernel_size", [(3,), (4,), (3, 2), (1, 5), (2, 3, 4)])
def test_a_convolution_with_a_dirac_kernel_returns_its_input(kernel_size):
    rng = np.random.RandomState(0)
    x = rng.standard_normal((2, *[6] * len(kernel_size), 3)).astype("float32")
    layer = CONVOLUTIONS[len(kernel_size) + 2](
        3, kernel_size, padding="same", kernel_initializer="dirac"
    )

    # One product with 1 and sums with 0 are exact.
    np.testing.assert_array_equal(as_float64(layer(x)), x.astype(np.float64))


def test_dirac_hands_on_as_many_channels_as_fit():
    for inputs, outputs in ((3, 5), (5, 3)):
        kernel = as_float64(keras_inits.Dirac(gain=2.0)((3, 3, inputs, outputs)))
        expected = np.zeros((3, 3, inputs, outputs))
        expected[1, 1] = 2.0 * np.eye(inputs, outputs)
        np.testing.assert_array_equal(kernel, expected)


def test_a_grouped_convolution_with_a_dirac_kernel_returns_its_input_per_group():
    rng = np.random.RandomState(0)
    x = rng.standard_normal((2, 6, 6, 4)).astype("float32")
    layer = keras.layers.Conv2D(
        6,
        (3, 2),
        padding="same",
        groups=2,
        kernel_initializer=keras_inits.Dirac(groups=2),
    )
    layer.build(x.shape)
    kernel = as_float64(layer.kernel)

    # Two input channels a group, three output channels, of which two are used.
    expected = np.zeros((3, 2, 2, 6))
    for group in range(2):
        for channel in range(2):
            expected[1, 0, channel, 3 * group + channel] = 1.0
    np.testing.assert_array_equal(kernel, expected)
    found = _grouped_convolution_same(x, kernel, groups=2)
    np.testing.assert_array_equal(found[..., [0, 1, 3, 4]], x)
    assert not found[..., [2, 5]].any()


def _grouped_convolution_same(x, kernel, groups):
    """Stride 1 and padding "same", in NumPy: tap t lies at t - (k - 1) // 2."""
    height, width = kernel.shape[:2]
    top, left = (height - 1) // 2, (width - 1) // 2
    space = ((0, 0), (top, height - 1 - top), (left, width - 1 - left), (0, 0))
    padded = np.pad(x, space)
    parts = []
    for inputs, taps in zip(
        np.split(padded, groups, axis=-1),
        np.split(kernel, groups, axis=-1),
        strict=True,
    ):
        parts.append(
            sum(
                inputs[:, i : i + x.shape[1], j : j + x.shape[2]] @ taps[i, j]
                for i in range(height)
                for j in range(width)
            )
        )
    return np.concatenate(parts, axis=-1)


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize(
    ("window", "scaling", "periodic"),
    [
        ("hann", "density", False),
        ("hamming", "spectrum", True),
        ("blackman", "density", True),
        ("blackman", "density", False),
        ("boxcar", "spectrum", False),
        ("tukey", None, False),
        (None, None, False),
        (list(range(1, 17)), "density", False),
        (list(range(-5, 11)), "spectrum", False),
    ],
)
def test_stft_equals_keras_own(side, window, scaling, periodic):
    arguments = (side, window, scaling, periodic)
    shape = (16, 1, 9)
    ours = as_float64(keras_inits.STFT(*arguments)(shape, "float32"))
    theirs = as_float64(keras.initializers.STFT(*arguments)(shape, "float32"))

    # At frequency 0 the real side is the window over its norm.
    window_itself = as_float64(keras_inits.STFT("real", *arguments[1:])(shape))[..., 0]
    tolerance = stft_tolerance(16, np.abs(window_itself).max())
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", [(0, 1, 3), (3, 1, 0)])
def test_stft_of_no_samples_or_no_frequencies_is_empty(shape):
    assert tuple(keras_inits.STFT()(shape, "float32").shape) == shape


def test_stft_of_a_spectrogram_layer_gives_the_transform():
    frame, points = 16, 16
    real, imaginary = (
        as_float64(keras_inits.STFT(side, None)((frame, 1, points // 2 + 1), "float32"))
        for side in ("real", "imag")
    )
    signal = np.random.RandomState(0).standard_normal(frame)
    found = signal @ (real + 1j * imaginary)[:, 0]

    # Entries of at most 1, each rounded once to float32; NumPy's sums and transform are
    # in double precision.
    tolerance = EPSILON["float32"] * np.abs(signal).sum()
    expected = np.fft.rfft(signal, points)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
