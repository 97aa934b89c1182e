"""Rules for arguments.

Each function returns the argument in its canonical form or raises the one error that
names the argument, the rule, the value received and, where there is one, the way out;
see `_errors`, which adds the name of what was called. The words are the same on every
backend.
"""

import inspect
import math
import os
import pathlib
import re
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

import keras

from keras_inits import _backend
from keras_inits._convert import MOST_AXES, entries, integer, number
from keras_inits._errors import (
    nearest,
    raise_bad_argument,
    raise_bad_value,
    raise_error,
    reason,
    shown,
)
from keras_inits._ranges import RANGES, is_held
from keras_inits._types import Shape

FLOAT_DTYPES = ("float16", "bfloat16", "float32", "float64")
NUMERIC_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *FLOAT_DTYPES,
    *("complex64", "complex128"),
)

LARGEST_ROOT = 1e150  # the square of what lies between it and its inverse is a float
# Python may refuse to write more decimal digits than this many bits have. A config
# has a seed of more in hexadecimal ones.
LONGEST_INTEGER = 2000
HEXADECIMAL = re.compile(r"-?0x[0-9a-f]+")
SEED_RULE = "an integer, a keras.random.SeedGenerator or None"
LARGEST_SIZE = 1 << 59  # entries of 16 bytes each that an address can count
TRACED = (
    "Inside a traced function it must be a number that is known while the function is "
    "traced."
)


def check_choice(argument: str, value: Any, options: Sequence[str]) -> str:
    """One of the strings `options`.

    The message begins as that of Keras does for the arguments that both have.
    """
    if isinstance(value, str) and value in options:
        return value
    found = f"must be one of {', '.join(options)}, got {shown(value)}."
    hint = nearest(value, options)
    raise_error(f"Invalid `{argument}` argument: {found} {hint}".rstrip())


def check_layer(argument: str, value: Any) -> keras.Layer:
    """A Keras model or layer."""
    if not isinstance(value, keras.layers.Layer):
        raise_bad_value(argument, "a Keras model or layer", value)
    return value


def check_count(argument: str, value: Any) -> int:
    """A number of things, 1 or above, that a float tells from its neighbors."""
    found = check_integer(argument, value, 1)
    if found > 2**53:
        raise_bad_value(argument, f"at most {2**53}", value)
    return found


def is_pattern(value: Any) -> bool:
    """Whether a value is a compiled regular expression that searches strings."""
    return isinstance(value, re.Pattern) and isinstance(value.pattern, str)


