"""Kernels scaled by the activation that follows them."""

from __future__ import annotations

from typing import Any

import keras

from keras_inits import _errors, gains
from keras_inits._types import RuleList
from keras_inits.initializers import (
    GlorotUniform,
    HeNormal,
    LecunNormal,
    Orthogonal,
    PerGate,
    VarianceScaling,
)
from keras_inits.initializers.base import Initializer
from keras_inits.model import fans, graph
from keras_inits.model.recipes.common import EVERYTHING, plain

XAVIER = ("linear", "sigmoid", "tanh", *gains.WHOLE_VECTOR)


def _initializer_for(activation: Any, slope: float | None = None) -> Initializer:
    """The initializer of a kernel that the activation follows, whatever its layer."""
    if activation in XAVIER:
        return GlorotUniform()
    if activation == "relu":
        return HeNormal()
    if activation == "selu":
        return LecunNormal()
    gain = gains.gain_of(activation, slope)
    return VarianceScaling(gain * gain, "fan_in", "truncated_normal")


def kernel_initializer(
    layer: keras.Layer, role: str, activation: Any, slope: float | None = None
) -> Initializer | None:
    """The initializer of a layer's kernel that an activation follows.

    Args:
        layer: The layer.
        role: Name of the weight in its layer.
        activation: Name of an activation or a function.
        slope: Negative slope of leaky_relu.

    Returns:
        An initializer; None for what is not a kernel.
    """
    if not role.endswith("kernel"):
        return None
    gates = fans.gates_of(layer)
    if gates:
        if role == "recurrent_kernel" and not fans.is_convolutional_cell(layer):
            return PerGate(Orthogonal(), gates)
        return GlorotUniform()
    if role == "depthwise_kernel":  # its pointwise kernel stands between
        return _initializer_for("linear")
    return _initializer_for(activation, slope)


class _ByActivation:
    """The value of the recipe's rule."""

    def __init__(self, model: keras.Layer | None = None) -> None:
        self.graph = None if model is None else graph.Graph(model)

    def bound_to(self, model: keras.Layer) -> _ByActivation:
        """The value for one model, whose graph is known."""
        return _ByActivation(model)

    def _activation(self, layer: keras.Layer) -> tuple[Any, float | None]:
        own = graph.activation_of(layer)
        if own is not None:
            return own
        return (
            graph.LINEAR if self.graph is None else self.graph.activation_after(layer)
        )

    @_errors.named("recipes.by_activation")
    def __call__(
        self, layer: keras.Layer, variable: keras.Variable
    ) -> Initializer | None:
        if variable.name.endswith("kernel"):
            activation = self._activation(layer)
            return kernel_initializer(layer, variable.name, *activation)
        return None if fans.gates_of(layer) else plain(layer, variable)


def by_activation() -> RuleList:
    """Kernels scaled by the gain of the activation that follows their layer.

    | activation | kernel |
    | --- | --- |
    | relu | He: `N(0, 2 / fan_in)`, truncated |
    | leaky_relu, PReLU | `2 / ((1 + slope**2) fan_in)` in its place |
    | tanh, sigmoid, softmax, none | Xavier: `U(-b, b)`, \
`b = sqrt(6 / (fan_in + fan_out))` |
    | selu | LeCun: `N(0, 1 / fan_in)`, truncated |
    | gelu, silu, elu, mish, softplus, a function, ... | `N(0, gain**2 / fan_in)`, \
truncated, with the gain of `calculate_gain` |

    The activation is the layer's own; where that is linear it is, in functional
    and sequential models, the nearest one that the layer's output meets on its way
    through normalization, dropout, reshaping, padding, pooling, concatenation and
    sums. Elsewhere a layer without an activation counts as linear. Biases and
    shifts become zeros, scales ones. Recurrent layers, whose activations are tanh
    and sigmoid, get Xavier and orthogonal kernels gate by gate, and keep their
    biases.

    Returns:
        Rules for `initialize`; embeddings and other tables are left to the rules
        after them.

    Reference:
        He et al. 2015, equations 10 and 15, https://arxiv.org/abs/1502.01852;
        Glorot and Bengio 2010, equation 16; Klambauer et al. 2017,
        paragraph "Initialization", https://arxiv.org/abs/1706.02515
    """
    return [(EVERYTHING, _ByActivation())]
