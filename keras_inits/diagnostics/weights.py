"""What the weights of a layer are: their numbers, what drew them, what they should be.

What an activation wants is said by `recipes.by_activation`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_inits import _backend
from keras_inits._types import Host, Shape, Tensor
from keras_inits.diagnostics import advice, capture, statistics, verdicts
from keras_inits.diagnostics.report import KernelSignal, LayerSignal
from keras_inits.initializers import Ones, keras_own
from keras_inits.initializers.base import Initializer
from keras_inits.model import graph
from keras_inits.model.fans import NORMALIZATIONS, layer_fans
from keras_inits.model.owners import Owners
from keras_inits.model.recipes import activations, common

SIGMAS = 5.0


def bias_size(layer: keras.Layer, own: Sequence[keras.Variable]) -> float | None:
    """How far a layer's biases and shifts are from 0 at most, and its scales from 1.

    Args:
        layer: The layer.
        own: Its weights.

    Returns:
        The largest distance; None without such a weight.
    """
    found = []
    for variable in own:
        start = common.plain(layer, variable)
        named = variable.name == "bias" or isinstance(layer, NORMALIZATIONS)
        if start is not None and named:
            away = _backend.to_numpy(variable) - float(isinstance(start, Ones))
            found.append(float(np.abs(away).max(initial=0.0)))
    return max(found, default=None)


def waits(weights: list[keras.Variable], gradients: dict[int, Tensor]) -> bool:
    """Whether a weight that multiplies the signal is all zeros and gets a gradient."""
    for variable in weights:
        gradient = gradients.get(id(variable))
        adds = variable.name.endswith(("bias", "beta"))
        if (
            gradient is not None
            and not adds
            and not np.any(_backend.to_numpy(variable))
        ):
            mean, stddev, _ = statistics.finite_moments(gradient)
            size = math.hypot(mean, stddev)
            if verdicts.LEAST_GRADIENT < size < verdicts.MOST_GRADIENT:
                return True
    return False


def kernel(
    layer: keras.Layer,
    variable: keras.Variable,
    gradients: dict[int, Tensor],
    learning_rate: float,
) -> KernelSignal:
    """The numbers of a matrix of weights."""
    values = _backend.to_numpy(variable)
    _, stddev, _ = statistics.finite_moments(values)
    gradient = gradients.get(id(variable))
    gradient_stddev = ratio = None
    if gradient is not None:
        gradient_stddev = statistics.gradient_stddev(gradient)
        if stddev > 0:
            ratio = learning_rate * gradient_stddev / stddev
    return KernelSignal(
        name=variable.name,
        shape=tuple(variable.shape),
        stddev=stddev,
        gradient_stddev=gradient_stddev,
        update_ratio=ratio,
        initializer=drawn_by(layer, variable, stddev),
        is_zero=not np.any(values),
        is_orthogonal=is_orthogonal(values),
    )


def with_wanted(
    model: keras.Layer,
    rows: list[LayerSignal],
    calls: Sequence[tuple[capture.Call, Shape]],
) -> list[LayerSignal]:
    """The rows, whose kernels say what the activation after them wants."""
    owners = Owners(model)
    found = []
    for row, (call, _) in zip(rows, calls, strict=True):
        reader = advice.activated(rows, row)
        activation: tuple[Any, Any] | None = graph.LINEAR
        if reader.activation is not None:
            activation = graph.activation_of(calls[reader.index][0].layer)
        kernels = [
            dataclasses.replace(
                kernel, **_wanted(owners.owner(variable), variable, activation)
            )
            for kernel, variable in zip(row.kernels, call.kernels, strict=True)
        ]
        found.append(dataclasses.replace(row, kernels=kernels))
    return found


def _wanted(
    layer: keras.Layer, variable: keras.Variable, activation: tuple[Any, Any] | None
) -> dict[str, Any]:
    """What the recipe draws a kernel by, where it knows the activation's name."""
    if activation is None or not isinstance(activation[0], str):
        return {}
    wanted = activations.kernel_initializer(layer, variable.name, *activation)
    shape = tuple(variable.shape)
    if wanted is None or not math.prod(shape):
        return {}
    moments = wanted.with_fans(*layer_fans(layer, variable)).moments(shape)
    return {"wanted": repr(wanted), "wanted_stddev": moments and moments[1]}


def drawn_by(layer: keras.Layer, variable: keras.Variable, stddev: float) -> str | None:
    """The initializer that a layer names for a weight, as text, if it drew it.

    The seed is left out, and so are arguments that hold `None`.

    Args:
        layer: The layer.
        variable: The weight.
        stddev: Standard deviation of its values.

    Returns:
        The text; None where the layer names none, where that has no known standard
        deviation, or where the values have another: something else set them.
    """
    names = (variable.name, variable.name.removesuffix("_kernel"), "kernel")
    attributes = [f"{name}_initializer" for name in names]
    named = next((getattr(layer, a) for a in attributes if hasattr(layer, a)), None)
    ours = named if isinstance(named, Initializer) else keras_own.ours_for(named)
    shape = tuple(variable.shape)
    if ours is None or not math.prod(shape):
        return None
    options = [ours, ours.with_fans(*layer_fans(layer, variable))]
    # The standard error of n numbers' stddev is a share of 1 / sqrt(2 n) for normal
    # numbers, and less for uniform and truncated ones.
    tolerance = SIGMAS / math.sqrt(2.0 * math.prod(shape))
    for moments in (option.moments(shape) for option in options):
        if moments is not None and abs(stddev - moments[1]) <= tolerance * moments[1]:
            return _text(named)
    return None


def _text(initializer: Any) -> str:
    """An initializer with its arguments."""
    config = initializer.get_config()
    hidden = {"seed", "dtype"}
    if type(initializer).__name__ != "VarianceScaling":
        hidden |= {"scale", "mode", "distribution", "input_axes", "output_axes"}
    arguments = {k: v for k, v in config.items() if k not in hidden and v is not None}
    if list(arguments) == ["mean", "stddev"] and not arguments["mean"]:
        text = f"{arguments['stddev']:g}"
    else:
        text = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return f"{type(initializer).__name__}({text})"


def is_orthogonal(values: Host) -> bool:
    """Whether the rows or the columns of a kernel are orthogonal and of one length.

    The last axis numbers the columns. Of the shorter side, 16 are looked at.
    """
    if not values.size:
        return False
    matrix = values.reshape(-1, values.shape[-1])
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    some = matrix[:16].astype("float64")
    products = some @ some.T
    lengths = np.diag(products).max(initial=0.0)
    error = np.abs(products - lengths * np.eye(len(some))).max(initial=0.0)
    return bool(len(some) > 1 and lengths > 0 and error < 1e-3 * lengths)
