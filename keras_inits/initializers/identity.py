"""Kernels that hand their inputs on unchanged: of dense layers, of convolutions."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np

from keras_inits import _checks, _errors
from keras_inits._types import Array, Integer, Interval, Key, Real, Shape
from keras_inits.engine.ops import Ops
from keras_inits.initializers.base import Initializer
from keras_inits.initializers.lookup import listed


@listed("IdentityInitializer", "eye")
class Identity(Initializer, keras.initializers.Identity):
    """`gain` times the identity matrix: `w[i, j] = gain if i == j else 0`.

    A matrix that is not square has its ones from the top left corner on.

    Args:
        gain: The entries on the diagonal, a finite number.

    Raises:
        ValueError: If `gain` is not finite or the shape is not of rank 2.

    Reference:
        `keras.initializers.Identity`, `torch.nn.init.eye_`.
    """

    def __init__(self, gain: Real = 1.0) -> None:
        self.gain = _checks.check_real("gain", gain)

    def check_shape(self, shape: Shape) -> None:
        """Refuses all but matrices."""
        _checks.check_rank(
            shape,
            (2,),
            "For the kernel of a convolution use Dirac.",
        )

    def extent(self, shape: Shape) -> Interval:
        return min(self.gain, 0), max(self.gain, 0)

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        rows, columns = shape
        diagonal = ops.equal(ops.arange(rows)[:, None], ops.arange(columns)[None, :])
        return ops.where(
            diagonal, ops.full((), self.gain, dtype), ops.full((), 0, dtype)
        )


def center_tap(kernel_size: Iterable[int]) -> Shape:
    """The tap that `padding="same"` with stride 1 lays on the pixel itself."""
    return tuple((size - 1) // 2 for size in kernel_size)


@listed()
class Dirac(Initializer):
    """A convolution kernel that hands its input channels on unchanged.

    In each of the `groups` groups, with `in` input and `out / groups` output
    channels, the first `min(in, out / groups)` outputs repeat the inputs:

        w[center, d, g * (out / groups) + d] = gain

    and every other entry is 0. `center` is `(k - 1) // 2` along each axis of the
    receptive field, the tap at which Keras' `padding="same"` with stride 1
    returns the input for odd and even `k`. `torch.nn.init.dirac_` takes `k // 2`,
    which for an even kernel is one tap further.

    Kernels are laid out `(*receptive_field, in, out)`, where `in` is the number
    of input channels of one group.

    Args:
        groups: Number of groups of the convolution, 1 or above.
        gain: The entries that are not 0, a finite number.

    Raises:
        ValueError: If `groups` is below 1 or does not divide the output channels,
            if `gain` is not finite, or if the rank is not 3, 4 or 5.

    Reference:
        Zagoruyko and Komodakis 2017, "DiracNets", on the Dirac
        parameterization,
        https://arxiv.org/abs/1706.00388
    """

    def __init__(self, groups: Integer = 1, gain: Real = 1.0) -> None:
        self.groups = _checks.check_integer("groups", groups, 1)
        self.gain = _checks.check_real("gain", gain)

    def check_shape(self, shape: Shape) -> None:
        """Refuses what is not the kernel of a convolution in that many groups."""
        _checks.check_rank(shape, (3, 4, 5), "For the kernel of Dense use Identity.")
        if shape[-1] % self.groups:
            rule = f"a divisor of the {shape[-1]} output channels of shape {shape}"
            _errors.raise_bad_value("groups", rule, self.groups)

    def extent(self, shape: Shape) -> Interval:
        return min(self.gain, 0), max(self.gain, 0)

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        *kernel_size, inputs, outputs = shape
        per_group = outputs // self.groups
        tap = np.zeros(kernel_size, bool)
        if tap.size:
            tap[center_tap(kernel_size)] = True
        source = ops.arange(outputs) % max(1, per_group)
        passes = ops.equal(ops.arange(inputs)[:, None], source[None, :])
        passes = ops.logical_and(tap[..., None, None], passes[(None,) * tap.ndim])
        return ops.where(passes, ops.full((), self.gain, dtype), ops.full((), 0, dtype))
