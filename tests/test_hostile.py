"""Whatever a public callable is given: one clear error, or a result, and no traceback.

Each example takes one argument of one callable and a hostile value for it.
"""

import contextlib
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
from keras_inits import _backend
from keras_inits.diagnostics import comparison
from keras_inits.engine.host import HostOps
from keras_inits.initializers.lookup import parameters_of
from tests.hostile import (
    COMPARISON,
    LONG,
    MODEL,
    ONE_RUN,
    REPORT,
    RUN,
    VALUES,
    X,
    Y,
    assert_takes_or_refuses,
    compiled,
)
from tests.support import as_float64, raises_exactly

SETTINGS = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,  # the same examples each time, so a failure is a change's
    suppress_health_check=list(HealthCheck),
)
OPS, KEY = HostOps(), (1, 2)
DRAW = {"ops": OPS, "key": KEY, "shape": (3,), "dtype": "float32"}
SHAPES = [(4, 4), (5,), (2, 3, 4), (4, 1, 3)]
CLASSES = [
    name
    for name in ki.__all__
    if isinstance(getattr(ki, name), type)
    and issubclass(getattr(ki, name), ki.Initializer)
    and name not in ("Initializer", "RandomInitializer")
]
ARGUMENTS = [(n, a) for n in CLASSES for a in parameters_of(getattr(ki, n))]


def assert_is_of_use(initializer):
    """Whatever was made draws finite values, is shown and saved."""
    repr(initializer)
    config = assert_takes_or_refuses(initializer.get_config)
    if config is not None:
        assert_takes_or_refuses(lambda: type(initializer).from_config(config))
    for shape, dtype in itertools.product(SHAPES, ("float32", "float16")):
        drawn = assert_takes_or_refuses(
            lambda shape=shape, dtype=dtype: initializer(shape, dtype)
        )
        assert drawn is None or np.isfinite(as_float64(drawn)).all()


@SETTINGS
@given(argument=st.sampled_from(ARGUMENTS), value=VALUES)
def test_a_class_takes_a_value_or_refuses_it_clearly(argument, value):
    name, keyword = argument
    cls = getattr(ki, name)
    needed = {"inner": "he_normal"} if "inner" in parameters_of(cls) else {}

    made = assert_takes_or_refuses(lambda: cls(**{**needed, keyword: value.value}))

    if made is not None:
        assert_is_of_use(made)


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
    "unregister": ki.unregister,
    "from_config": ki.HeNormal.from_config,
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
    "fixup's head": lambda v: ki.initialize(MODEL, ki.recipes.fixup(head=v)[:1]),
    "vit's head": lambda v: ki.initialize(MODEL, ki.recipes.vit(head=v)[:1]),
    "fans_of": lambda v: ki.fans_of(v, v),
    "fans_of's variable": lambda v: ki.fans_of(MODEL.layers[0], v),
    "lsuv's x": lambda v: ki.lsuv(MODEL, v),
    "draws' low": lambda v: ki.draws.uniform(OPS, KEY, (3,), low=v, dtype=v),
    "draws' name": lambda v: ki.draws.substream(KEY, v),
    **{
        f"draws' {name}": lambda v, name=name: (
            ki.draws.truncated_normal(**{**DRAW, name: v}) if not too_large(v) else None
        )
        for name in ("ops", "key", "shape")
    },
    **{
        f"{recipe}'s {name}": lambda v, recipe=recipe, name=name: ki.initialize(
            MODEL,
            getattr(ki.recipes, recipe)(2, **{name: v}),
            strict=False,
            dry_run=True,
        )
        for recipe, name in (
            *(("gpt2", "residual"), ("deepnorm", "decoder_layers")),
            *(("deepnorm", "feed_forward"), ("t_fixup", "decoder_layers")),
        )
    },
    "diagnose": lambda v: ki.diagnose(v, X),
    "diagnose's x": lambda v: ki.diagnose(MODEL, v),
    "diagnose's training": lambda v: ki.diagnose(MODEL, X, training=v),
    "a report's path": lambda v: REPORT.to_json(v),
    "a report's indent": lambda v: REPORT.to_json(indent=v),
    "a report's rows": lambda v: REPORT.table(v),
    "a report's theme": lambda v: REPORT.plot(theme=v),
    "a report's scale": lambda v: REPORT.plot(same_scale=v),
    "a report's page": lambda v: REPORT.to_html(v),
    "a picture's path": lambda v: REPORT.plot(v),
    "a comparison's path": lambda v: COMPARISON.plot(v),
    "a comparison's initializer": lambda v: COMPARISON.of(v),
}
TRAINING = {
    "diagnose's y": lambda v: ki.diagnose(MODEL, X, v, "mse"),
    "diagnose's loss": lambda v: ki.diagnose(MODEL, X, Y, v),
    "diagnose's rate": lambda v: ki.diagnose(MODEL, X, Y, "mse", learning_rate=v),
    **{
        f"compare's {name}": lambda v, name=name: ki.compare(
            **{
                **{"build_model": compiled, "x": X, "y": Y, "initializers": ["zeros"]},
                **{**ONE_RUN, name: v},
            }
        )
        for name in (
            *("build_model", "x", "y", "initializers", "epochs", "seeds"),
            *("batch_size", "validation_split", "progress"),
        )
    },
}
if _backend.differentiates():
    CALLS |= TRAINING


class Local(ki.HeNormal):
    """Registered and unregistered again."""


def too_large(shape):
    """Whether memory may not do for a shape that is one."""
    try:
        sizes = shape if isinstance(shape, (list, tuple)) else [shape]
        return bool(math.prod(sizes) > 1e6)
    except (ArithmeticError, TypeError, RuntimeError, ValueError):
        return False


@pytest.fixture(scope="module", autouse=True)
def in_a_directory_of_its_own(tmp_path_factory):
    """Files are made there, and no run of a comparison is trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("hostile"))
        patch.setattr(comparison, "_train", lambda *args: RUN)
        yield


@SETTINGS
@given(call=st.sampled_from(sorted(CALLS)), value=VALUES)
def test_a_function_takes_a_value_or_refuses_it_clearly(call, value):
    assert_takes_or_refuses(lambda: CALLS[call](value.value))
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
