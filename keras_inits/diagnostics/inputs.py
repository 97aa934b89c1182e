"""What goes into a pass: checked data.

All checks run before anything else does, so a refused call changes nothing.
"""

import itertools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _checks, _errors
from keras_inits._types import Host, Tensor
from keras_inits.model.addresses import located
from keras_inits.model.owners import Owners
from keras_inits.model.unbuilt import has_call, raise_not_built

INT32 = 2**31  # what fits is below it, on every backend


def first_batch(x: Any, y: Any = None) -> tuple[Any, Any, str | None]:
    """One batch of what `keras.Model.fit` takes.

    Arrays are the batch themselves. What gives batches one by one (a
    `tf.data.Dataset`, a `torch.utils.data.DataLoader`, a `keras.utils.PyDataset`, a
    generator, any other iterable) is asked for its first one, which holds `x`,
    `(x, y)` or `(x, y, sample_weight)`. No library has to be known for that: all of
    them are iterables, and no array.

    Args:
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
        _errors.raise_bad_value("y", f"left out, as {kind} brings the targets", type(y))
    try:
        found = list(itertools.islice(_batches(x), 1))
    except Exception as error:
        rule, why = "data, or a source of batches", _errors.reason(error)
        _errors.raise_bad_value("x", rule, x, why)
    if not found:
        _errors.raise_bad_argument("x", "hold at least one batch", f"{kind} with none")
    parts = found[0] if isinstance(found[0], (list, tuple)) else (found[0],)
    if not 1 <= len(parts) <= 3:
        _errors.raise_bad_argument(
            "x",
            "give batches x, (x, y) or (x, y, sample_weight)",
            f"{kind} with batches of {len(parts)} parts",
            "Give several inputs as a dict or as a tuple in the tuple's first place.",
        )
    return parts[0], parts[1] if len(parts) > 1 else None, kind


def _is_source(x: Any) -> bool:
    """Whether it gives batches one by one, and is no array or structure of them."""
    if isinstance(x, (list, tuple, dict, str, bytes)):
        return False
    try:
        is_array = hasattr(x, "__array__") or hasattr(x, "shape")
    except Exception:  # `check_batch` refuses it
        return False
    return isinstance(x, (Iterable, keras.utils.PyDataset)) and not is_array


def _batches(source: Any) -> Iterable[Any]:
    """What a source gives; a PyDataset of Keras before 3.12 is no iterable."""
    if isinstance(source, Iterable):
        return source
    count = source.num_batches
    return map(source.__getitem__, range(1 if count is None else count))


def check_batch(argument: str, data: Any, *, finite: bool = True) -> Any:
    """The data as NumPy arrays in their own structure, checked.

    Args:
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
        _errors.raise_bad_value(argument, rule, data)
    flat = keras.tree.flatten(arrays)
    if not flat or any(a.ndim < 1 for a in flat):
        _errors.raise_bad_value(argument, rule, data)
    for a in flat:
        if a.dtype.kind not in "fiub":
            found = f"an array of dtype {a.dtype}"
            _errors.raise_bad_argument(argument, "hold real numbers", found)
    sizes = sorted({len(a) for a in flat})
    if len(sizes) > 1:
        rule = "have as many samples in each of its arrays"
        _errors.raise_bad_argument(argument, rule, " and ".join(map(str, sizes)))
    for a in flat:
        if not len(a):
            found = f"an array of shape {a.shape}"
            _errors.raise_bad_argument(argument, "hold at least one sample", found)
    for a in flat:
        some = a.size and a.dtype.kind in "iu"
        low, high = (a.min(), a.max()) if some else (0, 0)
        if low < -INT32 or high >= INT32:
            _errors.raise_bad_argument(
                argument,
                "hold integers of 32 bits",
                low if low < -INT32 else high,
                "Convert measurements to floats.",
            )
    for a in flat if finite else ():
        wrong = _not_finite(a)
        if wrong:
            _errors.raise_bad_argument(
                argument,
                "be finite",
                f"{wrong} NaN or infinite values among {a.size}",
                "Clean or mask them first.",
            )
    return arrays


