"""Recipes for transformers.

A recipe must know which weights end a residual branch, are part of a feed-forward
block or make the head. The names that common code gives them are in `common`;
every recipe takes other keys in their place.
"""

import math

from keras_inits import _checks
from keras_inits.engine.decimals import power
from keras_inits.initializers import (
    RandomNormal,
    TruncatedNormal,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from keras_inits.model.recipes import common

STDDEV = 0.02


def _layers(owner, argument, value):
    return _checks.whole(owner, argument, value, 1)


def gpt2(num_layers, *, residual=common.RESIDUAL_OUTPUT):
    """GPT-2: `N(0, 0.02**2)`, smaller where a residual branch ends.

    Kernels and embeddings follow `N(0, 0.02**2)`. The kernels that project back
    onto the residual stream, one of the attention and one of the feed-forward
    part in each of the `num_layers` blocks, have the deviation

        0.02 / sqrt(2 * num_layers)

    so that the sum of the 2 `num_layers` branches does not grow with depth. Biases
    and shifts are zeros, scales ones.

    Args:
        num_layers: Number of blocks, 1 or above.
        residual: Key of the kernels that end a residual branch; by default the
            usual names of attention and feed-forward output projections.

    Returns:
        Rules for `initialize`.

    Raises:
        ValueError: If `num_layers` is not an integer of 1 or above.

    Reference:
        Radford et al. 2019, section 2.3, for the factor `1 / sqrt(N)` with N
        residual layers; Radford et al. 2018, section 4.1, for 0.02. OpenAI's code
        draws the positions' table with 0.01 and leaves the factor out; the paper
        is followed here.
    """
    count = _layers("recipes.gpt2", "num_layers", num_layers)
    small = RandomNormal(0.0, STDDEV / math.sqrt(2 * count))
    return [(residual, small), *_normal_everywhere(RandomNormal(0.0, STDDEV))]


def _normal_everywhere(initializer):
    """The rule that draws every matrix and table, and sets the rest plainly."""

    def value(layer, variable):
        if common.is_matrix(variable):
            return initializer
        return common.plain(layer, variable)

    return [(common.EVERYTHING, value)]


def vit(*, head=common.HEAD):
    """Vision transformers: truncated normal of 0.02, and a head of zeros.

    Kernels and embeddings follow `N(0, 0.02**2)` cut at two deviations (what is
    left has the deviation 0.0176), biases and shifts are zeros, scales ones. The
    head is zero, so training starts from even predictions.

    Args:
        head: Key of the head's weights; by default those of layers called head,
            predictions, classifier, logits and the like.

    Returns:
        Rules for `initialize`.

    Reference:
        Touvron et al. 2021, section 6, "Initialization and hyper-parameters", for
        the truncated normal law, https://arxiv.org/abs/2012.12877; Dosovitskiy et
        al. 2021, section 3.2, for the zero head of fine-tuning,
        https://arxiv.org/abs/2010.11929. The former gives neither deviation nor
        cut: 0.02 is its code's, whose cut at -2 and 2 is 100 deviations away and
        cuts nothing. The cut at two deviations is chosen here.
    """
    return [(head, Zeros()), *_normal_everywhere(TruncatedNormal(0.0, STDDEV))]


def _stacks(owner, encoder_layers, decoder_layers, table):
    """What a paper's table has for each stack of a model.

    `table` has functions of the number of layers for "encoder" and "decoder", and
    of both numbers for "both".
    """
    if encoder_layers is None and decoder_layers is None:
        rule = "an integer, 1 or above, or `decoder_layers` must be one"
        _checks.fail(owner, "encoder_layers", rule, None)
    for argument, count in (
        ("encoder_layers", encoder_layers),
        ("decoder_layers", decoder_layers),
    ):
        if count is not None:
            _layers(owner, argument, count)
    if decoder_layers is None:
        return {"encoder": table["encoder"](encoder_layers)}
    if encoder_layers is None:
        return {"decoder": table["decoder"](decoder_layers)}
    return table["both"](encoder_layers, decoder_layers)


def _stack_of(variable, stacks):
    """What a weight's stack has; with two, its path says which is its own."""
    if len(stacks) == 1:
        return next(iter(stacks.values()))
    named = [name for name in stacks if name in variable.path.lower()]
    return stacks[named[0]] if len(named) == 1 else None


def _is_scaled(layer, variable, feed_forward):
    """Whether a kernel is one of those that both papers scale."""
    if variable.name == "kernel" and layer.name in ("value", "attention_output"):
        return True
    return feed_forward.search(variable.path) is not None


def deepnorm(
    encoder_layers=None, decoder_layers=None, *, feed_forward=common.FEED_FORWARD
):
    """DeepNorm: Xavier, with small values and outputs in deep transformers.

    The kernels of the feed-forward parts and of the attention's value and output
    projections follow the Xavier normal law with the gain beta, those of query
    and key the one with gain 1. With N encoder and M decoder layers

    | model | stack | alpha | beta |
    | --- | --- | --- | --- |
    | encoder alone | encoder | `(2 N)**(1/4)` | `(8 N)**(-1/4)` |
    | decoder alone | decoder | `(2 M)**(1/4)` | `(8 M)**(-1/4)` |
    | both | encoder | `0.81 (N**4 M)**(1/16)` | `0.87 (N**4 M)**(-1/16)` |
    | both | decoder | `(3 M)**(1/4)` | `(12 M)**(-1/4)` |

    alpha is the model's business: a block computes
    `LayerNorm(alpha * x + f(x))`. The other weights are left to the rules after
    these. With both stacks a weight's path tells which is its own, by the words
    encoder and decoder.

    Args:
        encoder_layers: Number N of encoder layers, or None if there is no encoder.
        decoder_layers: Number M of decoder layers, or None.
        feed_forward: Compiled regular expression, searched for in the path of a
            kernel of the feed-forward parts.

    Returns:
        Rules for `initialize`.

    Raises:
        ValueError: If neither number is given, or one is not an integer of 1 or
            above.

    Reference:
        Wang et al. 2022, "DeepNet", figure 2 and section 4.3,
        https://arxiv.org/abs/2203.00555
    """
    betas = _stacks(
        "recipes.deepnorm",
        encoder_layers,
        decoder_layers,
        {
            "encoder": lambda n: power(8 * n, -0.25),
            "decoder": lambda m: power(8 * m, -0.25),
            "both": lambda n, m: {
                "encoder": 0.87 * power(n * n * n * n * m, -0.0625),
                "decoder": power(12 * m, -0.25),
            },
        },
    )

    def value(layer, variable):
        beta = _stack_of(variable, betas)
        if beta is not None and _is_scaled(layer, variable, feed_forward):
            return XavierNormal(gain=beta)
        if variable.name == "kernel" and layer.name in ("query", "key"):
            return XavierNormal()
        return None

    return [(common.EVERYTHING, value)]


def t_fixup(
    encoder_layers=None, decoder_layers=None, *, feed_forward=common.FEED_FORWARD
):
    """T-Fixup: transformers without layer normalization or warm-up.

    All kernels follow the Xavier uniform law, embeddings `N(0, 1 / d)` for their
    width d. Then, with N layers in a stack, the attention's value and output
    projections and the feed-forward kernels are multiplied by

        0.67 * N**(-1/4)  in the encoder,    (9 N)**(-1/4)  in the decoder

    and the embeddings by `(9 N)**(-1/4)`, with the decoder's N where there is
    one. Biases are zeros. With both stacks a weight's path tells which is its
    own, by the words encoder and decoder.

    Args:
        encoder_layers: See `deepnorm`.
        decoder_layers: See `deepnorm`.
        feed_forward: See `deepnorm`.

    Returns:
        Rules for `initialize`.

    Raises:
        ValueError: If neither number is given, or one is not an integer of 1 or
            above.

    Reference:
        Huang, Perez, Ba, Volkovs 2020, "Improving Transformer Optimization
        Through Better Initialization", the steps of T-Fixup,
        https://proceedings.mlr.press/v119/huang20f.html. The authors' code also
        multiplies the value projections by sqrt(2), for fairseq draws them with
        the gain 1 / sqrt(2), as if packed with those of query and key; the paper,
        which is followed here, does not.
    """

    def encoder(n):
        return 0.67 * power(n, -0.25)

    def decoder(n):
        return power(9 * n, -0.25)

    gains = _stacks(
        "recipes.t_fixup",
        encoder_layers,
        decoder_layers,
        {
            "encoder": encoder,
            "decoder": decoder,
            "both": lambda n, m: {"encoder": encoder(n), "decoder": decoder(m)},
        },
    )
    table_gain = decoder(encoder_layers if decoder_layers is None else decoder_layers)

    def value(layer, variable):
        if variable.name.endswith(("embeddings", "embedding")):
            width = variable.shape[-1]
            return RandomNormal(0.0, table_gain / math.sqrt(width))
        if variable.name == "bias":
            return Zeros()
        if not variable.name.endswith("kernel"):
            return None
        gain = _stack_of(variable, gains)
        if gain is not None and _is_scaled(layer, variable, feed_forward):
            return XavierUniform(gain=gain)
        return XavierUniform()

    return [(common.EVERYTHING, value)]
