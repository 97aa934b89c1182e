"""What goes into a pass and out of a report: checked data, plain data.

All checks run before anything else does, so a refused call changes nothing.
"""

import itertools
import math
from collections.abc import Iterable

import keras
import numpy as np

from keras_inits import _backend, _checks
from keras_inits.model.unbuilt import has_call

INT32 = 2**31  # what fits is below it, on every backend


def first_batch(owner, x, y=None):
    """One batch of what `keras.Model.fit` takes.

    Arrays are the batch themselves. What gives batches one by one (a
    `tf.data.Dataset`, a `torch.utils.data.DataLoader`, a `keras.utils.PyDataset`, a
    generator, any other iterable) is asked for its first one, which holds `x`,
    `(x, y)` or `(x, y, sample_weight)`. No library has to be known for that: all of
    them are iterables, and no array.

    Args:
        owner: Name of the function that was called.
        x: An array, a list or dict of arrays, or a source of batches.
        y: Targets, which a source of batches brings along.

    Returns:
        `(x, y, source)`, where `source` says whose first batch it is, and is None
        for arrays.

    Raises:
        ValueError: If a source has no batch, if its batch is of another form, or if
            `y` is given besides.
    """
    if not _is_source(x):
        return x, y, None
    kind = type(x).__name__.lstrip("_")
    if y is not None:
        _checks.fail(owner, "y", f"left out, as {kind} brings the targets", type(y))
    try:
        found = list(itertools.islice(x, 1))
    except Exception as error:
        rule, why = "data, or a source of batches", _checks.reason(error)
        _checks.fail(owner, "x", rule, x, why)
    if not found:
        raise ValueError(
            f"{owner}: Argument `x` must hold at least one batch, got {kind} with none."
        )
    parts = found[0] if isinstance(found[0], (list, tuple)) else (found[0],)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            f"{owner}: Argument `x` must give batches x, (x, y) or (x, y, "
            f"sample_weight), got {kind} with batches of {len(parts)} parts. Give "
            "several inputs as a dict or as a tuple in the tuple's first place."
        )
    return parts[0], parts[1] if len(parts) > 1 else None, kind


def _is_source(x):
    """Whether it gives batches one by one, and is no array or structure of them."""
    if isinstance(x, (list, tuple, dict, str, bytes)) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterable) and not hasattr(x, "shape")


def batch(owner, argument, data, *, finite=True):
    """The data as NumPy arrays in their own structure, checked.

    Args:
        owner: Name of the function that was called.
        argument: Name of the argument.
        data: An array, or a list or dict of arrays, batch axis first.
        finite: Whether NaN and infinity are refused.

    Raises:
        ValueError: If there are no samples, if the arrays disagree about how
            many, or if there is NaN or infinity in them, or what is no real number.
    """
    rule = "an array with a batch axis"
    try:
        arrays = keras.tree.map_structure(_as_array, data)
    except Exception:  # there is no saying what is no array raises
        _checks.fail(owner, argument, rule, data)
    flat = keras.tree.flatten(arrays)
    if not flat or any(a.ndim < 1 for a in flat):
        _checks.fail(owner, argument, rule, data)
    for a in flat:
        if a.dtype.kind not in "fiub":
            raise ValueError(
                f"{owner}: Argument `{argument}` must hold real numbers, got an array "
                f"of dtype {a.dtype}."
            )
    sizes = sorted({len(a) for a in flat})
    if len(sizes) > 1:
        raise ValueError(
            f"{owner}: Argument `{argument}` must have as many samples in each of "
            f"its arrays, got {' and '.join(str(size) for size in sizes)}."
        )
    if any(a.size == 0 for a in flat):
        raise ValueError(
            f"{owner}: Argument `{argument}` must hold at least one sample, got an "
            f"array of shape {next(a.shape for a in flat if a.size == 0)}."
        )
    for a in flat:
        low, high = (a.min(), a.max()) if a.dtype.kind in "iu" else (0, 0)
        if low < -INT32 or high >= INT32:
            raise ValueError(
                f"{owner}: Argument `{argument}` must hold integers of 32 bits, got "
                f"{low if low < -INT32 else high}. Convert measurements to floats."
            )
    for a in flat if finite else ():
        wrong = _not_finite(a)
        if wrong:
            raise ValueError(
                f"{owner}: Argument `{argument}` must be finite, got {wrong} NaN or "
                f"infinite values among {a.size}. Clean or mask them first."
            )
    return arrays


