"""`compare`: the same model, data and order for every start; runs are kept."""

import itertools
import math
import re

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.diagnostics import comparison, plots
from keras_inits.diagnostics.comparison import Comparison, Run, compare
from tests.diagnostics.networks import normal, plain
from tests.support import ROUNDING, needs_gradients, raises_exactly

# Keras' own training loop converts its results in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

X, Y = normal((40, 16)), normal((40, 4), seed=1)
COMMON = {"epochs": 2, "seeds": [0, 1], "progress": False}


def build():
    model = plain("tanh", depth=1, outputs=4)
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def without_call():
    """A model whose parts have no weights before it is called, and no `call`."""

    class Parts(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = keras.layers.Dense(4)

    model = Parts()
    model.compile("sgd", "mse")
    return model


def of_rows():
    inputs = keras.Input((16,), name="rows")
    model = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    model.compile("sgd", "mse")
    return model


def with_zeros(model, seed):
    for layer in model.layers:
        layer.kernel.assign(np.zeros(tuple(layer.kernel.shape), "float32"))


@pytest.fixture(scope="module")
def result():
    starts = {
        "he": "he_normal",
        "zeros": with_zeros,
        "he again": keras_inits.HeNormal(seed=77),
    }
    return compare(build, X, Y, starts, **COMMON)


@needs_gradients
def test_every_start_has_a_run_for_every_seed(result):
    found = [(run.initializer, run.seed) for run in result.runs]

    assert found == [
        (name, seed) for name in ("he", "zeros", "he again") for seed in (0, 1)
    ]
    assert not result.interrupted
    assert all(len(run.losses) == 2 for run in result.runs)
    assert all(len(run.validation_losses) == 3 for run in result.runs)
    assert all(list(run.metrics) == ["mae"] for run in result.runs)


@needs_gradients
def test_runs_with_the_same_start_and_seed_are_equal(result):
    # Nothing of one run is left for the next: weights, optimizer, order.
    one, again = result.of("he"), result.of("he again")

    assert [run.losses for run in one] == [run.losses for run in again]
    assert one[0].losses != one[1].losses


@needs_gradients
def test_the_first_loss_is_that_of_the_start_on_held_out_data(result):
    held_out = np.random.RandomState(0).permutation(40)[:8]

    # Zero weights answer 0: the loss is the mean square of the targets.
    squares = Y[held_out].astype("float64") ** 2
    # A mean of 32 squares in any order, each rounded once, and Keras' own mean over
    # the batches, weighted by their sizes: all are positive.
    tolerance = (squares.size + 4) * ROUNDING
    for run in result.of("zeros"):
        found = run.validation_losses[0]
        assert found == pytest.approx(np.mean(squares), rel=tolerance, abs=0)


@needs_gradients
def test_a_stopped_comparison_keeps_its_finished_runs():
    calls = []

    def stop_in_the_third(model, seed):
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt

    found = compare(
        build,
        X,
        Y,
        [stop_in_the_third, "zeros"],
        **{**COMMON, "epochs": 1, "seeds": [4, 5, 6]},
    )

    assert found.interrupted
    assert [run.seed for run in found.runs] == [4, 5]
    assert "interrupted: unfinished runs are left out" in str(found)


@needs_gradients
def test_an_error_has_the_finished_runs():
    def fail_with_seed_5(model, seed):
        if seed == 5:
            raise OSError("no room")

    with pytest.raises(OSError, match="no room") as caught:
        compare(
            build,
            X,
            Y,
            ["zeros", fail_with_seed_5],
            **{**COMMON, "epochs": 1, "seeds": [4, 5]},
        )

    found = caught.value.comparison
    assert found.interrupted
    assert [(run.initializer, run.seed) for run in found.runs] == [
        ("zeros", 4),
        ("zeros", 5),
        ("fail_with_seed_5", 4),
    ]
    assert caught.value.__notes__ == [
        "compare: 3 of 4 runs are finished; they are in the attribute `comparison` of "
        "this error."
    ]


@needs_gradients
@pytest.mark.parametrize(
    ("initializer", "text"),
    [
        (
            keras_inits.PerGate("zeros", 3),
            "compare: The weight 'l0/kernel' cannot be drawn by "
            "PerGate(inner=Zeros(), gates=3): PerGate: Argument `gates` must be a "
            "divisor of the last axis of shape (16, 32), got 3.",
        ),
        (
            lambda_of_one := (lambda model: None),
            "compare: Argument `initializers` must be initializers, their names or "
            f"configs, or functions of model and seed, got {lambda_of_one!r}.",
        ),
        (
            5,
            "compare: Argument `initializers` must be initializers, their names or "
            "configs, or functions of model and seed, got 5.",
        ),
    ],
)
def test_what_cannot_start_a_run_is_found_before_any_trains(
    initializer, text, monkeypatch
):
    def trains(*args):
        raise AssertionError("a run began")

    monkeypatch.setattr(comparison, "_train", trains)
    with raises_exactly(text):
        compare(build, X, Y, {"zeros": "zeros", "other": initializer}, **COMMON)


@needs_gradients
@pytest.mark.parametrize("y", [normal((40, 3)), normal((40, 4, 2))])
def test_targets_that_the_loss_does_not_take_are_refused(y):
    with pytest.raises(ValueError, match="The reason: ") as error:
        compare(build, X, y, ["zeros"], **COMMON)

    # What the backend says of it differs.
    said, _, _ = str(error.value).partition(" The reason: ")
    assert said == (
        "compare: Argument `x` must run through the model, and `y` through its loss, "
        f"got arrays of shapes (8, 16), {(8, *y.shape[1:])}."
    )
    assert error.value.comparison.runs == []


@needs_gradients
def test_data_and_batches_of_any_size_of_integer_are_taken():
    unsigned = (np.abs(Y) * 3).astype("uint64")
    common = {**COMMON, "epochs": 1, "seeds": [0]}

    found, expected = (
        compare(build, X, y, ["zeros"], batch_size=size, **common).runs[0].losses
        for y, size in ((unsigned, 2**64), (unsigned.astype("int32"), 32))
    )

    assert found == expected


@needs_gradients
def test_lists_may_be_generators(monkeypatch):
    monkeypatch.setattr(comparison, "_train", lambda *args: args[1:3])

    found = compare(
        build,
        X,
        Y,
        (name for name in ("zeros", "ones")),
        **{**COMMON, "seeds": (seed for seed in (1, 2))},
    )

    assert found.runs == [("zeros", 1), ("zeros", 2), ("ones", 1), ("ones", 2)]


@needs_gradients
@pytest.mark.parametrize("seeds", [None, 3, "12", [], {1: 2}, itertools.repeat(1)])
def test_seeds_that_are_no_list_are_refused(seeds):
    with raises_exactly(
        "compare: Argument `seeds` must be a list with at least one entry, got "
        f"{seeds!r}."
    ):
        compare(build, X, Y, ["zeros"], epochs=1, seeds=seeds)


@needs_gradients
def test_a_start_is_what_initialize_draws_with_its_seed():
    def dense():
        layers = [keras.layers.Dense(8) for _ in "ab"]
        return keras.Sequential([keras.Input((8,)), *layers])

    seen = []

    class Start(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(keras_inits.fingerprint(self.model))

    def build_model():
        model = dense()
        model.compile("sgd", "mse")
        fit = model.fit
        model.fit = lambda *a, **k: fit(*a, callbacks=[Start()], **k)
        return model

    x = np.ones((10, 8), "float32")
    compare(
        build_model,
        x,
        x,
        {"wide": keras_inits.RandomNormal(stddev=2.0, seed=1)},
        epochs=1,
        seeds=[3],
        progress=False,
    )

    expected = dense()
    # Biases start as they were built, at zero.
    keras_inits.initialize(
        expected, {"kernel": keras_inits.RandomNormal(stddev=2.0)}, seed=3
    )
    assert seen == [keras_inits.fingerprint(expected)]


def test_the_table_shows_mean_and_range():
    runs = [
        Run("a", 0, [1.0], [2.0, 0.5], {"mae": 0.25}, 0.1),
        Run("a", 1, [1.0], [4.0, 1.5], {"mae": 0.75}, 0.1),
        Run("b", 0, [math.nan], [2.0, math.nan], {"mae": math.nan}, 0.1),
    ]
    found = Comparison(["a", "b"], 1, runs, interrupted=False)

    rows = [re.split(r" {2,}", line.strip()) for line in str(found).splitlines()]
    assert ["a", "2", "3 (2 to 4)", "1 (0.5 to 1.5)", "0.5 (0.25 to 0.75)"] in rows
    assert ["b", "1", "2", "not finite", "not finite"] in rows
    assert found.to_dict()["runs"][2]["losses"] == [None]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_has_a_line_for_each_start(theme, tmp_path):
    runs = [
        Run(name, seed, [1.0, 0.5 + seed], [2.0, 1.0, 0.5 + seed], {}, 0.1)
        for name in ("a", "b", "c")
        for seed in (0, 1)
    ]
    found = Comparison(["a", "b", "c"], 2, runs, interrupted=False)

    figure = found.plot(tmp_path / "curves", theme=theme)

    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png", ".svg"]
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["a", "b", "c"]
    found = figure.axes[1].lines[0].get_ydata()
    np.testing.assert_array_equal(found, [2.0, 1.0, 1.0])


def test_a_loss_that_is_not_finite_ends_its_line():
    runs = [Run("a", 0, [1.0, math.inf], [1.0, 2.0, math.nan], {}, 0.1)]

    figure = Comparison(["a"], 2, runs, interrupted=False).plot()

    assert [len(axes.lines[0].get_ydata()) for axes in figure.axes] == [1, 2]


@needs_gradients
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"epochs": 0}, "`epochs` must be an integer, 1 or above, got 0."),
        ({"seeds": []}, "`seeds` must be a list with at least one entry, got []."),
        ({"seeds": 3}, "`seeds` must be a list with at least one entry, got 3."),
        (
            {"initializers": {}},
            "`initializers` must be at least one initializer, got {}.",
        ),
        (
            {"initializers": ["zeros", "zeros"]},
            "`initializers` must be a dict with a name for each, where two look alike, "
            "got ['zeros', 'zeros'].",
        ),
        (
            {"validation_split": 1.0},
            "`validation_split` must be between 0 and 1, got 1.0.",
        ),
        (
            {"validation_split": 0.001},
            "`validation_split` must be a share that leaves samples on both sides of "
            "40, got 0.001.",
        ),
        (
            {"build_model": 3},
            "`build_model` must be a function without arguments that returns a Keras "
            "model, got 3.",
        ),
        (
            {"build_model": lambda: plain("relu")},
            "`build_model` must return a compiled model, got 'plain' without an "
            "optimizer. Call model.compile in it.",
        ),
        (
            {"build_model": without_call},
            "`model` must have a `call`, got 'parts' of the class Parts, which has "
            "none. Look at its parts one by one.",
        ),
        (
            {"build_model": of_rows, "x": X[:, :3]},
            "`x` must have shape (any, 16), as the model's input 'rows' has, got "
            "(40, 3).",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, text):
    arguments = {
        **{"build_model": build, "x": X, "y": Y, "initializers": ["zeros"]},
        **COMMON,
        **arguments,
    }
    with raises_exactly(f"compare: Argument {text}"):
        compare(**arguments)


