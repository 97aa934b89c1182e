"""The words in which values that no one means are refused, in full."""

import itertools
import math
import re

import keras
import numpy as np
import pytest

import keras_inits as ki
from keras_inits import _backend, _errors, draws
from keras_inits.diagnostics import comparison
from keras_inits.engine.host import HostOps
from tests.hostile import (
    COMPARISON,
    DEEP,
    HOSTILE,
    LONG,
    MODEL,
    NARROW,
    ONE_RUN,
    REPORT,
    X,
    Y,
    compiled,
    nothing,
    wrong_loss,
)
from tests.support import raises_exactly

with pytest.raises(ValueError, match="expected axis -1") as error:
    NARROW(X)
OPS, KEY = HostOps(), (1, 2)
KEYED = (
    "keyed by layer classes, names of weights, globs or regular expressions on "
    "addresses, or functions of layer and variable"
)
FAR = "-6.23026e+06"  # the normal distribution's end, in float16
NARROW_SAYS = str(error.value)  # in other words from version to version of Keras

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
    *(
        (
            lambda window=window: ki.STFT(window=window),
            "STFT: Argument `window` must be the name of a window in "
            f"scipy.signal.windows, an array or None, got {window!r}.{hint}",
        )
        for window, hint in (
            ({}, ""),
            ({"class_name": "__tensor__"}, ""),
            (
                {"class_name": "__numpy__", "config": {"value": [1], "dtype": "no"}},
                " The reason: data type 'no' not understood",
            ),
        )
    ),
    *(
        (
            lambda value=value: ki.register(value),
            "register: Argument `initializer` must be a subclass of "
            f"keras.initializers.Initializer or a function, got {value!r}.",
        )
        for value in (None, [])
    ),
    *(
        (
            lambda write=write, path=path: write(path),
            f"{owner}: Argument `path` must be a path in a directory that exists, got "
            f"{path!r}.",
        )
        for owner, write in (
            ("SignalReport.to_json", REPORT.to_json),
            ("SignalReport.plot", REPORT.plot),
            ("SignalReport.to_html", REPORT.to_html),
            ("Comparison.plot", COMPARISON.plot),
        )
        for path in (True, 1, b"x.png", "", ".", "no/such/x.png", "a\0.png", {})
    ),
    (
        lambda: REPORT.to_json(indent=-1),
        "SignalReport.to_json: Argument `indent` must be None or an integer from 0 to "
        "80, got -1.",
    ),
    *(
        (
            lambda config=config: ki.HeNormal.from_config(config),
            "HeNormal: Argument `config` must be a dict of the constructor's arguments,"
            f" got {config!r}.",
        )
        for config in (None, "x", [("seed", 1)], {1: 2})
    ),
    *(
        (
            lambda axes=axes: ki.HeNormal(input_axes=axes, output_axes=[0]),
            "HeNormal: Argument `input_axes` must be None or a list of distinct "
            f"integers, got {axes!r}.",
        )
        for axes in ([10**30], -100)
    ),
    *(
        (
            lambda value=value: ki.unregister(value),
            "unregister: Argument `initializer` must be what `register` was given, got "
            f"{value!r}.",
        )
        for value in (HOSTILE[2], np.zeros((0, 4)))
    ),
    (
        lambda: ki.fingerprint(HOSTILE[8]),
        "fingerprint: Argument `model_or_weights` must be a Keras model or layer, or a "
        f"list of its weights or of arrays, got {HOSTILE[8]!r}.",
    ),
    (
        lambda: ki.fans_of(MODEL.layers[0], HOSTILE[8]),
        "fans_of: Argument `variable` must be a weight of the layer 'a', got "
        f"{HOSTILE[8]!r}.",
    ),
    (
        lambda: ki.diagnose(MODEL, X, training=np.zeros(2)),
        "diagnose: Argument `training` must be True or False, got array([0., 0.]).",
    ),
    (
        lambda: ki.diagnose(MODEL, HOSTILE[8]),
        "diagnose: Argument `x` must be an array with a batch axis, got "
        f"{HOSTILE[8]!r}.",
    ),
    (
        lambda: ki.lsuv(NARROW, X),
        "lsuv: Argument `x` must run through the model, got an error in layer "
        f"'narrow': {NARROW_SAYS}.",
    ),
    (
        lambda: ki.register(package=3),
        "register: Argument `package` must be the name of a package, got 3.",
    ),
    *(
        (
            lambda draw=draw: draw(OPS, KEY, itertools.repeat(3), dtype="float32"),
            f"draws.{draw.__name__}: Argument `shape` must be a tuple of integers, "
            "each 0 or above, got repeat(3).",
        )
        for draw in (draws.uniform, draws.normal, draws.truncated_normal)
    ),
    *(
        (
            lambda key=key: draws.uniform(OPS, key, (3,), dtype="float32"),
            "draws.uniform: Argument `key` must be what `compute` was given, or a "
            f"`substream` of it, got {key!r}.",
        )
        for key in (1, (1, 2, 3), (1, 2**64), (-1, 2), (True, 2), [1, 2])
    ),
    *(
        (
            lambda ops=ops: draws.permutations(ops, KEY, 2, 3),
            "draws.permutations: Argument `ops` must be what `compute` was given, got "
            f"{ops!r}.",
        )
        for ops in (None, np, keras.ops)
    ),
    (
        lambda: draws.permutations(OPS, KEY, 2**40, 2**40),
        "draws.permutations: Argument `shape` must be of at most 576460752303423488 "
        f"entries, got {(2**40, 2**40)}.",
    ),
    (
        lambda: draws.substream("x", "coins"),
        "draws.substream: Argument `key` must be what `compute` was given, or a "
        "`substream` of it, got 'x'.",
    ),
    (
        lambda: ki.STFT(periodic=HOSTILE[8]),
        f"STFT: Argument `periodic` must be True or False, got {HOSTILE[8]!r}.",
    ),
    (
        lambda: ki.recipes.gpt2(2**53 + 1),
        "recipes.gpt2: Argument `num_layers` must be at most 9007199254740992, got "
        "9007199254740993.",
    ),
    (
        lambda: ki.recipes.deepnorm(None, 10**400),
        "recipes.deepnorm: Argument `decoder_layers` must be at most "
        f"9007199254740992, got {10**400}.",
    ),
    (
        lambda: ki.recipes.t_fixup(2, feed_forward=re.compile(b"x")),
        "recipes.t_fixup: Argument `feed_forward` must be None or a compiled regular "
        "expression, got re.compile(b'x').",
    ),
    (
        lambda: ki.initialize(MODEL, ki.recipes.vit(head=re.compile(b"x"))),
        "initialize: Argument `rules` must be keyed by layer classes, names of "
        "weights, globs or regular expressions on addresses, or functions of layer "
        "and variable, got re.compile(b'x').",
    ),
    *(
        (
            lambda key=key: ki.initialize(MODEL, {key: "zeros"}),
            f"initialize: Argument `rules` must be {KEYED}, got {key!r}.",
        )
        for key in (len, nothing, MODEL, MODEL.layers[0])
    ),
    *(
        (
            lambda rules=rules: ki.initialize(MODEL, rules),
            f"initialize: Argument `rules` must be {KEYED}, got {given!r}.",
        )
        for rules, given in (
            (ki.recipes.vit(head=len), len),
            (ki.recipes.vit(head=MODEL), MODEL),
            (ki.recipes.gpt2(2, residual=nothing), nothing),
        )
    ),
    *(
        (
            lambda kind=kind, given=given: kind(given),
            f"{kind.__name__}: Argument `inner` must be an initializer of keras_inits, "
            f"its name or its config, got {given!r}.",
        )
        for kind in (ki.PerGate, ki.ZeroRow)
        for given in (keras.Variable(0.5), keras.Variable([1.0, 2.0]))
    ),
    # Without a word of traced functions, where nothing is traced.
    *(
        (
            lambda given=given: ki.RandomNormal(mean=given),
            f"RandomNormal: Argument `mean` must be a finite number, got {given!r}.",
        )
        for given in (
            *(np.array([1.0, 2.0]), np.array(math.nan)),
            keras.ops.convert_to_tensor([1.0, 2.0]),
            keras.ops.cast([1.0, 2.0], "bfloat16"),
        )
    ),
    (
        lambda: ki.Constant(np.array([1.0, math.nan])),
        "Constant: Argument `value` must be a finite number or an array of them, got "
        "array([ 1., nan]).",
    ),
    *(
        (
            lambda draw=draw, given=given: draw(OPS, KEY, (3,), **given),
            f"draws.{draw.__name__}: Argument `dtype` must be one that holds {number}, "
            f"got {given['dtype']!r}. It holds numbers from {least} to {least[1:]}.",
        )
        for draw, given, number, least in (
            (draws.uniform, {"high": 7e4, "dtype": "float16"}, "70000", "-65504"),
            (draws.normal, {"stddev": 1e6, "dtype": "float16"}, FAR, "-65504"),
            (draws.normal, {"mean": 1e39, "dtype": "float32"}, "1e+39", "-3.40282e+38"),
            (
                *(draws.truncated_normal, {"stddev": 1e5, "dtype": "float16"}),
                *("-200000", "-65504"),
            ),
        )
    ),
    (
        lambda: ki.SignalMonitor(X, tensorboard="\ud800"),
        "SignalMonitor: Argument `tensorboard` must be the path of a directory, or of "
        "a new one in a directory that exists, got '\\ud800'.",
    ),
    (
        lambda: ki.Orthogonal(HOSTILE[4]),
        "Orthogonal: Argument `gain` must be a finite number, got a Hostile without a "
        "repr.",
    ),
]


