"""What the tests share: values as NumPy arrays, and tolerances with a reason."""

import contextlib
import math
import re

import keras
import numpy as np
import pytest
from scipy import stats

from keras_inits import _backend

# What backends differ in that tests need; only `_backend` knows which has what.
GRADIENTS = _backend.differentiates()
needs_gradients = pytest.mark.skipif(
    not GRADIENTS, reason=f"the backend {_backend.name()} has no gradients"
)
needs_no_gradients = pytest.mark.skipif(
    GRADIENTS, reason=f"the backend {_backend.name()} has gradients"
)
needs_wide = pytest.mark.skipif(
    not _backend.has_wide(),
    reason="this JAX has no 64-bit numbers inside a traced function",
)

SIGMAS = 5.0  # a false alarm about once in 2 million
FALSE_ALARM = 2.0 * float(stats.norm.sf(SIGMAS))

# Keras' variables convert to NumPy arrays by a protocol that NumPy 2 has extended.
IGNORE_KERAS_ARRAYS = "ignore:__array__ implementation doesn't:DeprecationWarning"

FLOAT_DTYPES = ("float16", "bfloat16", "float32", "float64")
# Distance from 1 to the next number of the dtype.
EPSILON = {
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
    "float32": 2.0**-23,
    "float64": 2.0**-52,
}
# The most that rounding to float32 moves a number, as a share of it.
ROUNDING = EPSILON["float32"] / 2.0
# The most that a library's elementary function (tanh, exp, cos) is off in float32, as
# a share of its result: 4 units in the last place, as NumPy states for its own.
ELEMENTARY = 8.0 * ROUNDING


def as_numpy(tensor):
    """The tensor's values as a NumPy array; bfloat16 may come out as float32.

    Not by Keras' own conversion, which warns under NumPy 2 and fails for scalars
    in bfloat16.
    """
    if isinstance(tensor, keras.Variable):
        tensor = tensor.value
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        tensor = tensor.float() if "bfloat16" in str(tensor.dtype) else tensor
    return np.asarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor)


def as_float64(tensor):
    """The tensor's values in double precision, whatever its dtype."""
    return as_numpy(tensor).astype(np.float64)


def dtype_of(tensor):
    """Standard name of a backend tensor's dtype."""
    return keras.backend.standardize_dtype(tensor.dtype)


def float_dtypes():
    """The dtypes that the running backend stores as asked for.

    JAX stores float64 only where `jax_enable_x64` is set, as `tests.programs.worker`
    sets it.
    """
    if keras.backend.backend() == "jax":
        return FLOAT_DTYPES[:-1]
    return FLOAT_DTYPES


def orthogonality(dtype):
    """How far an entry of an orthogonal factor's Gram matrix is from the identity's.

    What is promised, and beside it rounding the entries to the dtype, which moves a
    product of two unit columns by at most one epsilon.
    """
    promised = 1e-12 if dtype == "float64" else 1e-6
    return EPSILON[dtype] + promised


def assert_orthonormal(matrix, dtype="float32", *, roundings=0):
    """The shorter side of a matrix is orthonormal.

    Each of `roundings` further roundings of the entries moves a product of two unit
    columns by an epsilon. The products here are in double precision, where sums of
    this length are off by far less.
    """
    matrix = np.asarray(matrix, np.float64)
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    error = np.abs(matrix.T @ matrix - np.eye(matrix.shape[1])).max()
    assert error <= orthogonality(dtype) + roundings * EPSILON[dtype]


def stft_tolerance(samples, largest=1.0):
    """How far Keras' own STFT kernel is from the exact one in float32.

    Its angles are at most pi times the number of samples and rounded five times on
    their way (frequency, two products, pi and a library's error of it). The slope of
    sine and cosine is at most 1. The window, its product, its quotient and its norm,
    a sum over the samples, are rounded too, and so are our entries.

    Args:
        samples: Length of the window.
        largest: Largest value of the window over its norm; at most 1 for one norm.
    """
    angle = 5.0 * math.pi * samples * ROUNDING
    return largest * (angle + ELEMENTARY + (samples + 5.0) * ROUNDING)


def assert_mean(values, expected, stddev):
    """The mean of independent values of standard deviation `stddev` is `expected`."""
    tolerance = SIGMAS * stddev / math.sqrt(np.size(values))
    assert abs(np.mean(values, dtype=np.float64) - expected) < tolerance


def assert_moments(values, distribution):
    """Mean, variance, skewness and kurtosis are those of a SciPy distribution.

    Tested are the means of the powers 1 to 4 of the standardized values, each of
    which has the standard error sqrt(Var(z**power) / n) with
    Var(z**power) = E z**(2 power) - (E z**power)**2.
    """
    mean, stddev = distribution.mean(), distribution.std()
    z = (np.asarray(values, np.float64) - mean) / stddev
    moment = [
        distribution.expect(lambda x, power=power: ((x - mean) / stddev) ** power)
        for power in range(9)
    ]
    for power in (1, 2, 3, 4):
        spread = math.sqrt(moment[2 * power] - moment[power] ** 2)
        assert_mean(z**power, moment[power], spread)


def assert_distribution(values, distribution):
    """The values are a sample of the distribution, by Kolmogorov and Smirnov."""
    values = np.ravel(values).astype(np.float64)
    assert stats.kstest(values, distribution.cdf, method="asymp").pvalue > FALSE_ALARM


def assert_same_distribution(one, other):
    """Two samples come from one distribution, by the two-sample test."""
    one, other = (np.ravel(x).astype(np.float64) for x in (one, other))
    assert stats.ks_2samp(one, other, method="asymp").pvalue > FALSE_ALARM


def assert_uncorrelated(one, other):
    """Two samples of independent values: r has the standard error 1 / sqrt(n)."""
    one, other = (np.ravel(x).astype(np.float64) for x in (one, other))
    r = np.corrcoef(one, other)[0, 1]
    assert abs(r) < SIGMAS / math.sqrt(one.size)


def existing(module, names):
    """Names as a test's parameters, each skipped on a Keras that lacks it."""
    return [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                not hasattr(module, name),
                reason=f"Keras {keras.__version__} has no {module.__name__}.{name}",
            ),
        )
        for name in names
    ]


@contextlib.contextmanager
def raises_exactly(text):
    """A `ValueError` with exactly this text."""
    with pytest.raises(ValueError, match=re.escape(text)) as error:
        yield
    # `match` also sees the notes that JAX adds to an error on its way.
    assert str(error.value) == text
