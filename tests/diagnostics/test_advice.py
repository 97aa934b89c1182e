"""Advice, followed: what is run of it mends the start, or makes it less bad."""

import importlib.util
import math
import pathlib
import re
import warnings

import keras
import numpy as np
import pytest
from scipy import optimize, special

import keras_inits
from keras_inits import _backend
from keras_inits.diagnostics import advice, diagnose, verdicts
from tests.diagnostics.networks import normal
from tests.hub import NEEDS_HUB
from tests.support import GRADIENTS, as_float64

SAMPLES = 64
BENCHMARK = pathlib.Path(__file__).parents[2] / "benchmarks" / "verdict_models.py"


# On the quickest backend that has gradients: what is advised is said by the numbers.
QUICKEST = _backend.name() == "torch"

# Models that are small, by the form of their data.
CHEAP = ("flat", "raw", "rows", "image", "tokens")


def cases():
    """Those of the benchmark, by architecture; none without KerasHub."""
    if NEEDS_HUB.args[0]:
        return None, {}
    name = BENCHMARK.stem
    spec = importlib.util.spec_from_file_location(name, BENCHMARK)
    models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(models)
    found = {}
    for case in models.CASES:
        if case.data != "large":
            found.setdefault(case.architecture, []).append(case)
    return models, found


def follow(report, model, x):
    keras.utils.set_random_seed(1)
    exec(report.advice, {"model": model, "x": x, "keras_inits": keras_inits})


def badness(report):
    """The number of layers whose signal or gradient has a problem."""
    counted = {*verdicts.OF_SIZE, *verdicts.OF_GRADIENT}
    return sum(not counted.isdisjoint(layer.problems) for layer in report.layers)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "gelu"])
@pytest.mark.parametrize("stddev", [0.0, 0.01, 2.0])
def test_advice_on_a_plain_stack_leads_to_a_healthy_one(activation, stddev):
    model = keras.Sequential([keras.Input((32,))])
    for _ in range(20):
        model.add(keras.layers.Dense(32, activation=activation))
    model.add(keras.layers.Dense(3, name="head"))
    start = keras_inits.RandomNormal(0.0, stddev) if stddev else "zeros"
    keras_inits.initialize(model, {"kernel": start}, seed=1)
    x = normal((SAMPLES, 32))
    targets = (normal((SAMPLES, 3), seed=4), "mse") if GRADIENTS else ()

    report = diagnose(model, x, *targets)
    if not report.healthy:
        follow(report, model, x)
        report = diagnose(model, x, *targets)

    assert report.healthy, report.verdict


# All code that can be advised, by a pattern of its text.
KINDS = {
    "by activation": re.escape(advice.BY_ACTIVATION),
    "lsuv": re.escape(advice.LSUV),
    "kernels": r"keras_inits\.initialize\(model, \{\s*\"[^*]*\}\)",
    "sigmoid": r"keras_inits\.initialize\(model, \[\s*\(.*\]\)",
    "with tables": r"keras_inits\.initialize\(model, \[\s*\*keras_inits\..*\]\)",
}


def kind(code):
    """The one kind of advice that a text is."""
    (found,) = [k for k, text in KINDS.items() if re.fullmatch(text, code, re.DOTALL)]
    return found


def scaled_relu(x):
    """An activation whose name no recipe knows."""
    return 1.2 * keras.ops.relu(x)


def normed_relu(tensor, units):
    tensor = keras.layers.Dense(units)(tensor)
    return keras.layers.ReLU()(keras.layers.BatchNormalization()(tensor))


def added(tensor, units):
    branch = keras.layers.Dense(units, activation="relu")(tensor)
    return keras.layers.Add()([tensor, keras.layers.Dense(units)(branch)])


def layer(kind, *args, **kwargs):
    return lambda tensor, units: kind(units, *args, **kwargs)(tensor)


def network(shape, block, depth=4, *, entry=None, dtype="float32"):
    """Blocks of 16 units and a linear head."""
    inputs = x = keras.Input(shape, dtype=dtype)
    x = entry(x) if entry else x
    for _ in range(depth):
        x = block(x, 16)
    x = x if len(x.shape) == 2 else keras.layers.Flatten()(x)
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(x))


def dense(activation):
    return lambda: network((16,), layer(keras.layers.Dense, activation=activation))


