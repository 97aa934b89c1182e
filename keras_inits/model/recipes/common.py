"""What the recipes share: the rule for everything, and names of parts of models."""

import re

import keras

from keras_inits.initializers import Ones, Zeros
from keras_inits.initializers.base import Initializer

layers = keras.layers

ATTENTION = (layers.MultiHeadAttention, layers.GroupQueryAttention)

# How common code names the projections that end a residual branch and the dense
# layers of a feed-forward part: keras_hub's blocks and the names of GPT-2, ViT,
# timm and fairseq. Names that Keras numbers say nothing, so they are not here.
FEED_FORWARD_OUT = r"feedforward_output_dense|ffn_output|mlp_output|fc2|mlp/c_proj"
FEED_FORWARD = re.compile(
    rf"(^|/)({FEED_FORWARD_OUT}|feedforward_\w+|ffn_\w+|mlp_\w+|fc1|mlp/\w+|ffn/\w+)"
    r"/kernel$"
)
RESIDUAL_OUTPUT = re.compile(
    rf"(^|/)(attention_output|attn/c_proj|out_proj|{FEED_FORWARD_OUT})/kernel$"
)
HEAD = re.compile(
    r"(^|/)(head|heads|classifier|classification_head|predictions|logits)"
    r"(/\w+)*/(kernel|bias)$"
)

EVERYTHING = layers.Layer


def plain(layer: keras.Layer, variable: keras.Variable) -> Initializer | None:
    """Zeros for biases and shifts, ones for scales, None for everything else."""
    role = variable.name
    if role in ("bias", "beta"):
        return Zeros()
    if role == "gamma":
        return Ones()
    if role == "scale" and isinstance(layer, layers.RMSNormalization):
        return Ones()
    return None


def is_matrix(variable: keras.Variable) -> bool:
    """Whether a weight is one that recipes draw: a kernel or a table."""
    return variable.name.endswith(("kernel", "embeddings", "embedding"))
