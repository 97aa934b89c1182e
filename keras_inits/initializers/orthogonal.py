"""Random orthogonal matrices, uniform in the sense of Haar.

The factor Q of a Gaussian matrix's QR decomposition, its signs fixed so that
the diagonal of R is positive, is Haar-distributed. It is built here without a
decomposition, as the product of the Householder reflections of independent
Gaussian vectors of falling length, whole panels of them at a time.
"""

import math

import keras
import numpy as np

from keras_inits import _checks
from keras_inits.engine import draws
from keras_inits.initializers.base import RandomInitializer
from keras_inits.initializers.constants import center_tap
from keras_inits.initializers.lookup import listed

PANEL = 128  # reflections applied by one pair of matrix products
SMALLEST = 2.0**-21  # the least deviate that is not 0


def _panel(ops, x, start):
    """Reflections of the columns of `x` as one factor `I - V T V^T`.

    The reflection of column j, from row `start + j` on, takes it to `sign |x| e`
    with sign = -1 if its first entry is 0 or above, else 1, by the vector
    v = x - sign |x| e. In `T^-1 = striu(V^T V) + diag(V^T V) / 2` the diagonal is
    the computed one, so that rounding in v leaves the product orthogonal.

    Returns:
        `(V, T^-1, signs)`.
    """
    rows, columns = x.shape
    row, column = ops.arange(rows)[:, None] - start, ops.arange(columns)
    diagonal = row == column
    x = ops.where(row >= column, x, 0.0)
    x = ops.where(ops.logical_and(diagonal, x == 0), SMALLEST, x)  # sign(0) is 1
    length = ops.sqrt(ops.sum(x * x, axis=0))
    signs = ops.where(ops.sum(ops.where(diagonal, x, 0.0), axis=0) < 0, 1.0, -1.0)
    signs = ops.cast(signs, ops.name_of_dtype(x))
    v = ops.where(diagonal, x - signs * length, x) / length
    gram = ops.matmul(ops.transpose(v), v)
    upper, middle = column[:, None] < column, column[:, None] == column
    inverse = ops.where(upper, gram, ops.where(middle, 0.5 * gram, 0.0))
    return v, inverse, signs


def _grow(ops, gaussian, dtype):
    """Multiplies the panels out from the last to the first, each on its own rows.

    With Q' the product of the panels after this one, whose columns number k, and
    V cut into the panel's first rows and those below them,

        Q = [[I_k, 0], [0, Q']] - V W,  W = T [V_top^T, V_bottom^T Q']
    """
    columns = gaussian.shape[1]
    result = None
    signs: list = []
    for start in reversed(range(0, columns, PANEL)):
        x = gaussian[start:, start : start + PANEL]
        v, inverse, panel_signs = _panel(ops, x, 0)
        signs.insert(0, panel_signs)
        width = v.shape[1]
        top, bottom = v[:width], v[width:]
        left = ops.linalg.solve(inverse, ops.transpose(top))
        left = ops.eye(v.shape[0], width, dtype=dtype) - ops.matmul(v, left)
        if result is None:
            result = left
            continue
        right = ops.matmul(ops.transpose(bottom), result)
        right = ops.linalg.solve(inverse, right)
        right = ops.concatenate(
            [-ops.matmul(top, right), result - ops.matmul(bottom, right)], axis=0
        )
        result = ops.concatenate([left, right], axis=1)
    return result * ops.concatenate(signs)


