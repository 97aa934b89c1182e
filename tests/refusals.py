"""Every argument of every public callable, each given what no one means.

The callables are those of `__all__` in `keras_inits`, `keras_inits.draws` and
`keras_inits.recipes`, and the public methods of what they return. A new one is tried by
itself; where it takes an argument of a new name that it cannot do without, `USUAL`
needs a value for it.
"""

import contextlib
import inspect
import math
import os
import re
import tempfile
from unittest import mock

import keras
import numpy as np

import keras_inits as ki
from keras_inits import _convert, _errors
from keras_inits.diagnostics import comparison
from keras_inits.engine.host import HostOps
from tests import hostile
from tests.support import as_float64

# What an argument of this name is given where another one is tried.
USUAL = {
    "build_model": hostile.compiled,
    "dtype": "float32",
    "epochs": 1,
    "identifier": "zeros",
    "initializer": "zeros",
    "initializers": ["zeros"],
    "inner": "he_normal",
    "key": (1, 2),
    "count": 2,
    "layer": hostile.MODEL.layers[0],
    "length": 3,
    "model": hostile.MODEL,
    "model_or_weights": hostile.MODEL,
    "name": "coins",
    "nonlinearity": "relu",
    "num_layers": 2,
    "ops": HostOps(),
    "progress": False,
    "rules": {"kernel": "zeros"},
    "seeds": [1],
    "shape": (3, 4),
    "variable": hostile.MODEL.layers[0].kernel,
    "x": hostile.X,
    "y": hostile.Y,
}
# One of them at least.
NEEDED = {"deepnorm": {"encoder_layers": 2}, "t_fixup": {"encoder_layers": 2}}
START = {"kernel": "he_normal", "bias": "zeros"}
INTERNAL = "an internal traceback: "
NOT_CALLED = ("Initializer", "RandomInitializer")  # abstract

# Of each kind one; `hostile.VALUES` has more of each. Names that Keras makes up count
# all that a process has made, and some errors quote them.
VALUES = [
    *(None, True, 0, -1, 2**63, hostile.LONG, 0.5, 1e308, math.nan, math.inf, 1j),
    *("", "x", "\ud800", b"x", (), [], {}, {1}, [None], ["a"], [[1], [1, 2]]),
    *({"x": 1}, {"class_name": "Nope"}, object, len, np.float16(0.5), range(3)),
    *(np.array(None), np.array([1.0, math.nan]), np.ones((3, 4), complex)),
    *(np.zeros((0, 4)), np.array(["a"]), np.array(0.5), re.compile(b"x")),
    *(keras.KerasTensor((3, 4), name="c"), keras.ops.convert_to_tensor([1.0, 2.0])),
    *(keras.ops.convert_to_tensor(0.5), keras.Variable(0.5, name="v")),
    keras.Sequential(name="empty"),
    *(hostile.NESTED, hostile.DEEP, lambda: 1, lambda x: x, *hostile.HOSTILE),
]


def _reports():
    model = hostile.compiled()
    start = ki.initialize(model, {"kernel": "he_normal"}, seed=1)
    monitor = ki.SignalMonitor(hostile.X)
    watch(monitor)
    scales = ki.lsuv(model, hostile.X)
    return [hostile.REPORT, hostile.COMPARISON, start, scales, monitor.report]


def watch(monitor):
    """What Keras does with a callback in a training of one step."""
    monitor.set_model(hostile.compiled())
    monitor.on_train_begin()
    monitor.on_epoch_begin(0)
    monitor.on_train_batch_begin(0)
    monitor.on_train_batch_end(0, {"loss": 1.0})
    monitor.on_epoch_end(0)
    monitor.on_train_end()


def _public():
    """`{name: callable}`."""
    found = {}
    for module in (ki, ki.draws, ki.recipes):
        owner = "" if module is ki else f"{module.__name__.rpartition('.')[2]}."
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value) and name not in NOT_CALLED:
                found[f"{owner}{name}"] = value
    for name in list(found):
        value = found[name]
        if isinstance(value, type) and issubclass(value, ki.Initializer):
            found[f"{name}.from_config"] = value.from_config
    found["Initializer()"] = ki.HeNormal(seed=1).__call__
    for report in _reports():
        for name, _ in inspect.getmembers(type(report), inspect.isfunction):
            if not name.startswith("_"):
                found[f"{type(report).__name__}.{name}"] = getattr(report, name)
    return found


def arguments():
    """Each argument that can be tried, `(callable's name, callable, argument)`."""
    for name, function in _public().items():
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind is not parameter.VAR_KEYWORD:
                yield name, function, parameter


def _call(name, function, parameter, value):
    """The call with one argument replaced, and what is done with the result."""
    if "model" in inspect.signature(function).parameters:
        ki.initialize(hostile.MODEL, START, seed=1)  # whatever was done to it before
    given = dict(NEEDED.get(name.rpartition(".")[2], ()))
    for other in inspect.signature(function).parameters.values():
        required = other.default is other.empty and "VAR" not in other.kind.name
        if required or other.name == "progress":
            given[other.name] = USUAL.get(other.name)
    if parameter.kind is parameter.VAR_POSITIONAL:
        return function(value)
    result = function(**{**given, parameter.name: value})
    if isinstance(result, ki.Initializer):
        repr(result)
        _check_finite(result((4, 4)))
        result.get_config()
    elif isinstance(result, list) and name.startswith("recipes."):
        ki.initialize(hostile.MODEL, result, strict=False, dry_run=True)
    elif isinstance(result, keras.callbacks.Callback):
        # TensorBoard takes seconds to load, and has tests of its own.
        if parameter.name != "tensorboard":
            watch(result)
    elif name.startswith("draws."):
        _check_finite(result)


def _check_finite(drawn):
    if not np.isfinite(as_float64(drawn)).all():
        raise AssertionError("a value that is not finite")


def _too_large(parameter, value):
    """Whether memory or time may not do for a value that is meant so."""
    if parameter.name not in ("shape", "count", "length"):
        return False
    return isinstance(value, int) and value > 1e6


def outcome(name, function, parameter, value):
    """ "a result", or the words of an error, in which "<it>" is what was given."""
    try:
        _call(name, function, parameter, value)
    except Exception as error:
        if hostile.is_own(error):
            return "an error of its own"
        words = f"{'' if hostile.is_clear(error) else INTERNAL}{error}"
        for part in (value, *(_convert.entries(value, 5) or ())):
            words = words.replace(_errors.shown(part), "<it>")
        # What a library says of it, and where things lie in memory.
        return re.sub(r" The reason: .*| at 0x[0-9a-f]+", "", words)
    return "a result"


def outcomes(values=VALUES):
    """`{"callable(argument=number of the value)": outcome}`, for every case."""
    found = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            mock.patch.object(comparison, "_train", return_value=hostile.RUN)
        )
        before = os.getcwd()
        os.chdir(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(os.chdir, before)
        for name, function, parameter in arguments():
            for place, value in enumerate(values):
                if not _too_large(parameter, value):
                    key = f"{name}({parameter.name}={place})"
                    found[key] = outcome(name, function, parameter, value)
    return found
