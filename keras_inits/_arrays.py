"""Arrays of any library as NumPy's."""

from typing import Any

import numpy as np

from keras_inits import _backend, _convert
from keras_inits._types import Host


def finite_array_of(value: Any) -> Host | None:
    """The numbers in a value of any library as a new NumPy array, or None.

    All of them have to be finite. Numbers wider than float64, and objects, count
    where they equal a float64.
    """
    try:
        array = np.array(_backend.to_numpy(value))
        if array.dtype.kind == "O" or (array.dtype.kind == "f" and array.itemsize > 8):
            numbers = [_convert.number(entry) for entry in array.ravel()]
            wide = np.array(numbers, np.float64)
            if None in numbers or any(wide != np.array(numbers, object)):
                return None
            array = wide.reshape(array.shape)
        known = array.dtype.kind in "biufV"  # V: bfloat16; records are not finite
        return array if known and np.all(np.isfinite(array)) else None
    except Exception:  # there is no saying what a class of another library raises
        return None
