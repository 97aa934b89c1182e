"""The initializer that a layer was configured with for one of its weights.

Keras does not keep an initializer with its variable, so it is told here from the
layer's arguments, as the layer's `build` uses them. To add a layer whose `build` does
something else with a weight: a row in `FIXED` or a function in `_special`.
"""

import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_inits.initializers import (
    STFT,
    GlorotUniform,
    HeUniform,
    Ones,
    TruncatedNormal,
    Zeros,
)
from keras_inits.initializers.base import Initializer
from keras_inits.initializers.keras_own import for_einsum
from keras_inits.model.composites import Blocks, SquareRoot
from keras_inits.model.fans import (
    DEPTHWISE,
    gates_of,
    is_convolutional_cell,
)
from keras_inits.model.owners import own_variables
from keras_inits.model.replica import as_given
from keras_inits.model.rules import Weight, as_initializer

Ask = Callable[[keras.Layer, str], Any]

layers = keras.layers

# The weights whose argument is not called `<weight>_initializer`.
ARGUMENTS = {
    "recurrent_kernel": "recurrent_initializer",
    "depthwise_kernel": "depthwise_initializer",
    "pointwise_kernel": "pointwise_initializer",
    "reverse_embeddings": "embeddings_initializer",
}

# The weights that a layer initializes without an argument. LoRA's two factors get
# the defaults of `enable_lora`, which does not keep what it was given.
FIXED = (
    (layers.RMSNormalization, "scale", Ones()),
    (layers.AdditiveAttention, "scale", GlorotUniform(seed=0)),
    (layers.Attention, "scale", Ones()),
    (layers.Attention, "concat_score_weight", Ones()),
    (layers.SpectralNormalization, "vector_u", TruncatedNormal(stddev=0.02, seed=0)),
    (layers.Layer, "lora_kernel_a", HeUniform(seed=0)),
    (layers.Layer, "lora_kernel_b", Zeros()),
    (layers.Layer, "lora_embeddings_a", HeUniform(seed=0)),
    (layers.Layer, "lora_embeddings_b", Zeros()),
)


def as_default(layer: keras.Layer, argument: str) -> Any:
    """The default of an argument of a layer's class, or None."""
    for parent in type(layer).__mro__:
        parameters = inspect.signature(parent).parameters
        if argument in parameters:
            default = parameters[argument].default
            return None if default is inspect.Parameter.empty else default
    return None


def _forget_gate(layer: keras.Layer, weight: Weight, ask: Ask) -> Initializer:
    """An LSTM's bias: ones for the forget gate, the second of four."""
    inner = as_initializer(ask(layer, "bias_initializer"))
    if not ask(layer, "unit_forget_bias"):
        return inner
    units = weight.shape[-1] // 4
    return Blocks([(inner, units), (Ones(), units), (inner, 2 * units)])


def _renormalized(layer: keras.Layer, weight: Weight, ask: Ask) -> Initializer:
    """The statistics that BatchNormalization keeps for its renormalization."""
    if weight.role == "renorm_mean":
        return as_initializer(ask(layer, "moving_mean_initializer"))
    return SquareRoot(as_initializer(ask(layer, "moving_variance_initializer")))


def _einsum(layer: keras.Layer, weight: Weight, ask: Ask) -> Initializer:
    """EinsumDense gives its kernel's axes to an initializer that lacks them."""
    return for_einsum(as_initializer(ask(layer, "kernel_initializer")), layer.equation)


def _spectrogram(layer: keras.Layer, weight: Weight, ask: Ask) -> Initializer:
    side = weight.role.split("_")[0]
    return STFT(side, layer.window, layer.scaling, layer.periodic)


def _special(
    layer: keras.Layer, role: str
) -> Callable[[keras.Layer, Weight, Ask], Initializer] | None:
    """The function that knows a weight which its `build` treats in its own way."""
    if role == "bias" and (gates_of(layer) == 4 or is_convolutional_cell(layer)):
        return _forget_gate
    if isinstance(layer, layers.BatchNormalization) and role in (
        *("moving_stddev", "renorm_mean", "renorm_stddev"),
    ):
        return _renormalized
    if isinstance(layer, layers.EinsumDense) and role == "kernel":
        return _einsum
    if isinstance(layer, layers.STFTSpectrogram):
        return _spectrogram
    return None


def _argument(layer: keras.Layer, role: str) -> str:
    if role == "kernel" and isinstance(layer, DEPTHWISE):
        return "depthwise_initializer"
    return ARGUMENTS.get(role, f"{role}_initializer")


def configured(weight: Weight, ask: Ask = as_given) -> Initializer | None:
    """The initializer that a weight's layer has for it.

    Args:
        weight: The `rules.Weight`.
        ask: `as_given` for what the layer was made with, `as_default` for the
            default of its class.

    Returns:
        An initializer, or None if the layer does not tell.
    """
    layer, role = weight.layer, weight.role
    special = _special(layer, role)
    if special is not None:
        return special(layer, weight, ask)
    for cls, name, initializer in FIXED:
        if isinstance(layer, cls) and role == name:
            return initializer
    found = ask(layer, _argument(layer, role))
    if found is None and len(own_variables(layer)) == 1:
        found = ask(layer, "initializer")
    return None if found is None else as_initializer(found)


def is_statistic(weight: Weight) -> bool:
    """Whether a weight holds what a preprocessing layer learned from data."""
    return isinstance(weight.layer, layers.Normalization)
