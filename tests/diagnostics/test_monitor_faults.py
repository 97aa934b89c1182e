"""Faults planted into a training, each named at its step and in its layer."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from keras_inits.diagnostics import training, verdicts
from keras_inits.diagnostics.labels import number
from tests.diagnostics import networks
from tests.support import needs_gradients, needs_no_gradients, raises_exactly

X = networks.normal((64, 16))
Y = (np.arange(64) % 4).astype("int32")
LOSS = "sparse_categorical_crossentropy"
STEP = 5  # in which a fault is planted, of 8


class Switched(keras.layers.Dense):
    """A dense ReLU layer that faults are planted into, past its trainable weights.

    These get a gradient while `moves` is 1, and `shift` is added before the ReLU.
    """

    def build(self, input_shape):
        super().build(input_shape)
        fixed = {"shape": (), "trainable": False}
        self.moves = self.add_weight(name="moves", initializer="ones", **fixed)
        self.shift = self.add_weight(name="shift", initializer="zeros", **fixed)

    def call(self, inputs):
        def switched(weight):
            still = keras.ops.stop_gradient(weight)
            return still + self.moves * (weight - still)

        outputs = keras.ops.matmul(inputs, switched(self.kernel))
        return keras.ops.relu(outputs + switched(self.bias) + self.shift)


class At(keras.callbacks.Callback):
    """Does something to the model before the step with this number."""

    def __init__(self, step, action):
        super().__init__()
        self.step, self.action = step, action

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.step:
            self.action(self.model)


def watched(action=None, *, interval=1, optimizer=None, step=STEP, **options):
    """The report of 8 steps of training, with a fault before one of them."""
    layers = [Switched(32, name=f"l{i}") for i in range(3)]
    model = keras.Sequential(
        [
            keras.Input((16,)),
            *layers,
            keras.layers.Dense(4, "softmax", name="head"),
        ]
    )
    keras_inits.initialize(model, {"kernel": keras_inits.HeNormal()}, seed=1)
    model.compile(optimizer or keras.optimizers.SGD(0.05), LOSS, **options)
    monitor = keras_inits.SignalMonitor(X, Y, interval=interval)
    faults = [At(step, action)] if action else []
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[*faults, monitor])
    return monitor.report


def named(report):
    first = report.first
    return first and (first.step, first.layer, first.problem)


def kill(model):
    """No input takes a unit of l1 above zero any more."""
    model.get_layer("l1").shift.assign(-1e6)


def freeze(model):
    model.get_layer("l1").moves.assign(0.0)


def raise_rate(model):
    """By so much that each step is larger than the weights."""
    model.optimizer.learning_rate = 1e4


def overflow(model):
    model.get_layer("l2").shift.assign(np.inf)


def spoil(model):
    kernel = model.get_layer("head").kernel
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))


FAULTS = {
    "dead": (kill, "l1"),
    "frozen": (freeze, "l1"),
    "large update": (raise_rate, "l0"),
}
COMPILED = [{}, {"jit_compile": False}]


@needs_gradients
@pytest.mark.parametrize("options", COMPILED, ids=["compiled", "not by XLA"])
def test_a_training_without_a_fault_is_healthy(options):
    report = watched(**options)

    assert report.first is None
    assert report.verdict == "healthy: nothing broke up to step 7"


@needs_gradients
@pytest.mark.parametrize("problem", FAULTS)
def test_a_fault_is_named_at_its_step_and_in_its_layer(problem):
    action, layer = FAULTS[problem]

    assert named(watched(action)) == (STEP, layer, problem)


@needs_gradients
@pytest.mark.parametrize(
    ("action", "layer", "values"), [(overflow, "l2", 64 * 32), (spoil, "head", 64 * 4)]
)
def test_numbers_that_are_not_finite_are_named_where_they_begin(action, layer, values):
    report = watched(action)

    assert named(report) == (STEP, layer, "overflow")
    assert report.loss_step == STEP
    index = report.first.index
    assert report.verdict == (
        f"breaks at step {STEP}: layer {index} ({layer}), {values} values are not "
        f"finite; the loss is not finite from step {STEP} on"
    )


def test_each_problem_of_a_start_has_words_in_a_training():
    names = {*verdicts.OF_SIZE, *verdicts.OF_GRADIENT, *verdicts.OF_VALUES}

    assert names - {*training.WORDS} == {"correlated"}  # no fault of a training


@needs_gradients
def test_between_looks_a_fault_is_named_with_the_last_look_that_did_not_see_it():
    report = watched(kill, interval=3)

    assert named(report) == (6, "l1", "dead")
    assert report.verdict == (
        "breaks at step 6, unseen at step 3: layer 1 (l1), 100% of the units are dead"
    )


@needs_gradients
def test_the_step_of_a_loss_that_is_not_finite_is_exact_between_looks():
    report = watched(spoil, interval=100)

    assert report.first is None
    assert report.verdict == f"the loss is not finite from step {STEP} on"


@needs_gradients
def test_a_rate_that_is_too_high_breaks_what_its_update_breaks():
    report = watched(raise_rate)
    last = report.looks[STEP].layers

    assert all(layer.update_ratio > 1.0 for layer in last)
    assert report.first.text == (
        f"a step changes the weights by {number(last[0].update_ratio)} times their size"
    )


def beside(action):
    """The report of 8 steps of a model whose layer l1 has a path around it."""
    x = inputs = keras.Input((16,))
    for place in range(3):
        branch = Switched(16, name=f"l{place}")(x)
        x = keras.layers.Add()([x, branch])
    outputs = keras.layers.Dense(4, "softmax", name="head")(x)
    model = keras.Model(inputs, outputs)
    keras_inits.initialize(model, {"kernel": keras_inits.HeNormal()}, seed=1)
    model.compile(keras.optimizers.SGD(0.01), LOSS)
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    faults = [At(STEP, action)] if action else []
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[*faults, monitor])
    return monitor.report


@needs_gradients
def test_a_layer_that_dies_is_named_though_the_signal_goes_around_it():
    assert beside(None).first is None
    assert named(beside(kill)) == (STEP, "l1", "dead")


def looks_of(*rows):
    """Looks at one layer, of which each row has the share of dead units and more."""
    return [
        training.Look(
            step,
            None,
            [training.LayerLook(0, "l0", 1.0, None, dead, 0, None, 1e-3, problems)],
        )
        for step, (dead, problems) in enumerate(rows)
    ]


def test_units_that_never_lived_have_not_died():
    dead = (1.0, ["dead"])

    for rows, problems in (
        ([dead, dead], [[], []]),
        ([(0.6, ["dead"]), dead], [[], ["dead"]]),
    ):
        judged = training.judged(looks_of(*rows), [True, True])
        assert [look.layers[0].problems for look in judged] == problems


@needs_gradients
def test_a_picture_marks_the_first_problem_of_each_layer():
    report = watched(kill)
    axes = report.plot().axes[0]
    (marks,) = axes.lines
    rows = {
        layer.index: look.step
        for look in reversed(report.looks)
        for layer in look.layers
        if layer.problems
    }

    assert rows[1] == STEP
    assert dict(zip(marks.get_ydata(), marks.get_xdata(), strict=True)) == rows


@needs_gradients
def test_a_rate_that_warms_up_from_zero_freezes_nothing():
    rate = keras.optimizers.schedules.PolynomialDecay(0.0, 8, 0.05)

    assert watched(optimizer=keras.optimizers.SGD(rate)).first is None


@needs_gradients
def test_a_branch_that_starts_at_zero_freezes_nothing():
    def to_zero(model):
        model.get_layer("head").kernel.assign(np.zeros((32, 4), "float32"))
        model.get_layer("head").bias.assign(np.ones(4, "float32"))

    report = watched(to_zero, step=0)
    *before, head = [layer.update_ratio for layer in report.looks[0].layers]

    assert before == [0.0] * 3
    assert head > 0.0
    assert not any("frozen" in layer.problems for layer in report.looks[0].layers)


@needs_gradients
def test_weights_that_start_at_zero_are_not_compared_with_their_updates():
    def to_zero(model):
        for weight in model.get_layer("head").weights:
            weight.assign(np.zeros(weight.shape, "float32"))

    # A rate that warms up, to ten times that of the first step.
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.005, 0.05])
    report = watched(to_zero, step=0, optimizer=keras.optimizers.SGD(rate))
    head = [look.layers[-1] for look in report.looks]

    assert head[0].update_ratio is None
    assert head[1].update_ratio > 1.0
    assert not any("large update" in layer.problems for layer in head)


@needs_gradients
def test_a_layer_that_is_not_trainable_is_not_frozen():
    inputs = keras.Input((16,))
    fixed = keras.layers.Dense(32, "relu", name="fixed", trainable=False)
    outputs = keras.layers.Dense(4, "softmax", name="head")(fixed(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", LOSS)
    monitor = keras_inits.SignalMonitor(X, Y, interval=1)
    model.fit(X, Y, batch_size=16, verbose=0, callbacks=[monitor])

    assert monitor.report.first is None
    assert monitor.report.looks[0].layers[0].update_ratio is None


ARRAY = "Argument `x` must be an array with a batch axis, got"
REFUSED = {
    "interval": (
        lambda: keras_inits.SignalMonitor(X, interval=0),
        "SignalMonitor: Argument `interval` must be an integer, 1 or above, got 0.",
    ),
    "x": (
        lambda: keras_inits.SignalMonitor("probe"),
        f"SignalMonitor: {ARRAY} 'probe'.",
    ),
    "csv": (
        lambda: keras_inits.SignalMonitor(X, csv="no/such/directory.csv"),
        "SignalMonitor: Argument `csv` must be a path in a directory that exists, got "
        "'no/such/directory.csv'.",
    ),
    "tensorboard": (
        lambda: keras_inits.SignalMonitor(X, tensorboard="no/such/directory"),
        "SignalMonitor: Argument `tensorboard` must be the path of a directory, or of "
        "a new one in a directory that exists, got 'no/such/directory'.",
    ),
}


@pytest.mark.parametrize("argument", REFUSED)
def test_a_bad_argument_is_refused(argument):
    call, text = REFUSED[argument]

    with raises_exactly(text):
        call()


@needs_gradients
def test_targets_of_another_length_are_refused():
    text = "SignalMonitor: Argument `y` must have one target for each sample of `x`, "
    with raises_exactly(text + "got 3 targets for 64 samples."):
        keras_inits.SignalMonitor(X, Y[:3])


@needs_no_gradients
def test_targets_are_refused_where_there_are_no_gradients():
    with pytest.raises(RuntimeError) as error:
        keras_inits.SignalMonitor(X, Y)
    assert str(error.value) == (
        "SignalMonitor: Argument `y` asks for gradients, which the "
        f"{_backend.name()} backend does not have. Run on tensorflow, jax, torch."
    )


@needs_gradients
def test_a_probe_that_does_not_fit_is_refused_before_the_first_step():
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(4, "softmax")])
    model.compile("sgd", LOSS)
    before = networks.state(model)
    name = model.inputs[0].name
    text = "SignalMonitor: Argument `x` must have shape (any, 16), as the model's input"
    with raises_exactly(f"{text} {name!r} has, got (64, 3)."):
        model.fit(X, Y, verbose=0, callbacks=[keras_inits.SignalMonitor(X[:, :3])])
    networks.assert_same_state(before, networks.state(model))


def test_summaries_ask_for_their_package(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError) as error:
        keras_inits.SignalMonitor(X, tensorboard=tmp_path)
    assert str(error.value) == (
        "SignalMonitor: Argument `tensorboard` needs TensorBoard, which is not "
        "installed. Install it with: pip install tensorboard"
    )