def test_the_picture_tells_many_starts_apart_and_has_plain_numbers(tmp_path):
    names = [f"start_{place}" for place in range(42)]
    runs = [Run(name, 0, [2.0, 0.3], [2.0, 1.0, 0.3], {}, 0.1) for name in names]

    figure = Comparison(names, 2, runs, interrupted=False).plot(tmp_path / "many.png")

    axes = figure.axes[1]
    lines = [line for line in axes.lines if line.get_label() in names]
    looks = {(str(line.get_color()), line.get_marker()) for line in lines}
    assert len(plots.DASHES) == len(plots.MARKERS)  # so that dashes tell as much
    assert len(lines) == len(looks) == 42
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    texts = [label.get_text() for label in axes.get_yticklabels() if label.get_text()]
    assert {"0.5", "1", "2"} <= set(texts)


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e4])
def test_a_single_epoch_and_losses_of_any_usual_size_have_plain_ticks(size):
    runs = [Run("a", 0, [0.6 * size], [2.0 * size, 0.6 * size], {}, 0.1)]

    figure = Comparison(["a"], 1, runs, interrupted=False).plot()

    figure.draw_without_rendering()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        epochs = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert epochs == list(range(round(low), round(high) + 1)) != []
        low, high = axes.get_ylim()
        labels = [
            (tick.get_position()[1], tick.get_text()) for tick in axes.get_yticklabels()
        ]
        losses = [text for place, text in labels if low <= place <= high]
        assert losses
        assert not any("e" in text for text in losses), losses
