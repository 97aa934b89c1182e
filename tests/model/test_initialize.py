"""Seeds from addresses, and what a call does to a model and what it does not."""

import io
import math
import tracemalloc

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _installed
from keras_inits.engine import host
from keras_inits.engine.moments import mean_and_stddev
from keras_inits.model import initialize, recipes, reinitialize, report
from tests.model.models import (
    as_numpy,
    assert_same,
    changed,
    dense,
    digest,
    mixed,
    values,
)
from tests.processes import output
from tests.support import ROUNDING, float_dtypes, raises_exactly

layers = keras.layers

EVERYTHING = {layers.Layer: keras_inits.RandomNormal()}
GOLDEN = "8d453b3c632f5a2ff08da10843dc59bc9031aefb90665851396183f43cc39222"
GOLDEN_PYTORCH = "18afe80d778a6c2ebd9dfc7b66b66852b110870a3fdc23cd81f598e08cbcd1ff"


def test_the_streams_are_the_promised_ones():
    model = mixed()
    initialize(model, EVERYTHING, seed=1)
    assert digest(model) == GOLDEN
    initialize(model, recipes.pytorch(), seed=-(2**70))
    assert digest(model) == GOLDEN_PYTORCH


OTHER_PROCESS = """
from keras_inits.model import initialize
from tests.model.models import digest, mixed
from tests.model.test_initialize import EVERYTHING
from keras_inits import enable
enable()
for _ in range(3): mixed()
model = mixed()
initialize(model, EVERYTHING, seed=99)
print(digest(model))
"""
OTHERS = [
    name
    for name in ("torch", "jax", "tensorflow")
    if _installed.missing(name) is None and name != keras.backend.backend()
]


@pytest.mark.skipif(not OTHERS, reason="no other backend is installed")
def test_a_process_on_another_backend_agrees():
    found = output("-c", OTHER_PROCESS, backend=OTHERS[0], PYTHONHASHSEED="7")
    model = mixed()
    initialize(model, EVERYTHING, seed=99)
    assert found.split()[-1] == digest(model)


def test_layers_added_or_removed_change_no_other_named_layer():
    one, other = dense(["first", "second", "head"]), dense(["extra", "head", "first"])
    initialize(one, EVERYTHING, seed=5)
    initialize(other, EVERYTHING, seed=5)
    one, other = values(one), values(other)
    for address in ("first/kernel", "first/bias", "head/kernel", "head/bias"):
        np.testing.assert_array_equal(one[address], other[address])


def test_automatic_names_are_counted_from_the_front():
    one, other = dense([None, None]), dense([None, "named", None])
    initialize(one, EVERYTHING, seed=5)
    initialize(other, EVERYTHING, seed=5)
    one, other = values(one), values(other)
    assert list(one) == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    for address in one:
        np.testing.assert_array_equal(one[address], other[address])


@pytest.mark.parametrize("initializer", ["he_normal", keras_inits.HeNormal(seed=3)])
def test_no_two_weights_are_equal_by_accident(initializer):
    model = mixed()
    initialize(model, {"*kernel": initializer}, seed=2)
    kernels = [a.ravel()[:8] for k, a in values(model).items() if k.endswith("kernel")]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels) > 10


def test_query_key_and_value_differ_and_lora_too():
    model = mixed()
    initialize(model, {layers.MultiHeadAttention: "glorot_uniform"}, seed=1)
    found = values(model)
    query, key, value = (
        found[f"attention/{name}/kernel"] for name in ("query", "key", "value")
    )
    assert not np.any(query == key)
    assert not np.any(query == value)
    assert not np.any(key == value)


def test_seed_none_takes_pythons_random_and_reports_it():
    model = dense()
    keras.utils.set_random_seed(4)
    first = initialize(model, EVERYTHING)
    before = values(model)
    keras.utils.set_random_seed(4)
    initialize(model, EVERYTHING)
    assert_same(before, values(model))
    assert initialize(model, EVERYTHING).seed != first.seed
    initialize(model, EVERYTHING, seed=first.seed)
    assert_same(before, values(model))


def test_an_initializers_own_seed_counts_where_the_call_has_none():
    one, other = dense(), dense()
    for model in (one, other):
        initialize(model, {"*": keras_inits.RandomNormal(seed=6)})
    assert_same(values(one), values(other))
    initialize(other, {"*": keras_inits.RandomNormal(seed=6)}, seed=6)
    assert_same(values(one), values(other))
    initialize(other, {"*": keras_inits.RandomNormal(seed=6)}, seed=7)
    assert len(changed(values(one), values(other))) == 6