CONVOLUTION = layer(keras.layers.Conv2D, 3, padding="same", activation="relu")
NETWORKS = {
    "relu": dense("relu"),
    "tanh": dense("tanh"),
    "sigmoid": dense("sigmoid"),
    "own activation": dense(scaled_relu),
    "softmax": dense("softmax"),
    "convolutions": lambda: network((6, 6, 2), CONVOLUTION),
    "normalized": lambda: network((16,), normed_relu),
    "residual": lambda: network((16,), added, entry=keras.layers.Dense(16)),
    "gru": lambda: network((5, 8), layer(keras.layers.GRU, return_sequences=True), 2),
    "table": lambda: network(
        (5,),
        layer(keras.layers.Conv1D, 3, padding="same", activation="relu"),
        2,
        entry=keras.layers.Embedding(20, 16),
        dtype="int32",
    ),
}


def fault(name, value, number=None, start=0, *, times=False):
    """Sets weights of a name, or multiplies them: all, or so many from one on."""

    def change(model):
        found = [w for w in model.weights if w.name == name]
        end = None if number is None else start + number
        assert found[start:end]
        for weight in found[start:end]:
            before = as_float64(weight) if times else np.ones(weight.shape)
            weight.assign(value * before)

    return change


FAULTY = {
    "by activation": [
        ("relu", fault("kernel", 0.0, 1, 2)),
        ("relu", fault("kernel", 0.0, 2, 1)),
        ("relu", fault("kernel", 0.0)),
        ("relu", fault("bias", -30.0)),
        ("tanh", fault("kernel", 0.0)),
        ("convolutions", fault("kernel", 0.0, 2, 1)),
        ("convolutions", fault("kernel", 0.0)),
        ("normalized", fault("kernel", 0.0)),
        ("normalized", fault("gamma", 0.0)),
        ("normalized", fault("gamma", 1e-5)),
        ("normalized", fault("gamma", 1e3)),
        ("gru", fault("kernel", 0.0)),
    ],
    "kernels": [
        ("tanh", fault("kernel", 0.0, 2, 1)),
        ("tanh", fault("kernel", 1e-6, 1, 1, times=True)),
        ("normalized", fault("kernel", 0.0, 2, 1)),
        ("table", fault("kernel", 0.0, 2)),
    ],
    "sigmoid": [
        ("sigmoid", fault("kernel", 0.0, 2)),
        ("sigmoid", fault("kernel", 0.0)),
    ],
    "lsuv": [
        ("own activation", fault("kernel", 0.0, 1, 1)),
        ("own activation", fault("kernel", 0.0, 2, 1)),
        ("own activation", fault("kernel", 0.0)),
        ("own activation", fault("kernel", 30.0, times=True)),
        ("softmax", fault("kernel", 0.0, 2, 2)),
        ("softmax", fault("kernel", 0.0)),
        ("residual", fault("kernel", 0.0)),
        ("residual", fault("kernel", 30.0, times=True)),
        ("table", fault("embeddings", 1e-6, times=True)),
    ],
    "with tables": [
        ("table", fault("embeddings", 0.0)),
        ("table", fault("embeddings", 0.7)),
        ("gru", fault("bias", -40.0)),
        ("gru", fault("bias", 40.0)),
    ],
}


def test_each_kind_of_advice_is_followed_below():
    assert FAULTY.keys() == KINDS.keys()


@pytest.mark.parametrize(
    ("expected", "name", "change"),
    [(k, *c) for k, v in FAULTY.items() for c in v] if QUICKEST else [],
)
def test_advice_of_each_kind_runs_and_makes_the_verdict_better(expected, name, change):
    keras.utils.set_random_seed(1)
    model = NETWORKS[name]()
    change(model)
    shape = (SAMPLES, *model.input_shape[1:])
    x = normal(shape)
    if name == "table":
        x = np.random.RandomState(0).randint(0, 20, shape)
    targets = normal((SAMPLES, 3), seed=4), "mse"
    reports = [diagnose(model, x, *targets)]
    while reports[-1].advice is not None:
        follow(reports[-1], model, x)
        reports.append(diagnose(model, x, *targets))
        before, after = reports[-2:]
        assert after.healthy or badness(after) < badness(before), before.advice

    assert kind(reports[0].advice) == expected
    assert reports[-1].healthy, reports[-1].verdict


