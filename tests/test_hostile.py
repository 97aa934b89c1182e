"""Whatever a public callable is given: one clear error, or a result, and no traceback.

Each example takes one argument of one callable and a hostile value for it.
"""

import contextlib
import datetime
import decimal
import fractions
import itertools
import json
import math

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import keras_inits as ki
from keras_inits import _checks
from keras_inits.initializers.lookup import parameters_of
from tests.support import as_float64, raises_exactly

# The words that every error of the package has; see `_checks`.
CLEAR = ("Argument `", "Invalid `", "The weight ", "The rule ", "lies between")
SETTINGS = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,  # the same examples each time, so a failure is a change's
    suppress_health_check=list(HealthCheck),
)
LONG = 10**5000 - 1


def raising(*names):
    def fails(self, *args, **kwargs):
        raise RuntimeError("hostile")

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
    *("x", "", "a" * 10_000, "\ud800", "he_normal", "0x1f"),
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
    lambda *args, **kwargs: 1 / 0,
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
        return _checks.text(self.value)[:200]


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
SHAPES = [(4, 4), (5,), (2, 3, 4), (4, 1, 3)]
CLASSES = [
    name
    for name in ki.__all__
    if isinstance(getattr(ki, name), type)
    and issubclass(getattr(ki, name), ki.Initializer)
    and name not in ("Initializer", "RandomInitializer")
]
ARGUMENTS = [(n, a) for n in CLASSES for a in parameters_of(getattr(ki, n))]


def is_clear(error):
    return any(words in str(error) for words in CLEAR)


def attempt(function):
    """A result, or None for one clear error."""
    try:
        return function()
    except ValueError as error:
        if is_clear(error):
            return None
        raise


def use(initializer):
    """Whatever was made draws finite values, is shown and saved."""
    repr(initializer)
    config = attempt(initializer.get_config)
    if config is not None:
        attempt(lambda: type(initializer).from_config(config))
    for shape, dtype in itertools.product(SHAPES, ("float32", "float16")):
        drawn = attempt(lambda shape=shape, dtype=dtype: initializer(shape, dtype))
        assert drawn is None or np.isfinite(as_float64(drawn)).all()


@SETTINGS
@given(argument=st.sampled_from(ARGUMENTS), value=VALUES)
def test_a_class_takes_a_value_or_refuses_it_clearly(argument, value):
    name, keyword = argument
    cls = getattr(ki, name)
    needed = {"inner": "he_normal"} if "inner" in parameters_of(cls) else {}

    made = attempt(lambda: cls(**{**needed, keyword: value.value}))

    if made is not None:
        use(made)


MODEL = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(2)]
)
X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(3, 4)
CALLS = {
    "shape": lambda v: ki.HeNormal(seed=1)(v) if not too_large(v) else None,
    "dtype": lambda v: ki.HeNormal(seed=1)((2, 3), v),
    "zeros of shape": lambda v: ki.Zeros()(v) if not too_large(v) else None,
    "calculate_gain": ki.calculate_gain,
    "calculate_gain's param": lambda v: ki.calculate_gain("leaky_relu", v),
    "compute_fans": ki.compute_fans,
    "compute_fans' axes": lambda v: ki.compute_fans((2, 3), v, v, batch_axes=v),
    "get": ki.get,
    "register": ki.register,
    "register's package": lambda v: ki.register(package=v)(Local),
    "fingerprint": ki.fingerprint,
    "fingerprint of a list": lambda v: ki.fingerprint([v]),
    "initialize's rules": lambda v: ki.initialize(MODEL, v, dry_run=True),
    "initialize's seed": lambda v: ki.initialize(MODEL, {"bias": "ones"}, seed=v),
    "initialize's strict": lambda v: ki.initialize(MODEL, {}, strict=v),
    "initialize's dry_run": lambda v: ki.initialize(MODEL, {}, dry_run=v),
    "reinitialize's flags": lambda v: ki.reinitialize(MODEL, frozen=v, dry_run=v),
    "reinitialize's rules": lambda v: ki.reinitialize(MODEL, rules=v),
    "detach's strict": lambda v: ki.detach(MODEL, strict=v),
    "lsuv's seed": lambda v: ki.lsuv(MODEL, X, seed=v),
    "lsuv's tolerance": lambda v: ki.lsuv(MODEL, X, tolerance=v, max_tries=0),
    "data_scale's target": lambda v: ki.data_scale(MODEL, X, v),
    "gpt2": lambda v: ki.recipes.gpt2(v),
    "deepnorm": lambda v: ki.recipes.deepnorm(2, feed_forward=v),
    "deepnorm's layers": lambda v: ki.recipes.deepnorm(v, v),
    "t_fixup": lambda v: ki.recipes.t_fixup(2, feed_forward=v),
    "pytorch": lambda v: ki.recipes.pytorch(v),
}


