"""Rules for arguments, and the words of every error they raise.

Each function returns the argument in its canonical form or raises one
`ValueError` that names the owner, the argument, the rule, the value received
and, where there is one, the way out; `no_number` does not know its owner. The
words are the same on every backend.
"""

import difflib
import inspect
import math
import re
from collections.abc import Set

import keras

from keras_inits._convert import MOST_AXES, entries, integer, number, text
from keras_inits._ranges import RANGES, is_held

FLOAT_DTYPES = ("float16", "bfloat16", "float32", "float64")
NUMERIC_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *FLOAT_DTYPES,
    *("complex64", "complex128"),
)

LONGEST_LIST = 8  # of weights that an error names
LARGEST_ROOT = 1e150  # the square of what lies between it and its inverse is a float
LONGEST = 1000  # characters of a value that an error shows
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


def _shown(value):
    return _shown_text(text(value))


def _shown_text(found):
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."


def fail(owner, argument, rule, value, hint=""):
    """Raises the one form that all errors about a value have."""
    found = f"{owner}: Argument `{argument}` must be {rule}, got {_shown(value)}."
    raise ValueError(f"{found} {hint}".rstrip()) from None


def nearest(value, options):
    """`Did you mean ...?` for the option closest to `value`, or nothing."""
    name = value if isinstance(value, str) else text(value)
    close = difflib.get_close_matches(name, [str(o) for o in options], 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else ""


def close(value, options, count):
    """At most `count` of the options, the closest to `value` first."""
    options = list(dict.fromkeys(options))
    return difflib.get_close_matches(str(value), options, count, 0.5)


def choice(owner, argument, value, options):
    """One of the strings `options`."""
    if isinstance(value, str) and value in options:
        return value
    found = (
        f"{owner}: Invalid `{argument}` argument: must be one of "
        f"{', '.join(options)}, got {_shown(value)}."
    )
    raise ValueError(f"{found} {nearest(value, options)}".rstrip())


def choice_of_names(owner, value, names, argument="identifier"):
    """Refuses an initializer's name that nobody listed."""
    hint = nearest(value, names) or "keras_inits.names() lists them all."
    fail(owner, argument, "the name of an initializer", value, hint)


def needs_arguments(owner, class_name, required, argument="identifier"):
    """Refuses a class by its bare name when it cannot be made without more."""
    config = ", ".join(f"{name!r}: ..." for name in required)
    rule = f"given with its arguments, as {{'class_name': {class_name!r}, "
    fail(owner, argument, f"{rule}'config': {{{config}}}}}", class_name)


def keras_does_not_follow(version, answer):
    """Refuses a Keras that does not look its initializers up as those known do."""
    raise RuntimeError(
        f"enable: Keras {version} gives {answer}, so nothing was enabled. Pass "
        "objects, as in kernel_initializer=keras_inits.get('glorot_uniform'), or "
        "install a version of Keras that keras_inits supports."
    )


def not_built(owner, model_name, parts=()):
    """Refuses a model whose weights, or those of some parts, do not exist yet."""
    which, it = "which has no weights yet", "it"
    if parts:
        names = ", ".join(map(repr, parts))
        which = f"in which these layers have no weights yet: {names}"
        it = "it, or each of these,"
    raise ValueError(
        f"{owner}: Argument `model` must be built, got {model_name!r}, {which}. Call "
        f"{it} on a batch of data or call its `build` with the input's shape."
    )


def matches_nothing(owner, rule, near, way_out):
    """Refuses a rule that chose no weight of the model."""
    raise ValueError(
        f"{owner}: The rule {rule} matches no weight of the model. Nearest are "
        f"{', '.join(map(repr, near))}. {way_out}"
    )


def cannot_take(owner, address, initializer, reason):
    """Refuses an initializer that cannot draw one of the model's weights."""
    raise ValueError(
        f"{owner}: The weight {address!r} cannot be drawn by {initializer}: {reason}"
    )


def chooses_frozen(owner, rule):
    """Refuses a rule that chooses nothing but frozen weights."""
    raise ValueError(
        f"{owner}: The rule {rule} chooses only weights of frozen layers, which are "
        "left alone. Pass frozen=True to draw them, or leave the rule out."
    )


def not_held(owner, address, initializer, dtype):
    """Refuses values that a weight cannot hold, found when they were drawn."""
    raise ValueError(
        f"{owner}: The weight {address!r} cannot be drawn by {initializer}: its values "
        f"are not finite in {dtype}."
    )


def cannot_tell(owner, found):
    """Refuses weights whose layers do not say how they were initialized.

    `found` has address, class of the layer and reason for each.
    """
    shown = found[:LONGEST_LIST]
    parts: dict[tuple, list] = {}
    for address, layer, reason in shown:
        parts.setdefault((layer, reason), []).append(repr(address))
    places = "; ".join(
        f"{', '.join(addresses)} of {layer} ({reason})"
        for (layer, reason), addresses in parts.items()
    )
    more = f"; and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    rules = ", ".join(f"{address!r}: ..." for address, _, _ in shown)
    rules += ", ..." if more else ""
    raise ValueError(
        f"{owner}: The layers do not tell the initializers of these weights: {places}"
        f"{more}. Say what they get, as in rules={{{rules}}}."
    )


def no_counterpart(owner, kept):
    """Refuses initializers of which Keras has no like."""
    raise ValueError(
        f"{owner}: Keras has no initializer of the law of {', '.join(kept)}. Pass "
        "strict=False to keep what has none; the saved model then needs keras_inits."
    )


def interrupted(owner, done, count, last, following, seed):
    """What to know of a call that stopped half-way."""
    so_far = f"{done} of {count} weights were set"
    so_far += f", the last one {last!r}" if done else ""
    so_far += f", and perhaps {following!r}" if following else ""
    return (
        f"{owner}: {so_far}. Run it again with seed={text(seed)} for the full result."
    )


def takes(owner, argument, rule, function, arguments):
    """Refuses a function that cannot be called with these arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        fail(owner, argument, rule, function)
    except ValueError:
        pass  # one written in C may not tell


def deserialized(owner, argument, rule, value):
    """What a config stands for, where a value is one; else the value."""
    if not isinstance(value, dict):
        return value
    try:
        return keras.saving.deserialize_keras_object(value)
    except Exception as error:
        return fail(owner, argument, rule, value, reason(error))


def reason(error):
    """The first line of what another library says, as a hint."""
    lines = str(error).splitlines()
    return f"The reason: {_shown_text(lines[0])}" if lines else ""


def truth(owner, argument, value):
    """True or False, by Python's own rule."""
    try:
        return bool(value)
    except Exception:
        return fail(owner, argument, "True or False", value)


def real(owner, argument, value, rule="a finite number", allowed=None):
    """A finite number, a Python float or int, that satisfies `allowed`."""
    found = number(value)
    try:
        valid = found is not None and math.isfinite(found)
    except OverflowError:  # an integer beyond the range of float
        valid = False
    if not valid or (allowed and not allowed(found)):
        fail(owner, argument, rule, value, traced_hint(value) if found is None else "")
    return found


def traced_hint(value):
    """What to know of a tensor of the backend that has no value yet."""
    try:
        kind = keras.backend.standardize_dtype(value.dtype)
        unknown = keras.ops.is_tensor(value) and keras.backend.is_float_dtype(kind)
        return TRACED if unknown else ""
    except Exception:
        return ""


def real_or_none(owner, argument, value):
    """A finite number or None."""
    if value is None:
        return None
    return real(owner, argument, value, "a finite number or None")


def positive(owner, argument, value):
    """A finite number above zero."""
    return real(owner, argument, value, "positive float", lambda x: x > 0)


def gain(owner, argument, value):
    """A number above zero whose square is one too."""
    number = positive(owner, argument, value)
    return _between(owner, argument, number, 1 / LARGEST_ROOT, LARGEST_ROOT)


def slope(owner, argument, value):
    """A finite number whose square is one too."""
    number = real(owner, argument, value)
    return _between(owner, argument, number, -LARGEST_ROOT, LARGEST_ROOT)


def _between(owner, argument, value, low, high):
    rule = f"between {low:g} and {high:g}"
    return real(owner, argument, value, rule, lambda x: low <= x <= high)


def not_negative(owner, argument, value):
    """A finite number, zero or above."""
    return real(owner, argument, value, "a finite number, 0 or above", lambda x: x >= 0)


def whole(owner, argument, value, least=None):
    """An integer, at least `least`, and not a bool."""
    found = integer(value)
    if found is None or (least is not None and found < least):
        rule = "an integer" if least is None else f"an integer, {least} or above"
        fail(owner, argument, rule, value)
    return found


def less(owner, low_name, low, high_name, high):
    """Refuses an interval that is empty."""
    if not low < high:
        raise ValueError(
            f"{owner}: Argument `{low_name}` must be less than `{high_name}`, got "
            f"{low_name}={_shown(low)} and {high_name}={_shown(high)}."
        )


def no_number(dtype, low, high):
    """Refuses an interval that holds no number of `dtype`."""
    raise ValueError(
        f"No {dtype} number lies between {low!r} and {high!r}. Give a wider "
        "interval or a wider dtype."
    )


def shape(owner, value):
    """A shape as a tuple of Python ints, each 0 or above; an integer is a length."""
    if type(value) is tuple:
        dims = value
    else:
        length = integer(value)
        dims = entries(value, MOST_AXES) if length is None else (length,)
    valid = dims is not None and not isinstance(value, Set)
    sizes = tuple(map(integer, dims)) if valid else (None,)
    if None in sizes or min(sizes, default=0) < 0:
        fail(owner, "shape", "a tuple of integers, each 0 or above", value)
    if len(sizes) > MOST_AXES:
        fail(owner, "shape", f"of at most {MOST_AXES} axes", value)
    if math.prod(filter(None, sizes)) > LARGEST_SIZE:
        fail(owner, "shape", f"of at most {LARGEST_SIZE} entries", value)
    return sizes


def rank(owner, value, ranks, hint=""):
    """Refuses a shape whose rank is not in `ranks`, a range or a tuple."""
    if len(value) in ranks:
        return
    if isinstance(ranks, range):
        rule = f"of rank {ranks.start} or above"
    else:
        rule = f"of rank {' or '.join(str(r) for r in ranks)}"
    fail(owner, "shape", rule, value, hint)


def dtype(owner, value, allowed):
    """A dtype's standard name, one of `allowed`; None is Keras' float type."""
    try:
        standard = keras.backend.standardize_dtype(value)
        known = isinstance(standard, str) and standard in allowed
    except Exception:
        known = False
    if not known:
        options = ", ".join(allowed)
        fail(owner, "dtype", f"one of {options}", value, nearest(value, allowed))
    return standard


def held(owner, dtype, low, high):
    """Refuses a dtype that does not hold the numbers from `low` to `high`."""
    if not is_held(dtype, low, high):
        least, most = RANGES[dtype]
        rule = f"one that holds {low if low < least else high:g}"
        hint = f"It holds numbers from {least:g} to {most:g}."
        fail(owner, "dtype", rule, dtype, hint)


def axes(owner, argument, value, rank=None):
    """A list of distinct axes, or None; within `rank` where one is given."""
    if value is None:
        return None
    rule = "None or a list of distinct integers"
    one = integer(value)
    given = entries(value, MOST_AXES) if one is None else [one]
    found = [None] if given is None else [integer(axis) for axis in given]
    if None in found:
        fail(owner, argument, rule, value)
    if rank is None:
        if len(set(found)) != len(found):
            fail(owner, argument, rule, value)
        return found
    places = [axis + rank if axis < 0 else axis for axis in found if axis is not None]
    if not all(0 <= place < rank for place in places):
        fail(owner, argument, f"axes of a shape of rank {rank}", value)
    if len(set(places)) != len(places):
        fail(owner, argument, rule, value)
    return places


def seed(owner, value):
    """An int, a `keras.random.SeedGenerator`, or None."""
    if value is None or isinstance(value, keras.random.SeedGenerator):
        return value
    found = integer(value)
    if isinstance(value, str) and HEXADECIMAL.fullmatch(value):
        found = int(value, 16)
    if found is None:
        fail(owner, "seed", SEED_RULE, value)
    return found


def seed_of_call(owner, value):
    """An int, or None for a fresh seed."""
    if value is None:
        return None
    found = integer(value)
    if found is None:
        fail(owner, "seed", "an integer or None", value)
    return found