def test_no_scale_is_advised_where_what_is_silent_has_none():
    model = network((16,), layer(keras.layers.Dense))
    silent = model.layers[2]
    silent.kernel.assign(np.zeros((16, 16)))
    silent.trainable = False
    report = diagnose(model, normal((SAMPLES, 16)))

    assert not report.healthy
    assert report.advice is None
    assert report.verdict.endswith(
        f"; no scale of a kernel changes that {silent.name} puts out 0"
    )


MODELS, CASES = cases() if QUICKEST else (None, {})


def chosen(architecture):
    """An architecture; what takes long is left to the session with KerasHub."""
    cheap = CASES[architecture][0].data in CHEAP and not architecture.endswith("x 50")
    return pytest.param(architecture, marks=[] if cheap else pytest.mark.hub)


@pytest.fixture(scope="module")
def digits():
    return MODELS.load()


@pytest.mark.filterwarnings(
    "ignore:Layer '(self|cross)_attention':UserWarning"
)  # of T5
@pytest.mark.parametrize("architecture", list(map(chosen, CASES)))
def test_advice_mends_what_is_wrong_and_ends(architecture, digits):
    forms, classes = digits
    for case in CASES[architecture]:
        keras.utils.set_random_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Keras says of KerasHub's T5
            model = case.build()
        x = keras.tree.map_structure(lambda array: array[:SAMPLES], forms[case.data])
        case.start(model, x)
        loss = "sparse_categorical_crossentropy"
        reports = [diagnose(model, x, classes[:SAMPLES], loss)]
        while reports[-1].advice is not None:
            assert not reports[-1].healthy
            assert len(reports) < 3, (case.name, [r.advice for r in reports])
            assert max(map(len, reports[-1].advice.splitlines())) < 80
            assert kind(reports[-1].advice)
            follow(reports[-1], model, x)
            reports.append(diagnose(model, x, classes[:SAMPLES], loss))
            before, after = reports[-2:]
            better = after.healthy or badness(after) < badness(before)
            assert better, (case.name, before.advice, after.verdict)
        assert reports[-1].healthy, (case.name, reports[-1].verdict)


def test_no_advice_is_given_twice():
    """Each kind is followed by a later one, whatever the verdict goes on to say."""
    x = normal((SAMPLES, 32))
    layers = [keras.layers.Dense(32, activation="relu") for _ in range(6)]
    model = keras.Sequential([keras.Input((32,)), *layers, keras.layers.Dense(3)])
    keras_inits.initialize(model, {"kernel": "zeros"}, seed=1)
    found = []
    while True:
        rows = diagnose(model, x).layers
        addresses = [[f"dense_{row.index}/kernel"] for row in rows]
        sentence, code = advice.give(rows, addresses, {"vanishing": 0})
        if code is None:
            break
        found.append(code)
        exec(code, {"model": model, "x": x, "keras_inits": keras_inits})

    assert found == [advice.BY_ACTIVATION, advice.LSUV]
    assert sentence == "the weights are as lsuv sets them, and no start is known to do"


def test_sigmoid_layers_that_have_their_start_are_told_to_be_too_many():
    x = normal((SAMPLES, 8))
    layers = [keras.layers.Dense(8, activation="sigmoid") for _ in range(50)]
    layers.append(keras.layers.Dense(3, name="head"))
    model = keras.Sequential([keras.Input((8,)), *layers])

    first = diagnose(model, x)
    follow(first, model, x)
    second = diagnose(model, x)

    assert first.advice == (
        "keras_inits.initialize(model, [\n"
        '    ("head/kernel", "glorot_uniform"),\n'
        f'    ("*kernel", {advice.SIGMOID}),\n'
        '    ("*bias", "zeros"),\n'
        "])"
    )
    assert (second.healthy, second.advice) == (False, None)
    assert second.verdict.endswith(
        "; so many sigmoid layers need a normalization between them"
    )


@pytest.mark.once
def test_the_gain_for_sigmoid_layers_is_the_one_that_keeps_the_signal():
    """By Schoenholz et al. 2017, section 3, rounded to a whole number."""
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    weights /= weights.sum()

    def slope(gain):
        variance = 1.0
        for _ in range(100):  # after 60 nothing moves any more
            variance = gain**2 * weights @ special.expit(math.sqrt(variance) * z) ** 2
        values = special.expit(math.sqrt(variance) * z)
        return gain**2 * weights @ (values * (1.0 - values)) ** 2

    root = optimize.brentq(lambda gain: slope(gain) - 1.0, 5.0, 20.0)

    assert round(root) == advice.SIGMOID_GAIN