class Local(ki.HeNormal):
    """Registered and unregistered again."""


def too_large(shape):
    """Whether memory may not do for a shape that is one."""
    try:
        sizes = shape if isinstance(shape, (list, tuple)) else [shape]
        return bool(math.prod(sizes) > 1e6)
    except (ArithmeticError, TypeError, RuntimeError, ValueError):
        return False


@SETTINGS
@given(call=st.sampled_from(sorted(CALLS)), value=VALUES)
def test_a_function_takes_a_value_or_refuses_it_clearly(call, value):
    attempt(lambda: CALLS[call](value.value))
    with contextlib.suppress(ValueError):  # it was not registered
        ki.unregister(Local)


def test_a_seed_of_any_size_draws_and_is_saved():
    def drawn(seed):
        return as_float64(ki.HeNormal(seed=seed)((3, 4))).tolist()

    assert drawn(LONG) != drawn(-LONG) != drawn(LONG - 1) != drawn(LONG)
    config = json.loads(json.dumps(ki.HeNormal(seed=LONG).get_config()))
    again = ki.HeNormal.from_config(config)
    assert again.seed == LONG
    assert repr(again) == f"HeNormal(seed={LONG:#x})"
    assert drawn(LONG) == as_float64(again((3, 4))).tolist()


def test_the_stream_of_a_long_seed_is_that_of_its_decimal_digits():
    from keras_inits.engine import streams

    digits = "".join(str(place % 10) for place in range(1, 3001))
    assert streams._digits(-int(digits)) == f"-{digits}"
    assert streams._digits(10**600) == "1" + "0" * 600


@pytest.mark.parametrize(
    "value",
    [
        fractions.Fraction(1, 2),
        decimal.Decimal("0.5"),
        np.longdouble(0.5),
        np.array(0.5),
        np.float16(0.5),
        keras.ops.convert_to_tensor(0.5),
        keras.ops.cast(0.5, "bfloat16"),
    ],
)
@pytest.mark.parametrize(
    "make", [ki.Constant, ki.Orthogonal, lambda v: ki.RandomNormal(0, v)]
)
def test_a_number_of_any_library_is_that_number(make, value):
    assert repr(make(value)) == repr(make(0.5))
    assert make(value).get_config().keys() == make(0.5).get_config().keys()


@pytest.mark.parametrize(
    "value", [fractions.Fraction(1, 3), decimal.Decimal("0.1"), np.longdouble("0.1")]
)
def test_a_number_that_no_float_equals_is_refused(value):
    with raises_exactly(
        f"Orthogonal: Argument `gain` must be a finite number, got {value!r}."
    ):
        ki.Orthogonal(gain=value)


REFUSED = [
    (
        lambda: ki.recipes.t_fixup(2, feed_forward="x"),
        "recipes.t_fixup: Argument `feed_forward` must be None or a compiled regular "
        "expression, got 'x'.",
    ),
    (
        lambda: ki.PerGate(inner=0),
        "PerGate: Argument `inner` must be an initializer, its name or its config, got "
        "0.",
    ),
    (
        lambda: ki.fingerprint([{}]),
        "fingerprint: Argument `model_or_weights` must be a Keras model or layer, or a "
        "list of its weights or of arrays, got [{}].",
    ),
    (
        lambda: ki.STFT(periodic=np.zeros(2)),
        "STFT: Argument `periodic` must be True or False, got array([0., 0.]).",
    ),
    (
        lambda: ki.register(package=3),
        "register: Argument `package` must be the name of a package, got 3.",
    ),
    (
        lambda: ki.Orthogonal(HOSTILE[4]),
        "Orthogonal: Argument `gain` must be a finite number, got a Hostile without a "
        "repr.",
    ),
]


@pytest.mark.parametrize(("call", "text"), REFUSED)
def test_a_value_is_refused_in_these_words(call, text):
    with raises_exactly(text):
        call()


def test_a_value_that_is_long_is_cut_short():
    with pytest.raises(ValueError, match="Argument `groups`") as error:
        ki.Dirac(groups=-LONG)
    shown = hex(-LONG)[:1000]
    assert str(error.value).endswith(f"1 or above, got {shown}....")
