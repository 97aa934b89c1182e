"""The state of an optimizer as it is before the first step.

All of Keras' optimizers begin with zeros, save what `_others` lists; Keras has no
public name for these variables. An optimizer of another class may begin with
anything, so it is refused.
"""

from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _errors
from keras_inits.engine.host import numpy_dtype

Pairs = list[tuple[keras.Variable, Any]]

KNOWN = (
    *("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb"),
    *("Lion", "LossScaleOptimizer", "Muon", "Nadam", "RMSprop", "SGD"),
    "ScheduleFreeAdamW",
)


def _others(optimizer: keras.optimizers.Optimizer) -> Pairs:
    """Pairs of a variable and what it begins with, for all that is not 0.

    A model's variable in the second place stands for its value.
    """
    kind = type(optimizer).__name__
    if kind in ("Adagrad", "Ftrl"):
        start = optimizer.initial_accumulator_value
        return [(variable, start) for variable in optimizer._accumulators]
    if kind == "Nadam":
        return [(optimizer._u_product, 1.0)]
    if kind == "LossScaleOptimizer":
        return [(optimizer.dynamic_scale, optimizer.initial_scale)]
    if kind == "ScheduleFreeAdamW":
        return list(
            zip(optimizer._momentums, optimizer._trainable_variables, strict=True)
        )
    return []


def initial_values(model: keras.Layer) -> Pairs:
    """What the variables of a model's optimizer begin with.

    Returns:
        A list of pairs of a variable and a number or one of the model's variables;
        empty if the optimizer has made no step yet.

    Raises:
        ValueError: If the model has no optimizer, or one that is not Keras' own.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        rule = "False for a model that is not compiled"
        _errors.raise_bad_value("optimizer", rule, True, "Call model.compile first.")
    return _values(optimizer)


def assign(pairs: Pairs) -> None:
    """Sets variables to what `initial_values` says."""
    for variable, start in pairs:
        if isinstance(start, keras.Variable):
            variable.assign(start.value)
        else:
            values = np.full(variable.shape, start, numpy_dtype(variable.dtype))
            variable.assign(_backend.to_tensor(values, variable.dtype))


def _values(optimizer: keras.optimizers.Optimizer) -> Pairs:
    kind = type(optimizer)
    # On torch, Keras makes an object of a subclass that it keeps to itself.
    own = kind.__module__.startswith("keras.") and kind.__name__ in KNOWN
    if not own:
        rule = "False for an optimizer that is not one of Keras' own"
        hint = f"The model's is {kind.__name__}; compile the model anew."
        _errors.raise_bad_value("optimizer", rule, True, hint)
    if not optimizer.built:
        return []
    inner = getattr(optimizer, "inner_optimizer", None)
    pairs = [] if inner is None else _values(inner)
    known = {id(variable) for variable, _ in pairs}
    others = [pair for pair in _others(optimizer) if pair[0] is not None]
    known |= {id(variable) for variable, _ in others}
    rate = getattr(optimizer, "_learning_rate", None)
    inner_rate = getattr(inner, "_learning_rate", None)
    for variable in optimizer.variables:
        if id(variable) in known or variable is rate or variable is inner_rate:
            continue
        others.append((variable, 0))
    return pairs + others
