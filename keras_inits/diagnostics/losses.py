"""The loss of a model, by which its batch is differentiated."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras

from keras_inits import _backend, _errors
from keras_inits._types import Tensor

LossFunction = Callable[[Any, Any], Tensor]


def loss_function_of(model: keras.Layer, loss: Any) -> LossFunction:
    """The loss as a function of targets and outputs, a scalar.

    Args:
        model: The model.
        loss: See `diagnose`. Of several that are given, each has weight 1; those that
            the model was compiled with have the weights of `compile`.
    """
    weights = None
    if loss is None:
        loss = getattr(model, "loss", None)
        weights = _compiled_weights(model)
    if loss is None:
        rule = f"given with `y`, as {model.name!r} is not compiled with one"
        hint = "For example loss='sparse_categorical_crossentropy'."
        _errors.raise_bad_value("loss", rule, None, hint)
    try:
        losses = keras.tree.map_structure(keras.losses.get, loss)
    except Exception:  # there is no saying what a class raises that is no loss
        losses = None
    functions = [f for f in keras.tree.flatten(losses) if f is not None]
    if not functions or not all(map(callable, functions)):
        _errors.raise_bad_value("loss", "a Keras loss, its name or a function", loss)

    def total(y: Any, outputs: Any) -> Tensor:
        functions, scales = losses, weights
        names = getattr(model, "output_names", None)
        if names and any(isinstance(part, dict) for part in (y, losses, weights)):
            # By name; flattened, a dict is in the order of its names and a list not.
            y, outputs = _by_name(names, y), _by_name(names, outputs)
            functions, scales = _by_name(names, losses), _by_name(names, weights)
        if isinstance(outputs, dict) and isinstance(functions, dict):
            names = list(functions)
            y, outputs = [y[name] for name in names], [outputs[name] for name in names]
            functions = [functions[name] for name in names]
            if isinstance(scales, dict):
                scales = [scales[name] for name in names]
        targets, results = keras.tree.flatten(y), keras.tree.flatten(outputs)
        functions = keras.tree.flatten(functions)
        if len(functions) == 1:
            functions = functions * len(results)
        if not len(targets) == len(results) == len(functions):
            found = f"{len(targets)} for {len(results)} outputs and "
            found += f"{len(functions)} losses"
            rule = "hold one array for each output of the model"
            _errors.raise_bad_argument("y", rule, found)
        scales = keras.tree.flatten(1.0 if scales is None else scales)
        if len(scales) == 1:
            scales = scales * len(results)
        parts = [
            part(function, target, result) * scale
            for function, target, result, scale in zip(
                functions, targets, results, scales, strict=True
            )
            if function is not None
        ]
        return sum(parts[1:], parts[0])

    def part(function: LossFunction, target: Tensor, result: Tensor) -> Tensor:
        try:
            return keras.ops.mean(function(_as_column(target, result), result))
        except Exception as error:
            shapes = f"shapes {tuple(target.shape)} and {tuple(result.shape)}"
            rule = f"one that takes targets and outputs of {shapes}"
            way_out = _errors.reason(error)
            return _errors.raise_bad_value("loss", rule, loss, way_out, error)

    return total


def _compiled_weights(model: keras.Layer) -> Any:
    """What `compile` was given as `loss_weights`: a number, a list, a dict or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a lambda as a loss
            config: Any = getattr(model, "get_compile_config", dict)()
        found = keras.saving.deserialize_keras_object(config.get("loss_weights"))
    except Exception:
        # A loss that cannot be written down; Keras says the weights nowhere else.
        compiled = getattr(model, "_compile_loss", None)
        found = getattr(compiled, "_user_loss_weights", None)
    return list(found) if isinstance(found, tuple) else found


def _by_name(names: list[str], parts: Any) -> Any:
    """A list with an entry for each output as a dict; all else as it is."""
    if isinstance(parts, (list, tuple)) and len(parts) == len(names):
        return dict(zip(names, parts, strict=True))
    return parts


def _as_column(target: Tensor, result: Tensor) -> Tensor:
    """The target with the last axis of length 1 that only the output has.

    A compiled loss adds it too; a loss function would compare all with all.
    """
    if len(target.shape) == len(result.shape) - 1 and result.shape[-1] == 1:
        return keras.ops.expand_dims(target, -1)
    return target


def has_loss(model: keras.Layer) -> bool:
    """Whether a backward pass needs nothing that the caller did not give."""
    differentiates = _backend.differentiates()
    return differentiates and getattr(model, "loss", None) is not None
