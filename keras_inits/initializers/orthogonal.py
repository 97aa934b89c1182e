"""Random orthogonal matrices, Haar-distributed: kernels that keep norms.

`engine.orthogonal` makes the matrix; the classes here say which one a shape needs
and where it stands in the kernel.
"""

from __future__ import annotations

import math

import keras
import numpy as np

from keras_inits import _checks, _errors
from keras_inits._types import Array, Interval, Key, Moments, Real, Seed, Shape
from keras_inits.engine import orthogonal
from keras_inits.engine.ops import Ops
from keras_inits.initializers.base import RandomInitializer
from keras_inits.initializers.identity import center_tap
from keras_inits.initializers.lookup import listed


class _OrthogonalMatrix(RandomInitializer):
    """Base of the kernels with an orthogonal matrix in them."""

    def __init__(self, gain: Real = 1.0, seed: Seed = None) -> None:
        self.gain = _checks.check_real("gain", gain)
        super().__init__(seed=seed)

    def extent(self, shape: Shape) -> Interval:
        return -abs(self.gain), abs(self.gain)

    def matrix(self, ops: Ops, key: Key, rows: int, columns: int, dtype: str) -> Array:
        """`gain` times a Haar-distributed matrix; its shorter side is orthonormal."""
        long, short = max(rows, columns), min(rows, columns)
        matrix = orthogonal.haar(ops, key, long, short, gain=self.gain, dtype=dtype)
        return ops.transpose(matrix) if rows < columns else matrix


@listed("OrthogonalInitializer")
class Orthogonal(_OrthogonalMatrix, keras.initializers.Orthogonal):
    """`gain` times a random matrix with orthonormal columns, or rows if wide.

    The shape is read as a matrix `(prod(shape[:-1]), shape[-1])`. The matrix is
    Haar-distributed and has the same bits on every machine. Its Gram matrix is the
    identity to 1e-6, in float64 to 1e-12; float16 and bfloat16 are float32 rounded
    once.

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

    def check_shape(self, shape: Shape) -> None:
        """Refuses vectors and scalars."""
        _checks.check_rank(shape, range(2, 65))

    def moments(self, shape: Shape) -> Moments:
        longer = max(math.prod(shape[:-1]), shape[-1], 1)
        return 0.0, abs(self.gain) / math.sqrt(longer)

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        rows, columns = math.prod(shape[:-1]), shape[-1]
        if rows * columns == 0:
            return ops.full(shape, 0, dtype)
        matrix = self.matrix(ops, key, rows, columns, dtype)
        return ops.reshape(matrix, shape)


@listed()
class DeltaOrthogonal(_OrthogonalMatrix):
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

    def check_shape(self, shape: Shape) -> None:
        """Refuses what is not the kernel of a convolution that can keep norms."""
        _checks.check_rank(shape, (3, 4, 5))
        if shape[-2] > shape[-1]:
            rule = "one with at least as many output as input channels, (..., in, out)"
            _errors.raise_bad_value("shape", rule, shape)

    def moments(self, shape: Shape) -> Moments:
        entries = math.prod(shape[:-2]) * shape[-1]
        return 0.0, abs(self.gain) / math.sqrt(max(1, entries))

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        *kernel_size, inputs, outputs = shape
        if math.prod(shape) == 0:
            return ops.full(shape, 0, dtype)
        matrix = self.matrix(ops, key, inputs, outputs, dtype)
        tap = np.zeros((*kernel_size, 1, 1), bool)
        tap[center_tap(kernel_size)] = True
        return ops.where(tap, matrix, ops.zeros_like(matrix))
