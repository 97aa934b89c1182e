"""PyTorch's defaults."""

from __future__ import annotations

import math

import keras

from keras_inits import _checks, _errors
from keras_inits._types import Integer, RuleList
from keras_inits.initializers import (
    Constant,
    Ones,
    RandomNormal,
    RandomUniform,
    ZeroRow,
    Zeros,
)
from keras_inits.initializers.base import Initializer
from keras_inits.model import fans
from keras_inits.model.addresses import layers_of
from keras_inits.model.recipes.common import ATTENTION, EVERYTHING

layers = keras.layers

PRELU = 0.25


def _uniform(fan: float) -> RandomUniform:
    bound = 1.0 / math.sqrt(max(1, fan))
    return RandomUniform(-bound, bound)


def _torch_fan_in(layer: keras.Layer, kernel: keras.Variable) -> float:
    """The fan_in that PyTorch counts: `weight.shape[1] * kernel_size`."""
    shape = tuple(kernel.shape)
    if isinstance(layer, fans.TRANSPOSED):
        *kernel_size, outputs, _ = shape
        return math.prod(kernel_size) * outputs
    return fans.layer_fans(layer, kernel)[0]


class _Defaults:
    """The value of the recipe's rule."""

    def __init__(self, padding_idx: int | None) -> None:
        self.padding_idx = padding_idx
        self.packed: dict[int, float] = {}

    def bound_to(self, model: keras.Layer) -> _Defaults:
        """The value for one model, whose attention layers are known."""
        bound = _Defaults(self.padding_idx)
        for attention in layers_of(model):
            if isinstance(attention, ATTENTION):
                bound.packed.update(_packed_bounds(attention))
        return bound

    def __call__(
        self, layer: keras.Layer, variable: keras.Variable
    ) -> Initializer | None:
        role = variable.name
        if id(variable) in self.packed:
            limit = self.packed[id(variable)]
            return RandomUniform(-limit, limit) if limit else Zeros()
        if fans.gates_of(layer) and not fans.is_convolutional_cell(layer):
            return _uniform(layer.units)
        if isinstance(layer, fans.WEIGHTED):
            if role == "bias":
                return _uniform(_torch_fan_in(layer, fans.kernel_of(layer)))
            if role.endswith("kernel"):
                return _uniform(_torch_fan_in(layer, variable))
        if role == "reverse_embeddings":
            return _uniform(variable.shape[0])
        if isinstance(layer, layers.Embedding) and role == "embeddings":
            table = RandomNormal(0.0, 1.0)
            if self.padding_idx is None:
                return table
            return ZeroRow(table, self.padding_idx)
        if isinstance(layer, fans.NORMALIZATIONS):
            return {"gamma": Ones(), "scale": Ones(), "beta": Zeros()}.get(role)
        if isinstance(layer, layers.PReLU):
            return Constant(PRELU)
        return None


def _packed_bounds(attention: keras.Layer) -> dict[int, float]:
    """Bounds of the weights that PyTorch's MultiheadAttention sets itself.

    Returns:
        A mapping from a variable's id to the bound, 0 for the biases.
    """
    parts = {
        part.name: {variable.name: variable for variable in part.weights}
        for part in layers_of(attention)
        if isinstance(part, layers.EinsumDense)
    }
    named = [name for name in ("query", "key", "value") if name in parts]
    kernels = [parts[name]["kernel"] for name in named]
    inputs = [kernel.shape[0] for kernel in kernels]
    outputs = [math.prod(kernel.shape[1:]) for kernel in kernels]
    # One matrix if all three read the same width, else one for each.
    packed = len(set(inputs)) == 1
    bounds = {}
    for kernel, fan_in, fan_out in zip(kernels, inputs, outputs, strict=True):
        fan_out = sum(outputs) if packed else fan_out
        bounds[id(kernel)] = math.sqrt(6.0 / (fan_in + fan_out))
    for part in parts.values():
        if "bias" in part:
            bounds[id(part["bias"])] = 0.0
    return bounds


@_errors.named("recipes.pytorch")
def pytorch(padding_idx: Integer | None = None) -> RuleList:
    """The distributions that PyTorch's layers draw their parameters from by default.

    | PyTorch | distribution |
    | --- | --- |
    | Linear, Conv1d, 2d, 3d, their weight and bias | `U(-b, b)`, \
`b = 1 / sqrt(fan_in)` |
    | ConvTranspose1d, 2d, 3d | the same with `fan_in = out * k`, see below |
    | RNN, LSTM, GRU cells, all parameters | `U(-b, b)`, `b = 1 / sqrt(units)` |
    | Embedding | `N(0, 1)`, the row `padding_idx` zero |
    | MultiheadAttention, query, key, value | `U(-b, b)`, \
`b = sqrt(6 / (fan_in + fan_out))` of the three packed as one matrix |
    | MultiheadAttention, output projection | as Linear; all biases zero |
    | BatchNorm, LayerNorm, GroupNorm, RMSNorm | weight one, bias zero |
    | PReLU | 0.25 |

    The bias takes the fan_in of its kernel. Kept as PyTorch has them: a
    transposed convolution's fan_in is counted from its *output* channels, because
    the weight is stored as `(in, out / groups, *k)` and the second axis is taken
    for the input; query, key and value are packed only where all three read the
    same width. PyTorch's LSTM and RNN add two biases where Keras has one, which
    is drawn like one of the two. A depthwise convolution is a grouped one, and
    SeparableConv is a depthwise one and a 1x1 one. EinsumDense, and the untied
    table of a ReversibleEmbedding, count as Linear.

    Args:
        padding_idx: The row of every Embedding that is zero, an integer, or None.

    Returns:
        Rules for `initialize`; weights of layers that PyTorch lacks are left to
        the rules after them.

    Raises:
        ValueError: If `padding_idx` is not an integer or None.

    Reference:
        `reset_parameters` in `torch.nn.modules` linear, conv, rnn, sparse,
        batchnorm, normalization and activation (MultiheadAttention, PReLU), torch
        2.13: `kaiming_uniform_(a=sqrt(5))` is `U(-1/sqrt(fan_in), 1/sqrt(fan_in))`
        by He et al. 2015, equation 15, https://arxiv.org/abs/1502.01852
    """
    if padding_idx is not None:
        padding_idx = _checks.check_integer("padding_idx", padding_idx)
    return [(EVERYTHING, _Defaults(padding_idx))]