def test_a_seed_generator_moves_on_once_a_call_and_not_in_a_dry_run():
    generator = keras.random.SeedGenerator(3)
    model = dense()
    rules = {"*": keras_inits.ZeroRow(keras_inits.RandomNormal(seed=generator))}
    state = as_numpy(generator.state.value).copy()
    dry = initialize(model, rules, dry_run=True)
    np.testing.assert_array_equal(as_numpy(generator.state.value), state)
    wet = initialize(model, rules)
    assert dry.weights == wet.weights
    moved = state + np.array([0, 1], state.dtype)
    np.testing.assert_array_equal(as_numpy(generator.state.value), moved)
    before = values(model)
    initialize(model, rules)
    assert len(changed(before, values(model))) == 6


def test_a_dry_run_reports_what_the_call_would_and_touches_nothing():
    model = mixed()
    before = values(model)
    dry = initialize(model, recipes.pytorch(), seed=3, dry_run=True)
    assert_same(before, values(model))
    wet = initialize(model, recipes.pytorch(), seed=3)
    assert dry.weights == wet.weights
    assert dry.dry_run
    assert not wet.dry_run


def test_the_report_has_the_fans_and_the_standard_deviation_that_was_drawn():
    model = mixed()
    rules = {"*kernel": "he_normal", "bias": "zeros"}
    found = initialize(model, rules, seed=3)
    row = found["conv1d/kernel"]
    assert (row.layer, row.shape, row.dtype) == ("Conv1D", (3, 6, 8), "float32")
    assert (row.fan_in, row.fan_out) == (18, 6)
    assert row.initializer == "HeNormal()"
    assert row.stddev == mean_and_stddev(values(model)["conv1d/kernel"])[1]
    assert found["conv1d/bias"].stddev == 0.0
    with pytest.raises(KeyError, match="nothing"):
        found["nothing"]


@pytest.mark.usefixtures("wide_terminal")
def test_the_report_prints_as_a_table():
    text = str(initialize(dense(["head"]), {"bias": "zeros"}, seed=3))
    lines = [line.split() for line in text.splitlines()]
    assert "initialize set 1 of 2 weights, seed 3" in text
    bias = ["head/bias", "Dense", "8", "8", "8", "Zeros()", "0"]
    assert bias in lines
    kernel = ["head/kernel", "Dense", "8x8", "8", "8", "left", "alone:", "no", "rule"]
    assert kernel in lines


def test_layer_aware_fans_reach_the_initializer_and_given_axes_win():
    model = keras.Sequential(
        [keras.Input((9, 9, 64)), layers.DepthwiseConv2D(3, name="deep")]
    )
    report = initialize(model, {"kernel": "he_uniform"}, seed=1)
    limit = math.sqrt(6.0 / 9.0)
    kernel = np.abs(values(model)["deep/kernel"])
    assert (1.0 - 20.0 / kernel.size) * limit < kernel.max() <= np.float32(limit)
    given = keras_inits.HeUniform(input_axes=[0, 1, 2], output_axes=[3])
    report = initialize(model, {"kernel": given}, seed=1)
    kernel = np.abs(values(model)["deep/kernel"])
    assert kernel.max() <= np.float32(math.sqrt(6.0 / (9.0 * 64.0)))
    assert report["deep/kernel"].initializer == repr(given)


