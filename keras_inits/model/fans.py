"""The fans of a weight whose layer is known.

A shape says how large a weight is, the layer says how it is used: in groups,
by strides, gate by gate. Here the layer is asked; `keras_inits.fans` reads a
shape alone. To add a layer: a function from its weight to the fans, a row in
`FAMILIES`, a row in the table of `fans_of` and one in `tests/model/layers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import keras

from keras_inits import _checks, _errors
from keras_inits._types import Fans, Shape
from keras_inits.fans import compute_fans, einsum_axes, einsum_operands
from keras_inits.model.owners import Owners, own_variables

layers = keras.layers

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
# The layers that multiply by a kernel, recurrent ones aside.
WEIGHTED = (
    *(layers.Dense, layers.EinsumDense),
    *(*CONVOLUTIONS, *TRANSPOSED, *DEPTHWISE, *SEPARABLE),
)
EMBEDDINGS = (layers.Embedding,)
NORMALIZATIONS = (
    layers.BatchNormalization,
    layers.GroupNormalization,
    layers.LayerNormalization,
    layers.RMSNormalization,
)
GATES = {layers.SimpleRNNCell: 1, layers.GRUCell: 3, layers.LSTMCell: 4}

# Along which a layer's bias is added to what a kernel gives.
KERNELS = ("kernel", "pointwise_kernel")


def is_convolutional_cell(layer: keras.Layer) -> bool:
    """Whether the layer is the cell of a ConvLSTM, which Keras does not export."""
    return any(parent.__name__ == "ConvLSTMCell" for parent in type(layer).__mro__)


def gates_of(layer: keras.Layer) -> int:
    """How many gates lie side by side in a recurrent cell's kernels, 0 if none."""
    if is_convolutional_cell(layer):
        return 4
    for cell, gates in GATES.items():
        if isinstance(layer, cell):
            return gates
    return 0


def _whole(fans: Fans) -> Fans:
    """Each an int where it is whole."""
    fan_in, fan_out = (int(fan) if fan == int(fan) else fan for fan in fans)
    return fan_in, fan_out


