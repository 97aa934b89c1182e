"""Values that no one means, for each argument of each public callable."""

import datetime
import decimal
import fractions
import itertools
import math
import pathlib
import re
from traceback import format_exception

import keras
import numpy as np
from hypothesis import strategies as st

import keras_inits as ki
from keras_inits import _convert
from keras_inits.diagnostics import Comparison, comparison

# The words that every error of the package has; see `_errors`.
CLEAR = ("Argument `", "Invalid `", "The weight ", "The rule ", "lies between")
# Python's own form, for what a constructor does not take; see `test_constructors`.
UNBOUND = re.compile(
    r"\w+\(\) (got an unexpected keyword argument|missing a required|takes no) "
)
NEEDS = re.compile(
    r"^\w+: (Argument `\w+`|Training) (asks for gradients, which|needs \w+, which) "
)
LONG = 10**5000 - 1
OWN = "a user's function fails"  # which is no business of the package


def raising(*names):
    def fails(self, *args, **kwargs):
        raise RuntimeError(OWN if names == ("__call__",) else "hostile")

    return type("Hostile", (), dict.fromkeys(names, fails))()


HOSTILE = [
    raising("__iter__"),
    raising("__array__"),
    raising("__eq__"),
    raising("__len__"),
    raising("__repr__", "__str__"),
    raising("__float__", "__index__"),
    raising("__bool__"),
    raising("__hash__"),
    raising("__getattr__"),
    raising("__call__"),
]
NESTED: list = []
NESTED.append(NESTED)
DEEP: list = []
for _ in range(3000):
    DEEP = [DEEP]

SCALARS = [
    *(None, True, 0, 1, -1, 2**63, 2**64, LONG, -LONG, 0.5, -0.0, 1e308, 5e-324),
    *(math.nan, math.inf, -math.inf, 1 + 2j, b"x", bytearray(b"x"), Ellipsis),
    fractions.Fraction(1, 2),
    fractions.Fraction(1, 3),
    decimal.Decimal("0.5"),
    decimal.Decimal("0.1"),
    decimal.Decimal("sNaN"),
    np.longdouble(0.5),
    np.longdouble("0.1"),
    np.float16(0.5),
    np.int8(2),
    np.bool_(True),
    np.complex64(1),
    np.array(0.5),
    np.array(2),
    np.array("x"),
    np.array(None),
    np.datetime64("2020-01-01"),
    datetime.timedelta(1),
    keras.ops.convert_to_tensor(0.5),
    keras.ops.convert_to_tensor(2),
    keras.ops.convert_to_tensor(True),
    keras.ops.cast(0.5, "bfloat16"),
    keras.KerasTensor(()),
    keras.Variable(0.5),
]
OBJECTS = [
    *HOSTILE,
    *(object(), int, type, len, str.upper, math, KeyError("x"), NotImplemented),
    *(NESTED, DEEP, {"class_name": NESTED}, {}, [], (), set(), {1, 2}, range(3)),
    *([None], [[1], [1, 2]], [{}], ["a"], [("kernel", 5)], [(None, "zeros")]),
    *("x", "", "a" * 10_000, "\ud800", "he_normal", "0x1f", "\0", "no/such/x.png"),
    *(pathlib.Path("/"), b"x.png", {"kernel": None}, {1: "zeros"}, slice(1)),
    *(re.compile("x"), re.compile(b"x"), [(re.compile("kernel"), "zeros")]),
    *(np.zeros((0, 4)), np.ones((3, 4)), np.ones((3, 4), complex), np.array(["a"])),
    *([np.ones((3, 4)), "a"], {"x": np.ones((3, 4))}, [(1, 2, 3, 4)]),
    keras.KerasTensor((3, 4)),
    keras.ops.ones((3, 4)),
    np.array([1.0, math.nan]),
    np.zeros(2, [("a", "f4")]),
    np.array([None, 1], object),
    keras.ops.convert_to_tensor([1.0, 2.0]),
    keras.initializers.HeNormal,
    keras.initializers.Initializer,
    ki.Initializer,
    ki.PerGate,
    keras.layers.Dense,
    keras.Sequential(),
    keras.random.SeedGenerator(1),
    lambda: 1,
    lambda x: x,
    lambda x, y: 5,
    HOSTILE[9].__call__,
]
CONFIGS = st.fixed_dictionaries(
    {"class_name": st.sampled_from(["HeNormal", "Nope", "STFT", None, 3, ()])},
    optional={
        "config": st.sampled_from([None, "abc", 3, {}, {"sed": 3}, {"seed": "x"}]),
        "module": st.sampled_from([None, "no.such", "keras.initializers"]),
        "registered_name": st.sampled_from([None, 3, "keras_inits>HeNormal"]),
    },
)


class Given:
    """A value that hypothesis can show, whatever its own `repr` does."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return _convert.text(self.value)[:200]


OTHERS = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.one_of(st.integers(-3, 5), st.floats(), st.none()), max_size=4),
    st.builds(iter, st.just([3, 4])),
    st.builds(itertools.repeat, st.just(1)),
    CONFIGS,
)
VALUES = st.one_of(
    st.sampled_from([Given(value) for value in (*SCALARS, *OBJECTS)]), OTHERS.map(Given)
)


def is_own(error):
    """Whether an error is that of a function which was given."""
    return isinstance(error, RuntimeError) and str(error) == OWN


def is_clear(error):
    """Whether an error says whose it is and what is wrong with what was given."""
    text = str(error)
    if not isinstance(error, (ValueError, TypeError)):
        # What the docstrings announce: no gradients here, or a package is missing.
        return isinstance(error, (RuntimeError, ImportError)) and NEEDS.search(text)
    if isinstance(error, TypeError) and UNBOUND.match(text):
        return True
    return any(words in text for words in CLEAR) and (
        re.match(r"[\w.]+: ", text) is not None or text.startswith("No ")
    )


def assert_takes_or_refuses(function):
    """Returns what a function does, or None where it raises one clear error."""
    result, error = None, None
    try:
        result = function()
    except Exception as raised:
        error = raised
    assert error is None or is_clear(error) or is_own(error), format_exception(error)
    return result


# What they are given to.
MODEL = keras.Sequential(
    [
        keras.Input((4,), name="x"),
        keras.layers.Dense(4, name="a"),
        keras.layers.Dense(2, name="b"),
    ],
    name="model",
)
X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(3, 4)
Y = np.ones((3, 2), "float32")
REPORT = ki.diagnose(MODEL, X)
RUN = comparison.Run("zeros", 1, [1.0], [1.0, 0.5], {}, 0.1)
COMPARISON = Comparison(["zeros"], 1, [RUN], interrupted=False)


ONE_RUN = {"epochs": 1, "seeds": [1], "progress": False}
NARROW = keras.layers.Dense(2, name="narrow")
NARROW.build((None, 2))


def nothing():
    return None


def wrong_loss(targets, outputs):
    raise ArithmeticError("no loss")


def compiled():
    MODEL.compile("sgd", "mse")
    return MODEL
