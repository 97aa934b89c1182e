"""Keras' own defaults."""

from __future__ import annotations

from keras import Layer, Variable

from keras_inits._errors import named
from keras_inits._types import RuleList
from keras_inits.fans import compute_fans
from keras_inits.initializers.base import Initializer
from keras_inits.model import configured, rules
from keras_inits.model.recipes.common import EVERYTHING


@named("recipes.keras")
def _default(layer: Layer, variable: Variable) -> Initializer | None:
    weight = rules.Weight(variable.name, layer, variable, (layer,))
    found = configured.configured(weight, configured.as_default)
    if found is None:
        return None
    # As Keras reads them: from the shape alone.
    return found.with_fans(*compute_fans(tuple(variable.shape)))


def keras() -> RuleList:
    """The initializers that Keras' layers have when nothing is said.

    `GlorotUniform` for kernels, `Orthogonal` for recurrent ones, U(-0.05, 0.05)
    for embeddings, zeros for biases and shifts, ones for scales and for an LSTM's
    forget gate, whatever the layers of the model were made with. Fans are Keras'
    own, counted from the shape; `fans_of` has the layer's.

    Returns:
        Rules for `initialize`; weights of layers whose class has no default are
        left to the rules after them.

    Reference:
        The signatures of the classes in `keras.layers`; Keras 3.15.
    """
    return [(EVERYTHING, _default)]
