"""Recipes for transformers.

A recipe must know which weights end a residual branch, are part of a feed-forward
block or make the head. The model's graph says so, see `branches`, and the names
that common code gives them, which are in `common`, where there is none; every
recipe takes a key in their place.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Collection
from typing import Any

import keras

from keras_inits import _checks, _errors
from keras_inits._types import Integer, RuleKey, RuleList
from keras_inits.engine.decimals import power
from keras_inits.initializers import (
    RandomNormal,
    TruncatedNormal,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from keras_inits.initializers.base import Initializer
from keras_inits.model import branches
from keras_inits.model.addresses import addresses
from keras_inits.model.recipes import common

STDDEV = 0.02


class _Ends:
    """The value of the rule for the kernels that end a residual branch of GPT-2."""

    def __init__(
        self, count: int, initializer: Initializer, ends: Collection[int] = ()
    ) -> None:
        self.count = count
        self.initializer = initializer
        self.ends = ends

    @_errors.named("recipes.gpt2")
    def bound_to(self, model: keras.Layer) -> _Ends:
        """The value for one model, whose branches are known."""
        found = branches.branches_of(model, common.RESIDUAL_OUTPUT)
        ends = {id(variable) for variable in found.ends}
        if 2 * self.count not in (len(ends), len(found.ends)):
            rule = "half the number of the model's residual branches"
            way_out = "name the kernels that end a branch by `residual`."
            hint = _found(found, found.ends, 2, way_out)
            _errors.raise_bad_value("num_layers", rule, self.count, hint)
        return _Ends(self.count, self.initializer, ends)

    def __call__(
        self, layer: keras.Layer, variable: keras.Variable
    ) -> Initializer | None:
        return self.initializer if id(variable) in self.ends else None


def _found(
    found: branches.Branches, ends: list[keras.Variable], each: int, way_out: str
) -> str:
    """What was found of residual branches, and what was perhaps missed, as text.

    There should be `each` of them in a layer.
    """
    text = f"Found {len(ends)}, ending in {found.named(ends)}" if ends else "Found none"
    text += f". Perhaps missed: {found.named(found.missed)}." if found.missed else "."
    count, rest = divmod(len(ends), each)
    give = f"Give {count}, or {way_out}" if count and not rest else way_out
    return f"{text} {give[0].upper()}{give[1:]}"


@_errors.named("recipes.gpt2")
def gpt2(num_layers: Integer, *, residual: RuleKey | None = None) -> RuleList:
    """GPT-2: `N(0, 0.02**2)`, smaller where a residual branch ends.

    Kernels and embeddings follow `N(0, 0.02**2)`. The kernels that project back
    onto the residual stream, one of the attention and one of the feed-forward
    part in each of the `num_layers` blocks, have the standard
    deviation

        0.02 / sqrt(2 * num_layers)

    so that the sum of the 2 `num_layers` branches does not grow with depth. Biases
    and shifts are zeros, scales ones.

    The kernels are found in the model's graph, which custom layers leave when
    they are called with symbolic tensors: a branch ends with the last kernel
    before the sum with what it was computed from. Names are asked only where a
    layer cannot be called so.

    Args:
        num_layers: Number of blocks, 1 or above. In a model whose blocks have other
            numbers of branches, half of the number of all.
        residual: Key of the kernels that end a residual branch, in place of what
            the graph says.

    Returns:
        Rules for `initialize`, which refuse a model that has another number of
        residual branches.

    Raises:
        ValueError: If `num_layers` is not an integer of 1 or above.

    Reference:
        Radford et al. 2019, section 2.3, for the factor `1 / sqrt(N)` with N
        residual layers; Radford et al. 2018, section 4.1, for 0.02. OpenAI's code
        draws the positions' table with 0.01 and leaves the factor out; the paper
        is followed here.
    """
    count = _checks.check_count("num_layers", num_layers)
    small = RandomNormal(0.0, STDDEV / math.sqrt(2 * count))
    first = (
        (common.EVERYTHING, _Ends(count, small))
        if residual is None
        else (residual, small)
    )
    return [first, *_normal_everywhere(RandomNormal(0.0, STDDEV))]


def _normal_everywhere(initializer: Initializer) -> RuleList:
    """The rule that draws every matrix and table, and sets the rest plainly."""

    def value(layer: keras.Layer, variable: keras.Variable) -> Initializer | None:
        if common.is_matrix(variable):
            return initializer
        return common.plain(layer, variable)

    return [(common.EVERYTHING, value)]


def vit(*, head: RuleKey = common.HEAD) -> RuleList:
    """Vision transformers: truncated normal of 0.02, and a head of zeros.

    Kernels and embeddings follow `N(0, 0.02**2)`, truncated at two standard
    deviations (0.0176 is left), biases and shifts are zeros, scales ones. The head is
    zero, so training starts from even predictions.

    Args:
        head: Key of the head's weights; by default those of layers called head,
            predictions, classifier, logits and the like.

    Returns:
        Rules for `initialize`.

    Reference:
        Touvron et al. 2021, section 6, "Initialization and hyper-parameters", for
        the truncated normal, https://arxiv.org/abs/2012.12877; Dosovitskiy et
        al. 2021, section 3.2, for the zero head of fine-tuning,
        https://arxiv.org/abs/2010.11929. The former gives neither number: 0.02
        is its code's, whose bounds -2 and 2 are 100 standard deviations away and
        truncate nothing. The bounds at two standard deviations are chosen here.
    """
    return [(head, Zeros()), *_normal_everywhere(TruncatedNormal(0.0, STDDEV))]


def _counts(
    encoder_layers: Integer | None, decoder_layers: Integer | None
) -> dict[str, int]:
    """The numbers of layers by the name of the stack, the encoder's first."""
    given = {"encoder": encoder_layers, "decoder": decoder_layers}
    if encoder_layers is None and decoder_layers is None:
        rule = "an integer, 1 or above, or `decoder_layers` must be one"
        _errors.raise_bad_value("encoder_layers", rule, None)
    return {
        stack: _checks.check_count(f"{stack}_layers", count)
        for stack, count in given.items()
        if count is not None
    }