def check_same_length(x: Any, y: Any) -> None:
    """Refuses targets that do not go with the inputs."""
    inputs, targets = (len(keras.tree.flatten(data)[0]) for data in (x, y))
    if inputs != targets:
        found = f"{targets} targets for {inputs} samples"
        _errors.raise_bad_argument("y", "have one target for each sample of `x`", found)


def with_call(value: keras.Layer) -> None:
    """Refuses a model that is trained by its `train_step` alone."""
    if not has_call(value):
        _errors.raise_bad_argument(
            "model",
            "have a `call`",
            f"{value.name!r} of the class {type(value).__name__}, which has none",
            "Look at its parts one by one.",
        )


def check_model(value: Any) -> keras.Layer:
    """A Keras model or layer that has weights, all of them finite.

    Raises:
        ValueError: If it is neither, cannot be called, has no weights, or NaN or
            infinity in them.
    """
    _checks.check_layer("model", value)
    with_call(value)
    if not value.built and not value.weights:
        raise_not_built(value)
    if not value.weights:
        found = f"{value.name!r} with {_layers(value)} and no weights"
        _errors.raise_bad_argument("model", "have weights", found)
    for address, _, variable in located(Owners(value)):
        if not keras.backend.is_float_dtype(variable.dtype):
            continue
        wrong = _not_finite(_backend.to_numpy(variable))
        if wrong:
            found = f"{wrong} NaN or infinite values in {address!r}"
            found += ", the first such weight"
            _errors.raise_bad_argument("model", "have finite weights", found)
    return value


def check_fit(network: keras.Layer, x: Any) -> None:
    """Refuses inputs of a shape that the model says it does not take."""
    expected = getattr(network, "inputs", None)
    if not expected:
        return
    flat = keras.tree.flatten(x)
    if len(flat) != len(expected):
        rule = f"hold {len(expected)} arrays, one for each input of the model"
        _errors.raise_bad_argument("x", rule, len(flat))
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
            rule = f"have shape {_shape(shape)}, as the model's input {spec.name!r} has"
            _errors.raise_bad_argument("x", rule, _shape(array.shape))


def tensors(data: Any) -> Any:
    """The arrays as tensors: floats in Keras' float type, integers in int32."""

    def convert(array: Host) -> Tensor:
        kinds = {"f": keras.config.floatx(), "i": "int32", "u": "int32", "b": "bool"}
        dtype = kinds[array.dtype.kind]
        return keras.ops.convert_to_tensor(array, dtype=dtype)

    return keras.tree.map_structure(convert, data)


def check_gradients(what: str) -> None:
    """Refuses the backends that have no gradients."""
    if not _backend.differentiates():
        _errors.raise_error(
            f"{what} asks for gradients, which the {_backend.name()} backend does not "
            f"have. Run on {', '.join(_backend.DIFFERENTIATES)}.",
            RuntimeError,
        )


def _as_array(value: Any) -> Host:
    """An array or any library's tensor as a NumPy array of a dtype that all take."""
    array = _backend.to_numpy(value)
    name = array.dtype.name
    if array.dtype.kind == "V" and name in _checks.FLOAT_DTYPES:  # bfloat16
        return array.astype("float32")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype("float64")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _not_finite(array: Host) -> int:
    if array.dtype.kind in "iub":
        return 0
    try:
        return int(np.count_nonzero(~np.isfinite(array.astype("float32"))))
    except (TypeError, ValueError):
        return 0


def _layers(model: keras.Layer) -> str:
    kinds = [type(layer) for layer in getattr(model, "layers", [model])]
    count = len(kinds) - kinds.count(keras.layers.InputLayer)
    return "1 layer" if count == 1 else f"{count} layers"


def _shape(shape: Iterable[int | None]) -> str:
    inner = ", ".join("any" if dim is None else str(dim) for dim in shape)
    return f"({inner})"
