"""`SignalMonitor`: what it sees, when it looks, and that training stays what it was."""

import copy
import csv
import importlib.util
import json
import math
import pickle
import sys

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from keras_inits.diagnostics.monitor import COLUMNS
from tests.diagnostics import networks
from tests.support import needs_gradients

pytestmark = needs_gradients

X = networks.normal((64, 16))
Y = (np.arange(64) % 4).astype("int32")
LOSS = "sparse_categorical_crossentropy"


def classifier(optimizer="sgd", **options):
    model = keras.Sequential(
        [
            keras.Input((16,)),
            keras.layers.Dense(32, "relu", name="l0"),
            keras.layers.Dense(32, "relu", name="l1"),
            keras.layers.Dense(4, "softmax", name="head"),
        ],
        name="classifier",
    )
    keras_inits.initialize(model, {"kernel": keras_inits.HeNormal()}, seed=1)
    model.compile(optimizer, LOSS, **options)
    return model


class Noise(keras.layers.Layer):
    """Adds noise in every pass, in inference too, from the global random state.

    Keras' random functions have none in what JAX compiles. NumPy's moves on where
    operations run one by one.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        on_jax = _backend.name() == "jax"
        self.generator = keras.random.SeedGenerator(5) if on_jax else None

    def call(self, inputs):
        shape = keras.ops.shape(inputs)
        noise = keras.random.normal(shape, seed=self.generator)
        return inputs + 0.1 * noise + 0.1 * np.random.standard_normal()


def random_model(**options):
    """A model whose training draws numbers, and that has every kind of state."""
    keras.utils.clear_session()  # Keras 3.10 keeps its generator when seeded
    keras.utils.set_random_seed(7)
    image = keras.Input((16,))
    hidden = keras.layers.Dense(32, name="l0")(image)
    hidden = keras.layers.BatchNormalization(name="norm")(hidden)
    hidden = keras.layers.ReLU(name="relu")(hidden)
    hidden = Noise(name="noise")(hidden)
    hidden = keras.layers.Dropout(0.5, name="drop")(hidden)
    first = keras.layers.Dense(4, "softmax", name="first")(hidden)
    second = keras.layers.Dense(1, name="second")(hidden)
    model = keras.Model(image, {"first": first, "second": second})
    losses = {"first": LOSS, "second": "mse"}
    model.compile("adam", losses, loss_weights={"first": 1, "second": 2}, **options)
    return model


TARGETS = {"first": Y, "second": X[:, :1]}
several_steps = pytest.mark.skipif(
    _backend.name() == "torch", reason="Keras runs one step at a time on torch"
)
SETTINGS = [
    pytest.param({}, id="compiled"),
    pytest.param({"run_eagerly": True}, id="operation by operation"),
    pytest.param({"jit_compile": False}, id="not by XLA"),
    pytest.param({"steps_per_execution": 3}, id="steps at once", marks=several_steps),
]


def trained(callbacks, options):
    """All that a training leaves behind, and what is drawn next."""
    model = random_model(**options)
    model.fit(
        X,
        TARGETS,
        sample_weight={"first": np.ones(64), "second": np.linspace(0, 1, 64)},
        batch_size=8,
        epochs=2,
        validation_split=0.25,
        verbose=0,
        callbacks=callbacks,
    )
    left = [*model.variables, *model.optimizer.variables]
    draw = keras.random.normal((2,))
    state = [np.array(_backend.to_numpy(v)) for v in (*left, draw)]
    return [*state, np.random.standard_normal(2)]


@pytest.fixture(scope="module")
def _trained_before():
    """The first training of a process draws from the global states while it imports."""
    trained([], {})


@pytest.mark.usefixtures("_trained_before")
@pytest.mark.parametrize("options", SETTINGS)
def test_training_is_the_same_bit_for_bit(options):
    plain = trained([], options)
    probe = {name: values[:16] for name, values in TARGETS.items()}
    monitor = keras_inits.SignalMonitor(X[:16], probe, interval=1)
    watched = trained([monitor], options)

    assert len(monitor.report.looks) == 12 // options.get("steps_per_execution", 1)
    assert len(plain) == len(watched)
    for one, other in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(one, other)


class Weights(keras.callbacks.Callback):
    """Keeps the weights of one layer before and after each step."""

    def __init__(self, name):
        super().__init__()
        self.name, self.kept = name, []

    def on_train_batch_begin(self, batch, logs=None):
        weights = self.model.get_layer(self.name).trainable_weights
        flat = [np.ravel(_backend.to_numpy(w)).astype("float64") for w in weights]
        self.kept.append(np.concatenate(flat))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_update_is_that_of_the_step(optimizer):
    weights = Weights("l1")
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    classifier(optimizer).fit(
        X, Y, batch_size=16, verbose=0, callbacks=[weights, monitor]
    )
    looks = monitor.report.looks

    assert [look.step for look in looks] == [0, 1, 2, 3]
    for look, before, after in zip(looks, weights.kept, weights.kept[1:], strict=False):
        found = next(layer for layer in look.layers if layer.name == "l1")
        expected = np.linalg.norm(after - before) / np.linalg.norm(before)
        # Differences in float32: each is off by at most half a unit in the last place
        # of the weights, which is `rounding` of their length. Both ratios have
        # two sums of squares in float64.
        rounding, sums = 2.0**-24, 2 * (len(before) + 2) * 2.0**-53
        assert abs(found.update_ratio - expected) <= rounding + sums * expected


def test_a_look_has_the_numbers_of_diagnose():
    model = classifier()
    expected = keras_inits.diagnose(model, X, Y)
    monitor = keras_inits.SignalMonitor(X, Y)
    model.fit(X, Y, verbose=0, callbacks=[monitor])
    (look,) = monitor.report.looks

    assert look.loss == expected.loss
    for found, row in zip(look.layers, expected.layers, strict=True):
        assert (found.index, found.name) == (row.index, row.name)
        assert found.stddev == row.signal.stddev
        assert found.gradient_stddev == row.gradient_stddev
        assert found.dead == row.signal.dead


@pytest.mark.parametrize(
    ("options", "interval", "steps"),
    [
        ({}, 3, [0, 3, 6, 9]),
        ({}, 4, [0, 4, 8]),
        pytest.param(
            *({"steps_per_execution": 2}, 3, [0, 4, 7, 9]), marks=several_steps
        ),
        pytest.param(
            *({"steps_per_execution": 4}, 1, [0, 4, 5, 9]), marks=several_steps
        ),
    ],
)
def test_looks_are_an_interval_apart_through_epochs_and_fits(options, interval, steps):
    monitor = keras_inits.SignalMonitor(X, interval=interval)
    model = classifier(**options)
    for _ in range(2):
        # Five steps; where several run at once, the last are fewer.
        model.fit(X[:40], Y[:40], batch_size=8, verbose=0, callbacks=[monitor])

    assert [look.step for look in monitor.report.looks] == steps


def test_a_first_batch_is_taken_of_a_source():
    batches = [(X[:8], Y[:8]), (X[8:], Y[8:])]
    source = (batch for batch in batches)
    monitor = keras_inits.SignalMonitor(source, interval=1)
    classifier().fit(X, Y, verbose=0, batch_size=64, callbacks=[monitor])

    assert monitor.report.samples == 8
    assert monitor.report.looks[0].loss is not None
    assert next(source) is batches[1]


@pytest.mark.parametrize(
    ("scale", "verdict"),
    [
        (8.0, "healthy: nothing broke up to step 1"),
        # Its gradients are beyond float16, so that Keras skips the first steps.
        (1e30, "no step that was looked at has changed a weight"),
    ],
)
def test_mixed_precision_is_looked_at(scale, verdict):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inner = keras.optimizers.Adam()
        model = classifier(
            keras.optimizers.LossScaleOptimizer(inner, initial_scale=scale)
        )
    finally:
        keras.config.set_dtype_policy("float32")
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    model.fit(X, Y, batch_size=32, verbose=0, callbacks=[monitor])

    assert monitor.report.verdict == verdict


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C in the step with this number."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.step:
            raise KeyboardInterrupt


def test_an_interrupted_training_goes_on_where_it_ended(tmp_path):
    path = tmp_path / "signal.csv"
    monitor = keras_inits.SignalMonitor(X, Y, interval=1, csv=path)
    model = classifier()
    options = {"batch_size": 16, "verbose": 0}
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, callbacks=[monitor, Interrupt(2)], **options)
    assert [look.step for look in monitor.report.looks] == [0, 1, 2]
    assert monitor.report.looks[-1].layers[0].update_ratio is None
    model.fit(X, Y, callbacks=[monitor], **options)

    assert [look.step for look in monitor.report.looks] == [0, 1, 2, 3, 4, 5, 6]
    with open(path, newline="") as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert steps == [step for step in range(7) for _ in range(3)]


def test_early_stopping_ends_it_as_any_other_training():
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=100.0)
    classifier().fit(
        X, Y, batch_size=32, epochs=9, verbose=0, callbacks=[stop, monitor]
    )

    assert [look.step for look in monitor.report.looks] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_a_copy_has_the_looks_and_goes_on(copied):
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    unused = copied(monitor)
    classifier().fit(X, Y, verbose=0, callbacks=[unused])
    used = copied(unused)
    classifier().fit(X, Y, verbose=0, callbacks=[used])

    assert monitor.report.looks == []
    assert [look.step for look in unused.report.looks] == [0, 1]
    assert used.report.looks[:2] == unused.report.looks
    assert [look.step for look in used.report.looks] == [0, 1, 2, 3]


def test_the_file_has_a_row_for_each_look_and_layer_as_training_goes(tmp_path):
    path = tmp_path / "signal.csv"
    path.write_text("of another training")
    counts = []

    class Count(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            counts.append(len(path.read_text().splitlines()))

    monitor = keras_inits.SignalMonitor(X, Y, interval=1, csv=path)
    classifier().fit(X, Y, batch_size=16, verbose=0, callbacks=[monitor, Count()])
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    looks = monitor.report.looks

    assert counts == [1, 4, 7, 10]  # a header and three layers a look
    seen = [(look, layer) for look in looks for layer in look.layers]
    assert len(rows) == len(seen) == 12
    for row, (look, layer) in zip(rows, seen, strict=True):
        assert (int(row["step"]), row["name"]) == (look.step, layer.name)
        for key in ("stddev", "dead", "gradient_stddev", "update_ratio"):
            assert float(row[key]) == getattr(layer, key)


def test_a_report_is_plain_data(tmp_path):
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    classifier().fit(X, Y, verbose=0, callbacks=[monitor])
    report = monitor.report
    path = tmp_path / "report.json"
    data = json.loads(report.to_json(path))

    assert data == report.to_dict() == json.loads(path.read_text())
    assert data["model"] == "classifier"
    assert data["verdict"] == "healthy: nothing broke up to step 1"
    assert data["first"] is None
    assert [layer["name"] for layer in data["looks"][1]["layers"]] == [
        *("l0", "l1", "head")
    ]


def test_a_table_has_a_row_for_each_layer(wide_terminal):
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    classifier().fit(X, Y, verbose=0, callbacks=[monitor])
    text = str(monitor.report)
    name = _backend.name()

    assert f"classifier: 2 looks at 64 samples on {name}, every 1 steps" in text
    for word in ("l0", "l1", "head", "first stddev", "update", "healthy: nothing"):
        assert word in text


def test_before_any_training_there_is_a_report_too(wide_terminal):
    report = keras_inits.SignalMonitor(X, Y).report

    assert report.verdict == "no step was seen"
    assert "no step was seen" in str(report)
    assert report.to_dict()["looks"] == []


class Written:
    """Stands in for `tensorboard.summary`, which need not be installed."""

    def __init__(self, directory):
        self.directory, self.scalars, self.closed = directory, [], False
        Written.last = self

    def add_scalar(self, tag, value, step):
        self.scalars.append((tag, float(value), step))

    def flush(self):
        pass

    def close(self):
        self.closed = True


def test_tensorboard_gets_each_number(tmp_path, monkeypatch):
    module = type("Module", (), {"Writer": Written})
    monkeypatch.setitem(sys.modules, "tensorboard", module)
    monkeypatch.setitem(sys.modules, "tensorboard.summary", module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monitor = keras_inits.SignalMonitor(X, Y, interval=1, tensorboard=tmp_path / "log")
    classifier().fit(X, Y, verbose=0, batch_size=32, callbacks=[monitor])
    written = Written.last

    assert written.directory == str(tmp_path / "log")
    assert written.closed
    for look in monitor.report.looks:
        assert ("probe/loss", look.loss, look.step) in written.scalars
        for layer in look.layers:
            row = (f"update_ratio/{layer.name}", layer.update_ratio, look.step)
            assert row in written.scalars


def test_summaries_can_be_read_by_tensorboard(tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    from tensorboard.backend.event_processing import event_accumulator

    monitor = keras_inits.SignalMonitor(X, Y, interval=1, tensorboard=tmp_path)
    classifier().fit(X, Y, batch_size=32, verbose=0, callbacks=[monitor])
    events = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
    expected = {}
    for look in monitor.report.looks:
        expected.setdefault("probe/loss", []).append((look.step, look.loss))
        for layer in look.layers:
            for column in COLUMNS[2:]:
                value = getattr(layer, column)
                if value is not None:
                    tag = f"{column}/{layer.name}"
                    expected.setdefault(tag, []).append((look.step, value))

    assert len(monitor.report.looks) == 2
    assert set(events.Tags()["tensors"]) == set(expected)
    for tag, values in expected.items():
        read = [(e.step, e.tensor_proto.float_val[0]) for e in events.Tensors(tag)]
        # Summaries are in float32.
        assert read == [(step, float(np.float32(v))) for step, v in values], tag


def test_a_picture_shows_each_look_and_layer(tmp_path):
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    classifier().fit(X, Y, batch_size=16, verbose=0, callbacks=[monitor])
    figure = monitor.report.plot(tmp_path / "signal.png", theme="dark")
    images = [image for axes in figure.axes for image in axes.get_images()]

    assert (tmp_path / "signal.png").stat().st_size > 0
    assert [image.get_array().shape for image in images] == [(3, 4)] * 3
    looks = monitor.report.looks
    expected = [[math.log10(row.stddev) for row in look.layers] for look in looks]
    assert images[0].get_array().T.tolist() == expected
    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    assert titles == [
        *("stddev of outputs", "stddev of gradients", "update over weights")
    ]
