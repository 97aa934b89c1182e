"""Arrays of any library as NumPy's."""

import numpy as np

from keras_inits import _backend, _convert


def array_of(value):
    """The numbers in a value of any library as a new NumPy array, or None.

    Numbers wider than float64, and objects, count where they equal a float64.
    """
    try:
        array = np.array(_backend.to_numpy(value))
        if array.dtype.kind == "O" or (array.dtype.kind == "f" and array.itemsize > 8):
            numbers = [_convert.number(entry) for entry in array.ravel()]
            wide = np.array(numbers, np.float64)
            if None in numbers or any(wide != np.array(numbers, object)):
                return None
            return wide.reshape(array.shape)
        return array if array.dtype.kind in "biufV" else None
    except Exception:  # there is no saying what a class of another library raises
        return None