def same_length(owner, x, y):
    """Refuses targets that do not go with the inputs."""
    inputs, targets = (len(keras.tree.flatten(data)[0]) for data in (x, y))
    if inputs != targets:
        raise ValueError(
            f"{owner}: Argument `y` must have one target for each sample of `x`, got "
            f"{targets} targets for {inputs} samples."
        )


def model(owner, value):
    """A Keras model or layer that has weights, all of them finite.

    Raises:
        TypeError: If it is neither.
        ValueError: If it cannot be called, has no weights, or NaN or infinity in
            them.
    """
    if not isinstance(value, keras.Layer):
        raise TypeError(
            f"{owner}: Argument `model` must be a Keras model or layer, got "
            f"{_checks.text(value)}."
        )
    if not has_call(value):
        raise ValueError(
            f"{owner}: Argument `model` must have a `call`, got {value.name!r} of the "
            f"class {type(value).__name__}, which has none. Look at its parts one by "
            "one."
        )
    if not value.built and not value.weights:
        raise ValueError(
            f"{owner}: Argument `model` must be built, got {value.name!r} without "
            "weights yet. Call it once on a batch, model(x), before."
        )
    if not value.weights:
        raise ValueError(
            f"{owner}: Argument `model` must have weights, got {value.name!r} with "
            f"{_layers(value)} and no weights."
        )
    for variable in value.weights:
        if not keras.backend.is_float_dtype(variable.dtype):
            continue
        wrong = _not_finite(_backend.to_numpy(variable))
        if wrong:
            raise ValueError(
                f"{owner}: Argument `model` must have finite weights, got {wrong} NaN "
                f"or infinite values in {variable.path!r}, the first such weight."
            )
    return value


def fits(owner, network, x):
    """Refuses inputs of a shape that the model says it does not take."""
    expected = getattr(network, "inputs", None)
    if not expected:
        return
    flat = keras.tree.flatten(x)
    if len(flat) != len(expected):
        raise ValueError(
            f"{owner}: Argument `x` must hold {len(expected)} arrays, one for each "
            f"input of the model, got {len(flat)}."
        )
    if isinstance(x, dict):
        # Keras orders a dict by its keys, as the model's own inputs may not be.
        return
    for array, spec in zip(flat, expected, strict=True):
        shape = tuple(spec.shape)
        same = len(shape) == array.ndim and all(
            want is None or want == got
            for want, got in zip(shape[1:], array.shape[1:], strict=True)
        )
        if not same:
            raise ValueError(
                f"{owner}: Argument `x` must have shape "
                f"{_shape(shape)}, as the model's input {spec.name!r} "
                f"has, got {_shape(array.shape)}."
            )


def tensors(data):
    """The arrays as tensors: floats in Keras' float type, integers in int32."""

    def convert(array):
        kinds = {"f": keras.config.floatx(), "i": "int32", "u": "int32", "b": "bool"}
        dtype = kinds[array.dtype.kind]
        return keras.ops.convert_to_tensor(array, dtype=dtype)

    return keras.tree.map_structure(convert, data)


def differentiates(owner, what):
    """Refuses the backends that have no gradients."""
    if _backend.name() not in _backend.DIFFERENTIATES:
        raise RuntimeError(
            f"{owner}: {what} asks for gradients, which the {_backend.name()} backend "
            f"does not have. Run on {', '.join(_backend.DIFFERENTIATES)}."
        )


def plain(value):
    """The same with lists for tuples and `None` for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _as_array(value):
    """An array or any library's tensor as a NumPy array of a dtype that all take."""
    array = _backend.to_numpy(value)
    name = array.dtype.name
    if array.dtype.kind == "V" and name in _checks.FLOAT_DTYPES:  # bfloat16
        return array.astype("float32")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype("float64")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _not_finite(array):
    if array.dtype.kind in "iub":
        return 0
    try:
        return int(np.count_nonzero(~np.isfinite(array.astype("float32"))))
    except (TypeError, ValueError):
        return 0


def _layers(model):
    kinds = [type(layer) for layer in getattr(model, "layers", [model])]
    count = len(kinds) - kinds.count(keras.layers.InputLayer)
    return "1 layer" if count == 1 else f"{count} layers"


def _shape(shape):
    inner = ", ".join("any" if dim is None else str(dim) for dim in shape)
    return f"({inner})"
