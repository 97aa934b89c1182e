"""Rules for arguments, and the words of every error they raise.

Each function returns the argument in its canonical form or raises one
`ValueError` that names the owner, the argument, the rule, the value received
and, where there is one, the way out; `no_number` does not know its owner, and
`old_jax` is an `ImportError`. The words are the same on every backend.
"""

import difflib
import math
import numbers
import operator

import keras

FLOAT_DTYPES = ("float16", "bfloat16", "float32", "float64")
NUMERIC_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *FLOAT_DTYPES,
    *("complex64", "complex128"),
)

LONGEST_LIST = 8  # of weights that an error names
LARGEST_ROOT = 1e150  # the square of what lies between it and its inverse is a float


def fail(owner, argument, rule, value, hint=""):
    """Raises the one form that all errors about a value have."""
    text = f"{owner}: Argument `{argument}` must be {rule}, got {value!r}."
    raise ValueError(f"{text} {hint}".rstrip())


def nearest(value, options):
    """`Did you mean ...?` for the option closest to `value`, or nothing."""
    close = difflib.get_close_matches(str(value), [str(o) for o in options], 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else ""


def close(value, options, count):
    """At most `count` of the options, the closest to `value` first."""
    options = list(dict.fromkeys(options))
    return difflib.get_close_matches(str(value), options, count, 0.5)


def choice(owner, argument, value, options):
    """One of the strings `options`."""
    if isinstance(value, str) and value in options:
        return value
    text = (
        f"{owner}: Invalid `{argument}` argument: must be one of "
        f"{', '.join(options)}, got {value!r}."
    )
    raise ValueError(f"{text} {nearest(value, options)}".rstrip())


def choice_of_names(owner, value, names):
    """Refuses an initializer's name that nobody listed."""
    hint = nearest(value, names) or "keras_inits.names() lists them all."
    fail(owner, "identifier", "the name of an initializer", value, hint)


def needs_arguments(owner, class_name, required):
    """Refuses a class by its bare name when it cannot be made without more."""
    config = ", ".join(f"{argument!r}: ..." for argument in required)
    rule = f"given with its arguments, as {{'class_name': {class_name!r}, "
    fail(owner, "identifier", f"{rule}'config': {{{config}}}}}", class_name)


def keras_does_not_follow(version, answer):
    """Refuses a Keras that does not look its initializers up as those known do."""
    raise RuntimeError(
        f"enable: Keras {version} gives {answer}, so nothing was enabled. Pass "
        "objects, as in kernel_initializer=keras_inits.get('glorot_uniform'), or "
        "install a version of Keras that keras_inits supports."
    )


def not_built(owner, model_name):
    """Refuses a model whose weights do not exist yet."""
    raise ValueError(
        f"{owner}: Argument `model` must be built, got {model_name!r}, which has no "
        "weights yet. Call it on a batch of data or call its `build` with the "
        "input's shape."
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


def interrupted(owner, done, count, last, seed):
    """What to know of a call that stopped half-way."""
    so_far = f"{done} of {count} weights were set"
    so_far += f", the last one {last!r}" if done else ""
    return f"{owner}: {so_far}. Run it again with seed={seed} for the full result."


def real(owner, argument, value, rule="a finite number", allowed=None):
    """A finite number, a Python float or int, that satisfies `allowed`."""
    number = value
    if hasattr(number, "item") and getattr(number, "shape", None) == ():
        number = number.item()
    valid = isinstance(number, numbers.Real) and not isinstance(number, bool)
    try:
        valid = valid and math.isfinite(number)
    except OverflowError:  # an integer beyond the range of float
        valid = False
    if not valid or (allowed and not allowed(number)):
        fail(owner, argument, rule, value)
    return number


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
    rule = "an integer" if least is None else f"an integer, {least} or above"
    if isinstance(value, bool):
        fail(owner, argument, rule, value)
    try:
        number = operator.index(value)
    except TypeError:
        fail(owner, argument, rule, value)
    if least is not None and number < least:
        fail(owner, argument, rule, value)
    return number


def less(owner, low_name, low, high_name, high):
    """Refuses an interval that is empty."""
    if not low < high:
        raise ValueError(
            f"{owner}: Argument `{low_name}` must be less than `{high_name}`, got "
            f"{low_name}={low!r} and {high_name}={high!r}."
        )


def no_number(dtype, low, high):
    """Refuses an interval that holds no number of `dtype`."""
    raise ValueError(
        f"No {dtype} number lies between {low!r} and {high!r}. Give a wider "
        "interval or a wider dtype."
    )


def old_jax(version):
    """Refuses a JAX that has no 64-bit integers inside a traced function."""
    raise ImportError(
        "Drawing a large tensor inside a traced function needs jax 0.8 or later, "
        f"found {version}. Run `pip install -U jax`, or call the initializer outside "
        "the function."
    )


def traced_state(owner):
    """Refuses a seed generator inside a traced function."""
    raise ValueError(
        f"{owner}: Argument `seed` must be an integer or None inside a traced "
        "function, got a keras.random.SeedGenerator, whose state cannot move on "
        "there. Call the initializer outside the function, or give it an integer."
    )


def traced_call(owner):
    """Refuses to work on a model inside a traced function."""
    raise ValueError(
        f"{owner}: A model must be worked on outside of traced functions, got a call "
        "inside one, where weights have no values. Call it before, or between two "
        "steps; nothing was changed."
    )


def shape(owner, value):
    """A shape as a tuple of Python ints, each 0 or above."""
    rule = "a tuple of integers, each 0 or above"
    if isinstance(value, (str, bytes)):
        fail(owner, "shape", rule, value)
    try:
        dims = tuple(value)
        sizes = tuple(map(operator.index, dims))
    except TypeError:
        is_length = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        is_length = is_length and value >= 0
        hint = f"A vector of that length has shape ({value},)." if is_length else ""
        fail(owner, "shape", rule, value, hint)
    if min(sizes, default=0) < 0 or bool in map(type, dims):
        fail(owner, "shape", rule, value)
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
    except (ValueError, TypeError):
        standard = None
    if standard not in allowed:
        options = ", ".join(allowed)
        fail(owner, "dtype", f"one of {options}", value, nearest(value, allowed))
    return standard


def axes(owner, argument, value, rank=None):
    """A list of distinct axes, or None; within `rank` where one is given."""
    if value is None:
        return None
    rule = "None or a list of distinct integers"
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        value = [value]
    if isinstance(value, (str, bytes)):
        fail(owner, argument, rule, value)
    try:
        found = [operator.index(axis) for axis in value]
    except TypeError:
        fail(owner, argument, rule, value)
    if any(isinstance(axis, bool) for axis in value):
        fail(owner, argument, rule, value)
    if rank is None:
        if len(set(found)) != len(found):
            fail(owner, argument, rule, value)
        return found
    places = [axis + rank if axis < 0 else axis for axis in found]
    if not all(0 <= place < rank for place in places):
        fail(owner, argument, f"axes of a shape of rank {rank}", value)
    if len(set(places)) != len(places):
        fail(owner, argument, rule, value)
    return places


def seed(owner, value):
    """An int, a `keras.random.SeedGenerator`, or None."""
    if value is None or isinstance(value, keras.random.SeedGenerator):
        return value
    rule = "an integer, a keras.random.SeedGenerator or None"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        fail(owner, "seed", rule, value)
    return int(value)


def seed_of_call(owner, value):
    """An int, or None for a fresh seed."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        fail(owner, "seed", "an integer or None", value)
    return int(value)
