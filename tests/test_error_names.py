"""An error bears the public name of what was called, put before it in one place."""

import copy
import inspect
import math
import pickle
import traceback

import keras
import numpy as np
import pytest

import keras_inits as ki
from keras_inits import _checks, _errors
from keras_inits.diagnostics import comparison, report, training
from keras_inits.engine.host import HostOps
from tests.hostile import MODEL, REPORT
from tests.support import raises_exactly

WEIGHTS = ki.initialize(MODEL, {"kernel": "zeros"}, dry_run=True)
X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(4, 3)
MONITORED = ki.SignalMonitor(X).report
KEY = (1, 2)
DRAW = (HostOps(), KEY, (2,))


def dense(activation=None):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation)])


def made(name):
    inner = {"inner": "zeros"} if name in ("PerGate", "ZeroRow") else {}
    return getattr(ki, name)(**inner)


class Odd(keras.layers.Layer):
    """A layer whose default is not the name of an initializer."""

    def __init__(self, kernel_initializer="no such"):
        super().__init__()

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(2,), initializer="zeros")

    def call(self, inputs):
        return inputs


def branching():
    """A recipe's rules, whose mistake is found when they meet a model."""
    return ki.initialize(dense(), ki.recipes.fixup())


# Public name -> what calls it with a bad argument.
CALLS = {
    "calculate_gain": lambda: ki.calculate_gain("no such"),
    "compare": lambda: ki.compare(dense, X, X, [], seeds=[0], epochs=1),
    "compute_fans": lambda: ki.compute_fans("no shape"),
    "data_scale": lambda: ki.data_scale(dense(), X, "no such"),
    "detach": lambda: ki.detach("no model"),
    "diagnose": lambda: ki.diagnose("no model", X),
    "draws.normal": lambda: ki.draws.normal(*DRAW, stddev=-1, dtype="float32"),
    "draws.permutations": lambda: ki.draws.permutations(DRAW[0], KEY, -1, 2),
    "draws.substream": lambda: ki.draws.substream(KEY, 3),
    "draws.truncated_normal": lambda: ki.draws.truncated_normal(
        *DRAW, stddev=0, dtype="float32"
    ),
    "draws.uniform": lambda: ki.draws.uniform(*DRAW, low=math.nan, dtype="float32"),
    "fans_of": lambda: ki.fans_of("no layer", None),
    "fingerprint": lambda: ki.fingerprint(3),
    "get": lambda: ki.get(3),
    "initialize": lambda: ki.initialize("no model", {}),
    "lsuv": lambda: ki.lsuv("no model", X),
    "recipes.by_activation": lambda: ki.initialize(
        dense(lambda x: 0.0 * x), ki.recipes.by_activation()
    ),
    "recipes.deepnorm": lambda: ki.recipes.deepnorm(0),
    "recipes.fixup": branching,
    "recipes.gpt2": lambda: ki.recipes.gpt2(0),
    "recipes.keras": lambda: ki.initialize(
        keras.Sequential([keras.Input((3,)), Odd()]), ki.recipes.keras()
    ),
    "recipes.pytorch": lambda: ki.recipes.pytorch("row"),
    "recipes.t_fixup": lambda: ki.recipes.t_fixup(0),
    "register": lambda: ki.register(3),
    "reinitialize": lambda: ki.reinitialize("no model"),
    "unregister": lambda: ki.unregister(3),
    "SignalReport.plot": lambda: report.SignalReport.plot(None, "start.txt"),
    "SignalReport.to_json": lambda: REPORT.to_json(indent="wide"),
    "SignalReport.table": lambda: REPORT.table("some"),
    "InitializationReport.table": lambda: WEIGHTS.table("some"),
    "InitializationReport.to_json": lambda: WEIGHTS.to_json(indent="wide"),
    "TrainingReport.plot": lambda: training.TrainingReport.plot(None, "start.txt"),
    "TrainingReport.table": lambda: MONITORED.table("some"),
    "TrainingReport.to_json": lambda: MONITORED.to_json(indent="wide"),
    "Comparison.plot": lambda: comparison.Comparison.plot(None, "start.txt"),
}
REPORTS = ("Report", "Comparison")
# They take nothing that could be wrong, and `enable` has a test of its own.
NO_ARGUMENTS = {
    *("disable", "enable", "enabled", "is_enabled", "names"),
    "recipes.vit",
}
CLASSES = [
    name
    for name in ki.__all__
    if isinstance(getattr(ki, name), type)
    and issubclass(getattr(ki, name), ki.Initializer)
    and not inspect.isabstract(getattr(ki, name))
]


def public_functions():
    """Public name -> function."""
    found = {name: getattr(ki, name) for name in ki.__all__}
    for part in ("draws", "recipes"):
        module = found.pop(part)
        found |= {f"{part}.{name}": getattr(module, name) for name in module.__all__}
    return {name: f for name, f in found.items() if inspect.isfunction(f)}


