"""The fans of a weight: how many inputs and outputs each of its units has.

A shape alone says this only by convention; explicit axes say it exactly. Which
layer a weight belongs to is not known here.
"""

from __future__ import annotations

import math

from keras_inits import _checks, _errors
from keras_inits._types import Axes, ShapeLike


@_errors.named("compute_fans")
def compute_fans(
    shape: ShapeLike,
    input_axes: Axes = None,
    output_axes: Axes = None,
    *,
    batch_axes: Axes = None,
) -> tuple[int, int]:
    """Counts the inputs and outputs that meet in one unit of a weight.

    Without axes, the shape is read as Keras lays out its kernels,
    `(*receptive_field, in, out)`:

        fan_in  = in  * prod(receptive_field)
        fan_out = out * prod(receptive_field)

    with `fan_in = fan_out = n` for a vector of length `n`, and 1 for a scalar.
    With both `input_axes` and `output_axes`, each fan is the product of its own
    axes and nothing else.

    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    >>> compute_fans((512, 8, 64), input_axes=[0], output_axes=[1, 2])
    (512, 512)
    >>> compute_fans((10, 64, 32), batch_axes=[0])
    (64, 32)

    Args:
        shape: Shape of the weight, a tuple of integers, each 0 or above.
        input_axes: List of axes that count inputs, or None. Goes with
            `output_axes`.
        output_axes: List of axes that count outputs, or None.
        batch_axes: List of axes along which independent weights are stacked,
            such as the experts of a mixture; they are left out of the fans.

    Returns:
        The integers `(fan_in, fan_out)`.

    Raises:
        ValueError: If the shape is not one, if an axis is out of range or named
            twice, or if only one of `input_axes` and `output_axes` is given.

    Reference:
        The layout is that of `keras.initializers.VarianceScaling`; batch axes
        mean what they mean in `jax.nn.initializers.variance_scaling`.
    """
    return count_fans(shape, input_axes, output_axes, batch_axes)


def count_fans(
    shape: ShapeLike, input_axes: Axes, output_axes: Axes, batch_axes: Axes
) -> tuple[int, int]:
    """`compute_fans` for callers whose names errors are to bear."""
    sizes = _checks.check_shape(shape)
    inputs = _checks.check_axes("input_axes", input_axes, len(sizes))
    outputs = _checks.check_axes("output_axes", output_axes, len(sizes))
    batch = _checks.check_axes("batch_axes", batch_axes, len(sizes)) or []
    if (inputs is None) != (outputs is None):
        lacking = "input_axes" if inputs is None else "output_axes"
        given = "output_axes" if inputs is None else "input_axes"
        _errors.raise_bad_value(lacking, f"given together with `{given}`", None)
    if set(inputs or []) & set(outputs or []):
        _errors.raise_bad_value("output_axes", "apart from `input_axes`", output_axes)
    named = [*batch, *(inputs or []), *(outputs or [])]
    if len(set(named)) != len(named):
        _errors.raise_bad_value("batch_axes", "apart from the other axes", batch_axes)
    if inputs is not None and outputs is not None:
        return (
            math.prod(sizes[axis] for axis in inputs),
            math.prod(sizes[axis] for axis in outputs),
        )
    kernel = [size for axis, size in enumerate(sizes) if axis not in batch]
    if len(kernel) < 2:
        length = math.prod(kernel)
        return length, length
    *receptive_field, fan_in, fan_out = kernel
    field = math.prod(receptive_field)
    return fan_in * field, fan_out * field


def einsum_operands(equation: str) -> tuple[str, str, str]:
    """The axes of the input, the kernel and the output in an EinsumDense equation."""
    operands, output = equation.replace(" ", "").split("->")
    inputs, kernel = operands.split(",")
    return inputs, kernel, output


def einsum_axes(equation: str) -> tuple[list[int], list[int], list[int]]:
    """Axes of an EinsumDense kernel: summed, made, and shared with the input.

    >>> einsum_axes("abc,cde->abde")
    ([0], [1, 2], [])

    Returns:
        Three lists of axes of the kernel: those that the output does not have,
        those that only the kernel and the output have, and the rest.
    """
    inputs, kernel, output = einsum_operands(equation)
    summed = [i for i, letter in enumerate(kernel) if letter not in output]
    shared = [
        i for i, letter in enumerate(kernel) if letter in output and letter in inputs
    ]
    made = [i for i in range(len(kernel)) if i not in (*summed, *shared)]
    return summed, made, shared
