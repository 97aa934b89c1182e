"""One hash for a model's weights, equal where the weights are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _convert, _errors
from keras_inits._types import ArrayLike
from keras_inits.engine.host import numpy_dtype
from keras_inits.model.addresses import addresses, require_weights

RULE = "a Keras model or layer, or a list of its weights or of arrays"


def _named_weights(
    model_or_weights: keras.Layer | Iterable[ArrayLike],
) -> list[tuple[str, Any]]:
    """`(name, value)` of each weight, in the order that is hashed."""
    if isinstance(model_or_weights, keras.Layer):
        require_weights(model_or_weights)
        found = addresses(model_or_weights)
        pairs = [(address, variable) for address, _, variable in found]
        return sorted(pairs, key=lambda pair: pair[0])
    weights = _convert.entries(model_or_weights)
    if weights is None:
        _errors.raise_bad_value("model_or_weights", RULE, model_or_weights)
    return [(str(place), weight) for place, weight in enumerate(weights)]


@_backend.outside_traces
def fingerprint(model_or_weights: keras.Layer | Iterable[ArrayLike]) -> str:
    """SHA-256 of a model's weights.

    Hashed are, for each weight in the order of their addresses, the address, the
    dtype, the shape and the bytes of its values, row-major and little-endian;
    whole numbers count as 64-bit ones, whatever width the backend gave them. So
    two models agree when their layers are named alike and every bit is the same,
    on whatever backend; seed generators' states and metrics do not count.

    Args:
        model_or_weights: A Keras model or layer whose parts have their weights, or a
            list of variables, tensors or arrays, which are hashed in their order,
            with their place in the list for an address.

    Returns:
        64 hexadecimal digits.

    Raises:
        ValueError: If it is none of these, or a part of the model has no
            weights yet.
    """
    digest = hashlib.sha256()
    for name, weight in _named_weights(model_or_weights):
        try:
            dtype = keras.backend.standardize_dtype(getattr(weight, "dtype", None))
            value = np.asarray(_backend.to_numpy(weight)).astype(numpy_dtype(dtype))
        except Exception:  # there is no saying what is no array raises
            _errors.raise_bad_value("model_or_weights", RULE, model_or_weights)
        if value.dtype.kind in "iu":
            # Keras counts in int64 on some backends and in int32 on others.
            dtype, value = "integer", value.astype(np.int64)
        little = value.astype(value.dtype.newbyteorder("<"), copy=False)
        head = f"{name}\n{dtype}\n{value.shape}\n"
        digest.update(head.encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