def _dense(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    return shape[0], shape[1]


def _convolution(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    *kernel_size, inputs, filters = shape
    field = math.prod(kernel_size)
    fan_out = field * filters / layer.groups / math.prod(_strides(layer, shape))
    return field * inputs, fan_out


def _transposed(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    *kernel_size, filters, inputs = shape
    field = math.prod(kernel_size)
    return field * inputs / math.prod(_strides(layer, shape)), field * filters


def _depthwise(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    *kernel_size, _, multiplier = shape
    field = math.prod(kernel_size)
    return field, field * multiplier / math.prod(_strides(layer, shape))


def _separable(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    if role == "depthwise_kernel":
        return _depthwise(layer, role, shape)
    return shape[-2], shape[-1]


def _strides(layer: keras.Layer, shape: Shape) -> Sequence[int]:
    """A layer's strides, one for each axis of the kernel's receptive field."""
    strides = layer.strides
    if isinstance(strides, int):
        return (strides,) * (len(shape) - 2)
    return strides


def _summed_beside(layer: keras.Layer) -> int:
    """How many inputs EinsumDense adds up with one and the same weight.

    These stand along axes of the input that neither kernel nor output has. An axis
    whose length the layer was not built with counts as 1.
    """
    inputs, kernel, output = einsum_operands(layer.equation)
    config = layer.get_build_config()
    shape = config.get("input_shape") if isinstance(config, Mapping) else None
    front, _, back = inputs.partition("...")
    lengths = dict(zip(front, shape or (), strict=False))
    lengths.update(zip(back[::-1], (shape or ())[::-1], strict=False))
    return math.prod(
        lengths.get(letter) or 1
        for letter in front + back
        if letter not in kernel and letter not in output
    )


def _einsum(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    summed, made, _ = einsum_axes(layer.equation)
    return (
        math.prod(shape[axis] for axis in summed) * _summed_beside(layer),
        math.prod(shape[axis] for axis in made),
    )


def _embedding(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    return shape[0] if role == "reverse_embeddings" else 1, shape[1]


def _elementwise(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    return 1, 1


def _recurrent(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    return shape[0], shape[1] / gates_of(layer)


def _additive_attention(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    return shape[0], 1


def _convolutional_cell(layer: keras.Layer, role: str, shape: Shape) -> Fans:
    *kernel_size, inputs, filters = shape
    field = math.prod(kernel_size)
    strides = math.prod(layer.strides) if role == "kernel" else 1
    return field * inputs, field * filters / gates_of(layer) / strides


# Classes, the names of the weights that the function knows (None: all), the function.
FAMILIES = (
    ((layers.Dense,), KERNELS, _dense),
    ((layers.EinsumDense,), KERNELS, _einsum),
    (DEPTHWISE, KERNELS, _depthwise),
    (SEPARABLE, ("depthwise_kernel", "pointwise_kernel"), _separable),
    (CONVOLUTIONS, KERNELS, _convolution),
    (TRANSPOSED, KERNELS, _transposed),
    (EMBEDDINGS, ("embeddings", "reverse_embeddings"), _embedding),
    (tuple(GATES), ("kernel", "recurrent_kernel"), _recurrent),
    ((layers.AdditiveAttention,), ("scale",), _additive_attention),
    ((layers.Attention, layers.PReLU, *NORMALIZATIONS), None, _elementwise),
)


def kernel_of(layer: keras.Layer) -> keras.Variable | None:
    """The kernel to whose result a layer's bias is added, or None."""
    named = {variable.name: variable for variable in own_variables(layer)}
    return next((named[role] for role in reversed(KERNELS) if role in named), None)


def layer_fans(layer: keras.Layer, variable: keras.Variable) -> Fans:
    """`fans_of` for a weight and its owner."""
    role, shape = variable.name, tuple(variable.shape)
    if role == "bias":
        kernel = kernel_of(layer)
        if kernel is not None:
            return layer_fans(layer, kernel)
    if is_convolutional_cell(layer):
        return _whole(_convolutional_cell(layer, role, shape))
    for classes, roles, function in FAMILIES:
        if isinstance(layer, classes) and (roles is None or role in roles):
            return _whole(function(layer, role, shape))
    return compute_fans(shape)


@_errors.named("fans_of")
def fans_of(layer: keras.Layer, variable: keras.Variable) -> Fans:
    """The fans of a layer's weight, counted by how the layer uses it.

    `fan_in` is the number of inputs that meet in one output, `fan_out` the number
    of outputs that one input goes to, away from the borders and on average over
    positions where a stride makes them differ. So independent weights of variance
    `1 / fan_in` keep the mean square of a signal, and those of variance
    `1 / fan_out` that of a gradient.

    | layer | weight | `fan_in` | `fan_out` |
    | --- | --- | --- | --- |
    | Dense | kernel `(in, out)` | in | out |
    | Conv1D, 2D, 3D | kernel `(*k, in / groups, out)` | K in / groups | \
K out / (groups S) |
    | Conv1D, 2D, 3DTranspose | kernel `(*k, out, in)` | K in / S | K out |
    | DepthwiseConv1D, 2D | kernel `(*k, in, mult)` | K | K mult / S |
    | SeparableConv1D, 2D | depthwise_kernel `(*k, in, mult)` | K | K mult / S |
    | | pointwise_kernel `(.., in mult, out)` | in mult | out |
    | EinsumDense, and with it MultiHeadAttention and GroupQueryAttention | kernel \
| axes that the output lacks, also those of the input alone | axes that only kernel \
and output have |
    | Embedding | embeddings `(rows, out)` | 1 | out |
    | ReversibleEmbedding | reverse_embeddings `(in, rows)` | in | rows |
    | SimpleRNN, GRU, LSTM | kernel `(in, gates units)` | in | units |
    | | recurrent_kernel `(units, gates units)` | units | units |
    | ConvLSTM1D, 2D, 3D | kernel `(*k, in, 4 out)` | K in | K out / S |
    | | recurrent_kernel `(*k, out, 4 out)` | K out | K out |
    | AdditiveAttention | scale `(in,)` | in | 1 |
    | any of these | bias | that of its kernel | that of its kernel |
    | normalizations, PReLU, Attention | any | 1 | 1 |
    | any other | any | by `compute_fans` | by `compute_fans` |

    K is the product of the kernel's size, S that of the strides; dilation changes
    neither. Where EinsumDense sums an axis that the kernel lacks, as b of
    "abc,cd->ad", its length is that of the input that the layer was built for, and 1
    if that was None. An embedding picks one row, so its fan_in is 1, also where a
    ReversibleEmbedding uses the same table the other way. A wrapper
    (Bidirectional, TimeDistributed) or a nested model passes the question on to
    the layer inside that owns the weight: the one that made it.

    >>> layer = keras.layers.Conv2D(8, 3, groups=2)
    >>> layer.build((None, 32, 32, 4))
    >>> fans_of(layer, layer.kernel)
    (18, 36)
    >>> compute_fans(layer.kernel.shape)
    (18, 72)

    Args:
        layer: A built layer or model.
        variable: One of its weights.

    Returns:
        `(fan_in, fan_out)`, integers, or floats where a stride leaves a fraction.

    Raises:
        ValueError: If `variable` is not a weight of `layer`.

    Reference:
        He et al. 2015, section 2.2, "Forward Propagation Case" and "Backward
        Propagation Case", https://arxiv.org/abs/1502.01852, where the stride is 1.
    """
    _checks.check_layer("layer", layer)
    holder = Owners(layer).owner(variable)
    if holder is None:
        name = variable.path if isinstance(variable, keras.Variable) else variable
        _errors.raise_bad_value(
            "variable", f"a weight of the layer {layer.name!r}", name
        )
    return layer_fans(holder, variable)