class _Scaled:
    """The value of the rule of both papers: which kernels get which factor.

    Args:
        recipe: The recipe's name, which errors are to bear.
        counts: Numbers of layers, by the name of the stack.
        gains: Factors, by the name of the stack.
        feed_forward: See `deepnorm`.
        give: Function from a factor and a weight to an initializer or None.
    """

    def __init__(
        self,
        recipe: str,
        counts: dict[str, int],
        gains: dict[str, float],
        feed_forward: Any,
        give: Callable[[float | None, keras.Variable], Initializer | None],
    ) -> None:
        self.recipe = recipe
        self.give = give
        self.counts = counts
        self.gains = gains
        if not (feed_forward is None or _checks.is_pattern(feed_forward)):
            rule = "None or a compiled regular expression"
            _errors.raise_bad_value("feed_forward", rule, feed_forward)
        self.feed_forward = feed_forward
        self.signal: set[int] = set()
        self.weighing: set[int] = set()
        self.unseen: set[int] = set()
        self.addresses: dict[int, str] = {}

    def bound_to(self, model: keras.Layer) -> _Scaled:
        """The same for one model, whose branches and addresses are known."""
        bound = copy.copy(self)
        bound.addresses = {id(v): address for address, _, v in addresses(model)}
        if self.feed_forward is None:
            found = branches.branches_of(model, common.RESIDUAL_OUTPUT)
            with _errors.named(self.recipe):
                bound.require(found)
            bound.signal, bound.weighing = found.signal, found.weighing
            bound.unseen = set(map(id, found.unseen))
        return bound

    def require(self, found: branches.Branches) -> None:
        """Refuses branches that are not those of so many layers."""
        for stack, count in self.counts.items():
            crosses = stack == "decoder" and len(self.counts) == 2
            each = 3 if crosses else 2
            ends = [v for v in found.ends if self.stack_of(v) == stack]
            if each * count in (len(ends), len({id(v) for v in ends})):
                continue
            part = {2: "half", 3: "a third of"}[each]
            rule = f"{part} the number of the {stack}'s residual branches"
            way_out = "name the feed-forward kernels by `feed_forward`."
            hint = _found(found, ends, each, way_out)
            _errors.raise_bad_value(f"{stack}_layers", rule, count, hint)

    def _address(self, variable: keras.Variable) -> str:
        return self.addresses.get(id(variable), variable.name)

    def stack_of(self, variable: keras.Variable) -> str | None:
        """The stack of a weight; with two, its address says which is its own."""
        if len(self.gains) == 1:
            return next(iter(self.gains))
        address = self._address(variable).lower()
        named = [name for name in self.gains if name in address]
        return named[0] if len(named) == 1 else None

    def __call__(
        self, layer: keras.Layer, variable: keras.Variable
    ) -> Initializer | None:
        return self.give(self.gain(layer, variable), variable)

    def gain(self, layer: keras.Layer, variable: keras.Variable) -> float | None:
        """The factor of a kernel: 1 for queries and keys, None for what is no part."""
        if not common.is_matrix(variable) and id(variable) not in self.signal:
            return None
        is_scaled = id(variable) in self.signal
        is_weighing = id(variable) in self.weighing
        if self.feed_forward is not None or id(variable) in self.unseen:
            feed_forward = self.feed_forward or common.FEED_FORWARD
            by_name = variable.name == "kernel"
            is_scaled = by_name and layer.name in ("value", "attention_output")
            is_scaled |= feed_forward.search(self._address(variable)) is not None
            is_weighing = by_name and layer.name in ("query", "key")
        stack = self.stack_of(variable)
        if is_scaled and stack is not None:
            return self.gains[stack]
        return 1.0 if is_weighing else None


