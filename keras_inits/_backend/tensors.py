"""Values on their way into the backend's tensors and out of them."""

import importlib

import keras
import numpy as np

from keras_inits._backend.questions import is_tracing, name
from keras_inits._types import Array, Host, Tensor

ALIGNMENT = 64  # bytes; what vector instructions of every kind accept
LARGE = 1 << 12  # elements from which a copy is worth sparing
# How NumPy reads an object, but by its indices.
WAYS = ("__iter__", "__array__", "__array_interface__", "__array_struct__")
# Methods by which a symbolic tensor is asked for values before it is asked to compute.
CONVERSIONS = ("__jax_array__",)


def to_tensor(array: Array, dtype: str) -> Tensor:
    """`array`, which nobody else holds, as the backend's tensor."""
    if name() == "jax":
        # As `keras.ops.convert_to_tensor` in the end, in two thirds of its time.
        return importlib.import_module("jax").device_put(array)
    # Some backends take the memory as it lies; a scalar stays one.
    array = np.asarray(array, order="C")
    if dtype == "bfloat16" or array.size < LARGE:
        return keras.ops.convert_to_tensor(array, dtype=dtype)
    # Where Keras would copy it, it changes hands as it is.
    if name() == "torch":
        tensor = importlib.import_module("torch").from_numpy(array)
        return keras.ops.convert_to_tensor(tensor, dtype=dtype)
    # TensorFlow's kernels abort on memory that is not aligned.
    aligned = array.dtype.kind == "f" and array.ctypes.data % ALIGNMENT == 0
    if name() == "tensorflow" and aligned and not is_tracing():
        dlpack = importlib.import_module("tensorflow").experimental.dlpack
        return dlpack.from_dlpack(array.__dlpack__())
    return keras.ops.convert_to_tensor(array, dtype=dtype)


def to_numpy(tensor: Tensor) -> Host:
    """The tensor's values as a NumPy array, shared with it where that can be.

    `keras.ops.convert_to_numpy` warns on NumPy 2 and copies on the way.
    """
    if isinstance(tensor, keras.Variable):
        tensor = tensor.value
    if hasattr(tensor, "detach"):  # PyTorch's, which data may be on any backend
        tensor = tensor.detach()
        if hasattr(tensor, "full_tensor"):  # in parts, on devices of several processes
            tensor = tensor.full_tensor()
        tensor = tensor.cpu()
        if "bfloat16" in str(tensor.dtype):
            tensor = tensor.float()
    if hasattr(tensor, "numpy"):
        return tensor.numpy()
    if hasattr(tensor, "__getitem__") and not any(hasattr(tensor, w) for w in WAYS):
        # NumPy would ask for one index after the other, be there an end or not.
        raise TypeError(f"a {type(tensor).__name__} is no array")
    return np.asarray(tensor)


def bitcast(tensor: Tensor, dtype: str) -> Tensor:
    """The bits of a tensor as another dtype; where narrower, on a longer last axis."""
    if hasattr(keras.ops, "view"):  # from Keras 3.12 on
        return keras.ops.view(tensor, dtype=dtype)
    if name() == "tensorflow":
        cast = importlib.import_module("tensorflow").bitcast(tensor, dtype)
        longer = len(cast.shape) > len(tensor.shape)
        return keras.ops.reshape(cast, (*tensor.shape[:-1], -1)) if longer else cast
    if name() == "torch":
        dtype = getattr(importlib.import_module("torch"), dtype)
    return tensor.view(dtype)
