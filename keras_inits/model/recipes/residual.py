"""Recipes for residual networks."""

from __future__ import annotations

import keras

from keras_inits import _errors
from keras_inits._types import RuleKey, RuleList
from keras_inits.engine.decimals import power
from keras_inits.initializers import HeNormal, VarianceScaling, Zeros
from keras_inits.initializers.base import Initializer
from keras_inits.model import fans, graph
from keras_inits.model.recipes import common


def branches_of(model: keras.Layer) -> list[list[keras.Layer]]:
    """The residual branches of a functional model.

    A sum ends a block if one of its inputs is a shortcut. The branch is the input
    with the most weighted layers that the other inputs do not have behind them.

    Returns:
        A list with, for each branch, its weighted layers from front to back.
    """
    network = graph.Graph(model)
    found = []
    for key, operation in network.operations.items():
        if not graph.is_sum(operation) or len(network.before[key]) < 2:
            continue
        behind = [
            [start, *network.reachable(start, network.before)]
            for start in network.before[key]
        ]
        own = []
        for place, keys in enumerate(behind):
            others = set().union(*(b for p, b in enumerate(behind) if p != place))
            layers = [network.operations.get(k) for k in keys if k not in others]
            own.append([la for la in layers if isinstance(la, fans.WEIGHTED)])
        longest = max(own, key=len)
        if longest and sum(len(layers) == len(longest) for layers in own) == 1:
            found.append(longest[::-1])
    return found


class _Fixup:
    """The value of the recipe's rule for the kernels."""

    def __init__(self, model: keras.Layer | None = None) -> None:
        self.scales = {}  # id of a layer -> factor of its last kernel, 0 for zeros
        if model is None:
            return
        branches = branches_of(model)
        if not branches:
            rule = "a functional model with residual branches"
            hint = "Give the rules of a subclassed model by its layers' names."
            _errors.raise_bad_value("model", rule, model.name, hint)
        for branch in branches:
            *inner, last = branch
            for layer in inner:
                exponent = -1.0 / (2 * len(branch) - 2)
                self.scales[id(layer)] = power(len(branches), exponent)
            self.scales[id(last)] = 0.0

    @_errors.named("recipes.fixup")
    def bound_to(self, model: keras.Layer) -> _Fixup:
        """The value for one model, whose branches are known."""
        return _Fixup(model)

    def __call__(
        self, layer: keras.Layer, variable: keras.Variable
    ) -> Initializer | None:
        if not variable.name.endswith("kernel"):
            return common.plain(layer, variable)
        scale = self.scales.get(id(layer), 1.0)
        if variable is not fans.kernel_of(layer):
            # Of two kernels in a row, both zero would leave each without a gradient,
            # and both scaled would scale the layer twice.
            scale = 1.0
        if scale == 0.0:
            return Zeros()
        if scale == 1.0:
            return HeNormal()
        return VarianceScaling(2.0 * scale * scale, "fan_in", "truncated_normal")


def fixup(*, head: RuleKey = common.HEAD) -> RuleList:
    """Fixup: residual networks that train without normalization.

    With L residual branches, of which one has m layers with weights:

    - the last layer of each branch and the head are zero;
    - the other layers of a branch are He, times `L**(-1 / (2 m - 2))`;
    - every other kernel is He: `N(0, 2 / fan_in)`, truncated at two standard
      deviations;
    - biases and shifts are zeros, scales ones.

    A SeparableConv counts as one layer, whose pointwise kernel is zero or scaled.

    The branches are read from the graph of a functional model: what leads to a
    sum beside the shortcut. The paper's scalar multipliers and biases are the
    model's business; where the model has them as normalization layers' weights,
    they get ones and zeros.

    Args:
        head: Key of the head's weights; by default those of layers called head,
            predictions, classifier, logits and the like.

    Returns:
        Rules for `initialize`, which refuses a model in whose graph there is no
        residual branch.

    Reference:
        Zhang, Dauphin, Ma 2019, section 3, "Fixup initialization", rules 1 to 3,
        https://arxiv.org/abs/1901.09321
    """
    return [(head, Zeros()), (common.EVERYTHING, _Fixup())]