def _loop(ops, gaussian, dtype):
    """The same product in a loop of one body, whole matrices at a time.

    A compiler sees one panel instead of all; for that the work is threefold. The
    columns that fill up the last panel reflect rows where the identity is zero.
    """
    rows, columns = gaussian.shape
    panels = -(-columns // PANEL)
    extra = panels * PANEL - columns
    gaussian = ops.pad(gaussian, ((0, extra), (0, extra)))

    def apply(i, state):
        result, signs = state
        start = (panels - 1 - i) * PANEL
        x = ops.slice(gaussian, (0, start), (rows + extra, PANEL))
        v, inverse, panel_signs = _panel(ops, x, start)
        update = ops.linalg.solve(inverse, ops.matmul(ops.transpose(v), result))
        signs = ops.slice_update(signs, (start,), panel_signs)
        return result - ops.matmul(v, update), signs

    identity = ops.eye(rows + extra, columns, dtype=dtype)
    signs = ops.ones((panels * PANEL,), dtype=dtype)
    result, signs = ops.fori_loop(0, panels, apply, (identity, signs))
    return result[:rows] * signs[:columns]


def haar(ops, key, rows, columns, dtype):
    """The first `columns` columns of a Haar-distributed matrix, rows >= columns.

    Each column is that of the product of all reflections, times the sign of its
    own.

    Reference:
        Stewart 1980, "The efficient generation of random orthogonal matrices",
        theorem 3.3, https://doi.org/10.1137/0717034; Mezzadri 2007, "How to
        generate random matrices from the classical compact groups", on Householder
        reflections, https://arxiv.org/abs/math-ph/0609050; Schreiber and Van Loan
        1989, "A storage-efficient WY representation", for the panels; Joffrain et
        al. 2006, "Accumulating Householder transformations, revisited", for T^-1.
    """
    gaussian = draws.normal(
        ops, key, (rows, columns), mean=0.0, stddev=1.0, dtype=dtype
    )
    multiply = _loop if ops.is_compiled and columns > 2 * PANEL else _grow
    return multiply(ops, gaussian, dtype)


@listed("OrthogonalInitializer")
class Orthogonal(RandomInitializer, keras.initializers.Orthogonal):
    """`gain` times a random matrix with orthonormal columns, or rows if wide.

    The shape is read as a matrix `(prod(shape[:-1]), shape[-1])`. The matrix is
    uniform in the sense of Haar; factored in float32, or in float64 for that
    dtype, and rounded once, so float16 and bfloat16 work as well.

    Args:
        gain: Factor of the matrix, a finite number.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: If `gain` is not finite or the rank is below 2.

    Reference:
        Saxe, McClelland, Ganguli 2014, section 3,
        https://arxiv.org/abs/1312.6120; `keras.initializers.Orthogonal`,
        `torch.nn.init.orthogonal_`.
    """

    def __init__(self, gain=1.0, seed=None):
        self.gain = _checks.real(self.owner, "gain", gain)
        super().__init__(seed=seed)

    def check_shape(self, shape):
        """Refuses vectors and scalars."""
        _checks.rank(self.owner, shape, range(2, 65))

    def extent(self, shape):
        return -abs(self.gain), abs(self.gain)

    def compute(self, ops, key, shape, dtype):
        rows, columns = math.prod(shape[:-1]), shape[-1]
        if rows * columns == 0:
            return ops.full(shape, 0, dtype)
        work = "float64" if dtype == "float64" else "float32"
        matrix = haar(ops, key, max(rows, columns), min(rows, columns), work)
        if rows < columns:
            matrix = ops.transpose(matrix)
        return ops.cast(ops.reshape(matrix * self.gain, shape), dtype)


@listed()
class DeltaOrthogonal(Orthogonal):
    """A convolution kernel that is orthogonal at its center, 0 elsewhere.

    With the layout `(*receptive_field, in, out)` the matrix `w[center]` of shape
    `(in, out)` is `gain` times one with orthonormal rows, and `center` is the tap
    `(k - 1) // 2` along each axis, so that the convolution keeps the norm of its
    input.

    Args:
        gain: Factor of the matrix, a finite number.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: If `gain` is not finite, the rank is not 3, 4 or 5, or there
            are fewer output than input channels.

    Reference:
        Xiao et al. 2018, algorithm 2,
        https://arxiv.org/abs/1806.05393
    """

    def check_shape(self, shape):
        """Refuses what is not the kernel of a convolution that can keep norms."""
        _checks.rank(self.owner, shape, (3, 4, 5))
        if shape[-2] > shape[-1]:
            rule = "one with at least as many output as input channels, (..., in, out)"
            _checks.fail(self.owner, "shape", rule, shape)

    def compute(self, ops, key, shape, dtype):
        *kernel_size, inputs, outputs = shape
        if math.prod(shape) == 0:
            return ops.full(shape, 0, dtype)
        matrix = super().compute(ops, key, (inputs, outputs), dtype)
        tap = np.zeros((*kernel_size, 1, 1), bool)
        tap[center_tap(kernel_size)] = True
        return ops.where(tap, matrix, ops.zeros_like(matrix))