def check_takes(
    argument: str, rule: str, function: Callable[..., Any], arguments: Iterable[object]
) -> None:
    """Refuses a function that cannot be called with these arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        raise_bad_value(argument, rule, function)
    except ValueError:
        pass  # one written in C may not tell


def deserialize(argument: str, rule: str, value: Any) -> Any:
    """What a config stands for, where a value is one; else the value."""
    if not isinstance(value, dict):
        return value
    try:
        return keras.saving.deserialize_keras_object(value)
    except Exception as error:
        return raise_bad_value(argument, rule, value, reason(error))


def check_bool(argument: str, value: Any) -> bool:
    """True or False, of any library, or the integers that equal them."""
    try:
        kind = str(getattr(value, "dtype", type(value).__name__))
        if ("bool" in kind and not len(getattr(value, "shape", ()))) or (
            integer(value) in (0, 1)
        ):
            return bool(value)
    except Exception:  # a tensor that is being traced, or a class that raises
        pass
    return raise_bad_value(argument, "True or False", value)


def check_real(
    argument: str,
    value: Any,
    rule: str = "a finite number",
    allowed: Callable[[Any], object] | None = None,
) -> float:
    """A finite number, a Python float or int, that satisfies `allowed`."""
    found = number(value)
    try:
        valid = found is not None and math.isfinite(found)
    except OverflowError:  # an integer beyond the range of float
        valid = False
    if found is None or not valid or (allowed and not allowed(found)):
        hint = traced_hint(value) if found is None else ""
        raise_bad_value(argument, rule, value, hint)
    return found


def traced_hint(value: Any) -> str:
    """What to know of a tensor of the backend that has no value yet."""
    try:
        kind = keras.backend.standardize_dtype(value.dtype)
        if not (keras.ops.is_tensor(value) and keras.backend.is_float_dtype(kind)):
            return ""
    except Exception:  # there is no saying what an attribute raises
        return ""
    try:
        _backend.to_numpy(value)
    except Exception:  # each backend has an error of its own for it
        return TRACED
    return ""


def check_real_or_none(argument: str, value: Any) -> float | None:
    """A finite number or None."""
    if value is None:
        return None
    return check_real(argument, value, "a finite number or None")


def check_positive(argument: str, value: Any) -> float:
    """A finite number above zero."""
    return check_real(argument, value, "positive float", lambda x: x > 0)


def check_gain(argument: str, value: Any) -> float:
    """A number above zero whose square is one too."""
    number = check_positive(argument, value)
    return _check_between(argument, number, 1 / LARGEST_ROOT, LARGEST_ROOT)


def check_slope(argument: str, value: Any) -> float:
    """A finite number whose square is one too."""
    number = check_real(argument, value)
    return _check_between(argument, number, -LARGEST_ROOT, LARGEST_ROOT)


def _check_between(argument: str, value: float, low: float, high: float) -> float:
    rule = f"between {low:g} and {high:g}"
    return check_real(argument, value, rule, lambda x: low <= x <= high)


def check_not_negative(argument: str, value: Any) -> float:
    """A finite number, zero or above."""
    return check_real(argument, value, "a finite number, 0 or above", lambda x: x >= 0)


def check_integer(argument: str, value: Any, least: int | None = None) -> int:
    """An integer, at least `least`, and not a bool."""
    found = integer(value)
    if found is None or (least is not None and found < least):
        rule = "an integer" if least is None else f"an integer, {least} or above"
        raise_bad_value(argument, rule, value)
    return found


def check_less(low_name: str, low: float, high_name: str, high: float) -> None:
    """Refuses an interval that is empty."""
    if not low < high:
        found = f"{low_name}={shown(low)} and {high_name}={shown(high)}"
        raise_bad_argument(low_name, f"be less than `{high_name}`", found)


def check_shape(value: Any) -> Shape:
    """A shape as a tuple of Python ints, each 0 or above; an integer is a length."""
    dims: Any = value
    if type(value) is not tuple:
        length = integer(value)
        dims = entries(value, MOST_AXES) if length is None else (length,)
    valid = dims is not None and not isinstance(value, Set)
    found = tuple(map(integer, dims)) if valid else (None,)
    sizes = tuple(size for size in found if size is not None and size >= 0)
    if len(sizes) < len(found):
        raise_bad_value("shape", "a tuple of integers, each 0 or above", value)
    if len(sizes) > MOST_AXES:
        raise_bad_value("shape", f"of at most {MOST_AXES} axes", value)
    if math.prod(filter(None, sizes)) > LARGEST_SIZE:
        raise_bad_value("shape", f"of at most {LARGEST_SIZE} entries", value)
    return sizes


def check_rank(value: Shape, ranks: range | tuple[int, ...], hint: str = "") -> None:
    """Refuses a shape whose rank is not in `ranks`, a range or a tuple."""
    if len(value) in ranks:
        return
    if isinstance(ranks, range):
        rule = f"of rank {ranks.start} or above"
    else:
        rule = f"of rank {' or '.join(str(r) for r in ranks)}"
    raise_bad_value("shape", rule, value, hint)


def check_dtype(value: Any, allowed: Sequence[str]) -> str:
    """A dtype's standard name, one of `allowed`; None is Keras' float type."""
    try:
        standard = keras.backend.standardize_dtype(value)
        known = isinstance(standard, str) and standard in allowed
    except Exception:
        known = False
    if not known:
        options = ", ".join(allowed)
        raise_bad_value("dtype", f"one of {options}", value, nearest(value, allowed))
    return standard


def check_range(dtype: str, low: float, high: float) -> None:
    """Refuses a dtype that does not hold the numbers from `low` to `high`."""
    if not is_held(dtype, low, high):
        least, most = RANGES[dtype]
        rule = f"one that holds {low if low < least else high:g}"
        hint = f"It holds numbers from {least:g} to {most:g}."
        raise_bad_value("dtype", rule, dtype, hint)


def check_axes(argument: str, value: Any, rank: int | None = None) -> list[int] | None:
    """A list of distinct axes, or None; within `rank` where one is given."""
    if value is None:
        return None
    rule = "None or a list of distinct integers"
    one = integer(value)
    given = entries(value, MOST_AXES) if one is None else [one]
    found = [None] if given is None else [integer(axis) for axis in given]
    axes = [axis for axis in found if axis is not None and abs(axis) <= MOST_AXES]
    if len(axes) < len(found):
        raise_bad_value(argument, rule, value)
    if rank is not None:
        axes = [axis + rank if axis < 0 else axis for axis in axes]
        if not all(0 <= axis < rank for axis in axes):
            raise_bad_value(argument, f"axes of a shape of rank {rank}", value)
    if len(set(axes)) != len(axes):
        raise_bad_value(argument, rule, value)
    return axes


def check_seed(value: Any) -> int | keras.random.SeedGenerator | None:
    """An int, a `keras.random.SeedGenerator`, or None."""
    if value is None or isinstance(value, keras.random.SeedGenerator):
        return value
    found = integer(value)
    if isinstance(value, str) and HEXADECIMAL.fullmatch(value):
        found = int(value, 16)
    if found is None:
        raise_bad_value("seed", SEED_RULE, value)
    return found


def check_seed_of_call(value: Any) -> int | None:
    """An int, or None for a fresh seed."""
    if value is None:
        return None
    found = integer(value)
    if found is None:
        raise_bad_value("seed", "an integer or None", value)
    return found


def check_path(argument: str, value: Any) -> pathlib.Path:
    """The path of a file that can be made, checked before any work is done.

    Neither a number, which Python's `open` takes for a file that is open already (1 is
    standard output), nor a directory.
    """
    try:
        path = pathlib.Path(value)
        os.fsencode(path)
        valid = path.name and "\0" not in path.name and not path.is_dir()
        valid = valid and path.absolute().parent.is_dir()
    except Exception:  # a value of another type, or a name that no system takes
        valid = False
    if not valid:
        rule = "a path in a directory that exists"
        raise_bad_value(argument, rule, value)
    return path