def test_every_public_function_is_called_here():
    methods = {name for name in CALLS if name.partition(".")[0].endswith(REPORTS)}

    assert {*CALLS, *NO_ARGUMENTS} - methods == set(public_functions())


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_argument_is_told_by_the_function_that_was_called(name):
    # Of a backend without gradients, `compare` says that first.
    with pytest.raises((ValueError, RuntimeError), match=f"^{name}: [AIT]"):
        CALLS[name]()


@pytest.mark.parametrize("name", CLASSES)
def test_a_bad_argument_of_a_call_is_told_by_the_class(name):
    with pytest.raises(ValueError, match=f"^{name}: Argument `shape` must"):
        made(name)("no shape")
    with pytest.raises(ValueError, match=f"^{name}: Argument `dtype` must"):
        made(name)((4, 4, 4), "no dtype")


@pytest.mark.parametrize("name", CLASSES)
def test_a_bad_argument_of_a_constructor_is_told_by_the_class(name):
    cls = getattr(ki, name)
    parameters = [p for p in inspect.signature(cls).parameters if p != "inner"]
    needed = {"inner": "zeros"} if name in ("PerGate", "ZeroRow") else {}
    for parameter in parameters:
        bad = np.zeros(2) if parameter == "periodic" else object()
        with pytest.raises(ValueError, match=f"^{name}: .*`{parameter}`"):
            cls(**needed, **{parameter: bad})


@pytest.mark.parametrize("name", sorted(public_functions()))
def test_a_public_function_keeps_its_own_signature(name):
    function = public_functions()[name]
    parameters = inspect.signature(function).parameters

    assert not {"owner", "args", "kwargs"} & parameters.keys()
    assert function.__name__ == name.rpartition(".")[2]
    assert function.__module__.startswith("keras_inits")
    assert inspect.getdoc(function)


class Spiky(ki.RandomNormal):
    """A subclass whose own methods refuse, one of them by a public function."""

    def check_shape(self, shape):
        if len(shape) == 3:
            raise ValueError("three axes")
        _checks.check_rank(shape, (1, 2))

    def compute(self, ops, key, shape, dtype):
        return ki.draws.normal(ops, key, shape, stddev=-1.0, dtype=dtype)


class Spikier(Spiky):
    """One that inherits them."""


@pytest.mark.parametrize("cls", [Spiky, Spikier])
def test_a_subclass_is_told_by_its_own_name(cls):
    name = cls.__name__

    with raises_exactly(
        f"{name}: Argument `stddev` must be a finite number, 0 or above, got -1."
    ):
        cls(stddev=-1)
    with raises_exactly(f"{name}: Argument `shape` must be of rank 1 or 2, got ()."):
        cls()(())


def test_the_innermost_public_name_is_the_one():
    with raises_exactly(
        "draws.normal: Argument `stddev` must be a finite number, 0 or above, got -1.0."
    ):
        Spiky()((4,))


def test_an_error_of_others_passes_unchanged():
    with raises_exactly("three axes"):
        Spiky()((2, 2, 2))


@pytest.mark.parametrize(
    ("kind", "cause"),
    [(ValueError, None), (RuntimeError, KeyError("x")), (ImportError, None)],
)
def test_a_name_changes_nothing_else_of_an_error(kind, cause):
    @_errors.named("outer")
    @_errors.named("inner")
    def refuse():
        try:
            raise OSError("what was tried first")
        except OSError:
            _errors.raise_error("it is no good.", kind, cause)

    with pytest.raises(kind) as caught:
        refuse()

    error = caught.value
    assert type(error) is kind
    assert str(error) == "inner: it is no good."
    assert error.args == ("inner: it is no good.",)
    assert error.__cause__ is cause
    assert vars(error) == {}
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names[-2:] == ["refuse", "raise_error"]
    shown = "".join(traceback.format_exception(error))
    assert "what was tried first" not in shown
    assert ("KeyError: 'x'" in shown) == (cause is not None)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, str(error))


def test_a_name_is_a_context_too():
    text = "part: Argument `x` must be less than `y`, got x=2 and y=1."
    with raises_exactly(text), _errors.named("part"):
        _checks.check_less("x", 2, "y", 1)


def test_a_decorated_function_is_copied_and_pickled_as_before():
    for function in (ki.get, ki.compute_fans, ki.draws.normal, ki.initialize):
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function


class Refuses(ki.RandomNormal):
    """One that finds only while it draws that it cannot."""

    def compute(self, ops, key, shape, dtype):
        _errors.raise_error("It cannot be drawn.")


@pytest.mark.parametrize("wrap", [lambda inner: inner, ki.PerGate, ki.ZeroRow])
def test_a_refusal_while_drawing_is_told_by_the_one_that_draws(wrap):
    with raises_exactly("Refuses: It cannot be drawn."):
        wrap(Refuses())((4, 4))


def test_a_config_that_cannot_be_is_told_by_the_class():
    class Steep:
        def __call__(self, x):
            return 2.0 * x

    initializer = ki.KaimingNormal(nonlinearity=Steep())

    with pytest.raises(
        ValueError, match=r"^KaimingNormal: Argument `nonlinearity` must"
    ):
        initializer.get_config()