# Keras' own quantization converts variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_frozen_integer_and_quantized_weights_are_left_alone_and_listed():
    class Counter(layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(
                shape=(), dtype="int32", name="count", trainable=False
            )

        def call(self, x):
            return x

    inputs = keras.Input((8,))
    x = layers.Dense(8, name="frozen", trainable=False)(inputs)
    x = Counter(name="counter")(x)
    x = layers.BatchNormalization(name="norm")(x)
    model = keras.Model(inputs, layers.Dense(8, name="small")(x))
    model.get_layer("small").quantize("int8")
    before = values(model)
    report = initialize(model, {"*": "ones"}, seed=1)
    assert changed(before, values(model)) == ["norm/beta"]
    assert {row.address: row.note for row in report.left_alone} == {
        "frozen/kernel": "not trainable",
        "frozen/bias": "not trainable",
        "counter/count": "dtype int32",
        "norm/moving_mean": "not trainable",
        "norm/moving_variance": "not trainable",
        "small/bias": "quantized",
        "small/kernel": "quantized",
        "small/kernel_scale": "quantized",
    }


def test_a_shared_layer_is_set_once():
    shared = layers.Dense(8, name="shared")
    inputs = keras.Input((8,))
    inner = keras.Sequential([shared], name="inner")
    model = keras.Model(inputs, inner(shared(inputs)))
    report = initialize(model, {"*": "he_normal"}, seed=1)
    assert len(report.drawn) == len(model.weights) == 2
    before = values(model)
    initialize(model, {"shared/*": "he_normal"}, seed=1)
    assert_same(before, values(model))


def test_a_model_that_is_not_built_is_told_how():
    model = keras.Sequential([layers.Dense(2)], name="unbuilt")
    for name, function in (
        ("initialize", lambda: initialize(model, {})),
        ("reinitialize", lambda: reinitialize(model)),
    ):
        with raises_exactly(
            f"{name}: Argument `model` must be built, got 'unbuilt', which has no "
            "weights yet. Call it on a batch of data or call its `build` with the "
            "input's shape."
        ):
            function()
    with raises_exactly(
        "initialize: Argument `model` must be a Keras model or layer, got 3."
    ):
        initialize(3, {})


def test_a_seed_that_is_no_integer_is_refused():
    with raises_exactly(
        "initialize: Argument `seed` must be an integer or None, got 1.5."
    ):
        initialize(dense(), {}, seed=1.5)


class Interrupting(keras.initializers.Initializer):
    """Stands for a user who presses Ctrl-C in the middle."""

    def __init__(self):
        self.calls = 0

    def __call__(self, shape, dtype=None):
        self.calls += 1
        if self.calls > 1:  # the first call is the check
            raise KeyboardInterrupt
        return keras.ops.zeros(shape, dtype=dtype)

    def get_config(self):
        return {}


def test_an_interrupted_call_says_what_it_set_and_can_be_run_again():
    model, other = dense(), dense()
    rules = [("second/bias", Interrupting()), ("*", "random_normal")]
    with pytest.raises(KeyboardInterrupt) as caught:
        initialize(model, rules, seed=8)
    assert caught.value.__notes__ == [
        "initialize: 3 of 6 weights were set, the last one 'second/kernel'. Run it "
        "again with seed=8 for the full result."
    ]
    initialize(model, {"*": "random_normal"}, seed=8)
    initialize(other, {"*": "random_normal"}, seed=8)
    assert_same(values(model), values(other))


def test_memory_stays_at_one_weight_beyond_the_model():
    model = dense(["a", "b", "c", "d"], width=1024)
    tracemalloc.start()
    # Some backends keep NumPy's memory as their tensor's: then the model's own
    # weights are among what is traced from here on.
    initialize(model, {"*": "random_normal"}, seed=1)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    initialize(model, {"*": "random_normal"}, seed=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    weight = 4 * 1024**2
    # A normal draw holds up to 48 bytes of steps for each half-word of its block,
    # in every thread.
    blocks = 48 * host.BLOCK * host._threads()
    # TensorFlow lets go of an array that it has read only when it reads the next,
    # and Keras copies for its NumPy backend.
    lag = weight if keras.backend.backend() in ("tensorflow", "numpy") else 0
    assert peak - before < weight + lag + blocks


@pytest.mark.parametrize("dtype", [d for d in float_dtypes() if d != "float32"])
def test_other_dtypes_are_drawn_in_their_own(dtype):
    inputs = keras.Input((8,))
    model = keras.Model(inputs, layers.Dense(8, dtype=dtype, name="head")(inputs))
    report = initialize(model, {"kernel": "he_normal"}, seed=1)
    wide = dense(["head"])
    initialize(wide, {"kernel": "he_normal"}, seed=1)
    found = values(model)["head/kernel"].astype("float64")
    expected = values(wide)["head/kernel"].astype("float64")
    if dtype == "float64":  # The float32 one has its scale and its product rounded.
        np.testing.assert_allclose(found, expected, rtol=2.001 * ROUNDING, atol=0)
    else:  # The float32 one, rounded once.
        narrow = expected.astype(host.numpy_dtype(dtype)).astype("float64")
        np.testing.assert_array_equal(found, narrow)
    assert report["head/kernel"].dtype == dtype


def test_a_bar_is_shown_for_long_work_on_a_terminal_only(monkeypatch):
    shown = []

    class Bar(report.rich.progress.Progress):
        def advance(self, task, count):
            shown.append(count)

    monkeypatch.setattr(report.rich.progress, "Progress", Bar)
    model = dense(["head"])
    initialize(model, {"*": "zeros"}, seed=1)
    assert shown == []
    monkeypatch.setattr(report, "LONG", 0)
    terminal = report.rich.console.Console(force_terminal=True, file=io.StringIO())
    monkeypatch.setattr(report.rich.console, "Console", lambda **_: terminal)
    initialize(model, {"*": "zeros"}, seed=1)
    assert shown == [64, 8]