@_errors.named("recipes.deepnorm")
def deepnorm(
    encoder_layers: Integer | None = None,
    decoder_layers: Integer | None = None,
    *,
    feed_forward: re.Pattern[str] | None = None,
) -> RuleList:
    """DeepNorm: Xavier, with small values and outputs in deep transformers.

    The kernels of the feed-forward parts and of the attention's value and output
    projections follow the Xavier normal distribution with the gain beta, those of
    query and key the one with gain 1. With N encoder and M decoder layers

    | model | stack | alpha | beta |
    | --- | --- | --- | --- |
    | encoder alone | encoder | `(2 N)**(1/4)` | `(8 N)**(-1/4)` |
    | decoder alone | decoder | `(2 M)**(1/4)` | `(8 M)**(-1/4)` |
    | both | encoder | `0.81 (N**4 M)**(1/16)` | `0.87 (N**4 M)**(-1/16)` |
    | both | decoder | `(3 M)**(1/4)` | `(12 M)**(-1/4)` |

    alpha is the model's business: a block computes
    `LayerNorm(alpha * x + f(x))`. The other weights are left to the rules after
    these. With both stacks a weight's address tells which is its own, by the words
    encoder and decoder.

    The kernels are found in the model's graph, see `gpt2`: what a residual branch
    passes its signal through is scaled, what acts through a softmax is query and
    key. One kernel that makes query, key and value at once is scaled.

    Args:
        encoder_layers: Number N of encoder layers, or None if there is no encoder.
        decoder_layers: Number M of decoder layers, or None.
        feed_forward: Compiled regular expression, searched for in the address
            of a kernel of the feed-forward parts, in place of what the graph says. The
            attention's projections are then those called query, key, value and
            attention_output.

    Returns:
        Rules for `initialize`, which refuse a model that has other than 2 residual
        branches in each layer, or 3 in each decoder layer beside an encoder.

    Raises:
        ValueError: If neither number is given, or one is not an integer of 1 or
            above.

    Reference:
        Wang et al. 2022, "DeepNet", figure 2 and section 4.3,
        https://arxiv.org/abs/2203.00555
    """
    counts = _counts(encoder_layers, decoder_layers)
    betas = {stack: power(8 * count, -0.25) for stack, count in counts.items()}
    if len(counts) == 2:
        n, m = counts.values()
        betas["encoder"] = 0.87 * power(n * n * n * n * m, -0.0625)
        betas["decoder"] = power(12 * m, -0.25)

    def give(gain: float | None, variable: keras.Variable) -> Initializer | None:
        return None if gain is None else XavierNormal(gain=gain)

    scaled = _Scaled("recipes.deepnorm", counts, betas, feed_forward, give)
    return [(common.EVERYTHING, scaled)]


@_errors.named("recipes.t_fixup")
def t_fixup(
    encoder_layers: Integer | None = None,
    decoder_layers: Integer | None = None,
    *,
    feed_forward: re.Pattern[str] | None = None,
) -> RuleList:
    """T-Fixup: transformers without layer normalization or warm-up.

    All kernels follow the Xavier uniform distribution, embeddings `N(0, 1 / d)` for
    their width d. Then, with N layers in a stack, the attention's value and output
    projections and the feed-forward kernels are multiplied by

        0.67 * N**(-1/4)  in the encoder,    (9 N)**(-1/4)  in the decoder

    and the embeddings by `(9 N)**(-1/4)`, with the decoder's N where there is
    one. Biases are zeros. With both stacks a weight's address tells which is its
    own, by the words encoder and decoder. The kernels are found as in `deepnorm`.

    Args:
        encoder_layers: See `deepnorm`.
        decoder_layers: See `deepnorm`.
        feed_forward: See `deepnorm`.

    Returns:
        Rules for `initialize`, which refuse what those of `deepnorm` refuse.

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
    counts = _counts(encoder_layers, decoder_layers)
    small = {stack: power(9 * count, -0.25) for stack, count in counts.items()}
    *_, table_gain = small.values()  # the decoder's where there is one
    gains = dict(small)
    if "encoder" in counts:
        gains["encoder"] = 0.67 * power(counts["encoder"], -0.25)

    def give(gain: float | None, variable: keras.Variable) -> Initializer | None:
        if variable.name.endswith(("embeddings", "embedding")):
            width = variable.shape[-1]
            return RandomNormal(0.0, table_gain / math.sqrt(width))
        if variable.name == "bias":
            return Zeros()
        if not variable.name.endswith("kernel") and gain is None:
            return None
        return XavierUniform(gain=1.0 if gain is None else gain)

    scaled = _Scaled("recipes.t_fixup", counts, gains, feed_forward, give)
    return [(common.EVERYTHING, scaled)]
