"""Values of any library as Python's own, where nothing is lost; else None.

One rule for all arguments: what equals a Python number is that number, whichever
library it comes from. Nothing here raises, whatever it is given.
"""

import itertools
import math
import operator
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

LONGEST = 40  # characters of an array as text, in the arguments of an initializer
MOST_AXES = 64  # of an array in NumPy
MOST_ENTRIES = 1 << 16  # of an argument that is a list; a generator may have no end


def number(value: Any) -> float | None:
    """The Python int or float that a value equals exactly, or None.

    Scalars of every array library count, fractions and decimals too; bools, complex
    numbers and strings do not.
    """
    if type(value) in (int, float):
        return value
    try:
        value = without_variable(value)
        kind = str(getattr(value, "dtype", type(value).__name__))
        if len(getattr(value, "shape", ())) or isinstance(value, (str, bytes)):
            return None
        if "bool" in kind or "complex" in kind:
            return None
        if hasattr(value, "__index__"):
            try:
                return int(operator.index(value))
            except Exception:  # an array of floats has the method too
                pass
        found = float(value)
        return found if found == value or math.isnan(found) else None
    except Exception:  # there is no saying what a class of another library raises
        return None


def integer(value: Any) -> int | None:
    """The Python int that a value equals, or None."""
    found = number(value)
    return found if type(found) is int else None


def without_variable(value: Any) -> Any:
    """The tensor of a variable, without its gradient, anything else as it is.

    On JAX a variable has no end, as any index is clipped to it, and PyTorch warns of
    numbers that come from what has a gradient.
    """
    if isinstance(value, keras.Variable):
        return keras.ops.stop_gradient(value.value)
    return value


def entries(value: Any, most: int = MOST_ENTRIES) -> list[Any] | None:
    """The entries of a list or of another iterable, at most `most`, or None.

    Neither a string nor a mapping is one.
    """
    if isinstance(value, (str, bytes, bytearray, Mapping)):
        return None
    try:
        found = list(itertools.islice(iter(without_variable(value)), most + 1))
    except Exception:
        return None
    return found if len(found) <= most else None


def text(value: object) -> str:
    """A value as text, whatever its own `repr` does."""
    try:
        return repr(value)
    except Exception:
        if isinstance(value, int):
            return hex(value)  # Python refuses to write a long one in decimal digits
        return f"a {type(value).__name__} without a repr"


def short_text(value: object) -> str:
    """An argument as text; of an array that takes more than a few words, its shape."""
    found = text(value)
    if not isinstance(value, (np.ndarray, list)) or len(found) <= LONGEST:
        return found
    try:
        array = np.asarray(value)
    except Exception:  # a list of lists of several lengths, or of anything
        return found
    is_array = isinstance(value, np.ndarray) or array.dtype.kind in "biufc"
    return f"array of shape {array.shape}" if is_array else found
