"""The loss of a model, by which its batch is differentiated."""

import keras

from keras_inits import _backend, _errors


def loss_function_of(model, loss):
    """The loss as a function of targets and outputs, a scalar."""
    if loss is None:
        loss = getattr(model, "loss", None)
    if loss is None:
        rule = f"given with `y`, as {model.name!r} is not compiled with one"
        hint = "For example loss='sparse_categorical_crossentropy'."
        _errors.raise_bad_value("loss", rule, None, hint)
    try:
        losses = keras.tree.map_structure(keras.losses.get, loss)
    except Exception:  # there is no saying what a class raises that is no loss
        losses = None
    if losses is None or not all(callable(f) for f in keras.tree.flatten(losses)):
        _errors.raise_bad_value("loss", "a Keras loss, its name or a function", loss)

    def total(y, outputs):
        names = getattr(model, "output_names", None)
        if names and (isinstance(y, dict) or isinstance(losses, dict)):
            # By name; flattened, a dict is in the order of its names and a list not.
            if isinstance(outputs, (list, tuple)):
                outputs = dict(zip(names, outputs, strict=True))
            if isinstance(y, (list, tuple)):
                y = dict(zip(names, y, strict=True))
        if isinstance(outputs, dict) and isinstance(losses, dict):
            names = list(losses)
            targets = [y[name] for name in names]
            results = [outputs[name] for name in names]
            functions = [losses[name] for name in names]
        else:
            targets, results = keras.tree.flatten(y), keras.tree.flatten(outputs)
            functions = keras.tree.flatten(losses)
            if len(functions) == 1:
                functions = functions * len(results)
        if not len(targets) == len(results) == len(functions):
            found = f"{len(targets)} for {len(results)} outputs and "
            found += f"{len(functions)} losses"
            rule = "hold one array for each output of the model"
            _errors.raise_bad_argument("y", rule, found)
        parts = list(map(part, functions, targets, results))
        return sum(parts[1:], parts[0])

    def part(function, target, result):
        try:
            return keras.ops.mean(function(_as_column(target, result), result))
        except Exception as error:
            shapes = f"shapes {tuple(target.shape)} and {tuple(result.shape)}"
            rule = f"one that takes targets and outputs of {shapes}"
            way_out = _errors.reason(error)
            return _errors.raise_bad_value("loss", rule, loss, way_out, error)

    return total


def _as_column(target, result):
    """The target with the last axis of length 1 that only the output has.

    A compiled loss adds it too; a loss function would compare all with all.
    """
    if len(target.shape) == len(result.shape) - 1 and result.shape[-1] == 1:
        return keras.ops.expand_dims(target, -1)
    return target


def has_loss(model):
    """Whether a backward pass needs nothing that the caller did not give."""
    differentiates = _backend.differentiates()
    return differentiates and getattr(model, "loss", None) is not None