if _backend.differentiates():
    REFUSED += [
        (
            lambda: ki.diagnose(MODEL, X, Y, wrong_loss),
            "diagnose: Argument `loss` must be one that takes targets and outputs of "
            f"shapes (3, 2) and (3, 2), got {wrong_loss!r}. The reason: no loss",
        ),
        (
            lambda: ki.diagnose(MODEL, X, Y, DEEP),
            # How deep a list Python can write differs by its version.
            "diagnose: Argument `loss` must be a Keras loss, its name or a function, "
            f"got {_errors.shown(DEEP)}.",
        ),
        *(
            (
                lambda build=build: ki.compare(build, X, Y, ["zeros"], **ONE_RUN),
                "compare: Argument `build_model` must be a function without arguments "
                f"that returns a Keras model, got {build!r}.",
            )
            for build in (type, len, wrong_loss, keras.layers.Dense, MODEL)
        ),
        (
            lambda: ki.compare(compiled, X, Y, [DEEP], **ONE_RUN),
            "compare: Argument `initializers` must be "
            f"{comparison.START}, got {_errors.shown(DEEP)}.",
        ),
        (
            lambda: ki.compare(
                compiled, X, Y, ["zeros"], **{**ONE_RUN, "progress": HOSTILE[6]}
            ),
            f"compare: Argument `progress` must be True or False, got {HOSTILE[6]!r}.",
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


class OnDevice:
    """A tensor as one on a GPU: its values are to be had by way of the host."""

    dtype = "float32"
    shape = (2,)

    def detach(self):
        return self

    def cpu(self):
        return np.ones(2, "float32")

    def __array__(self, *_, **__):
        raise TypeError("can't convert a tensor on a device to numpy")

    def __repr__(self):
        return "on a device"


def test_a_tensor_on_a_device_is_not_taken_for_a_traced_one(monkeypatch):
    monkeypatch.setattr(keras.ops, "is_tensor", lambda x: isinstance(x, OnDevice))

    with raises_exactly(
        "RandomNormal: Argument `mean` must be a finite number, got on a device."
    ):
        ki.RandomNormal(mean=OnDevice())
