"""Which layers are seen, in which order, and that looking changes nothing."""

import math

import keras
import numpy as np
import pytest

from keras_inits.diagnostics import capture, diagnose
from tests.diagnostics.networks import (
    Counting,
    Residual,
    assert_same_state,
    branched,
    normal,
    plain,
    set_kernels,
    state,
)
from tests.support import (
    GRADIENTS,
    ROUNDING,
    as_float64,
    needs_gradients,
    raises_exactly,
)

# Keras' NumPy backend convolves by JAX, whose arrays NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")


def names(report):
    return [layer.name for layer in report.layers]


def targets_for(model, x):
    """Targets and a loss where the backend has gradients, else nothing."""
    if not GRADIENTS:
        return {}
    return {"y": np.arange(len(x)) % 3, "loss": "sparse_categorical_crossentropy"}


def residual():
    model = Residual()
    model(keras.ops.zeros((24, 16)))
    return model


def test_a_functional_model_is_seen_in_the_order_of_the_data():
    report = diagnose(branched(), normal((6, 8, 8, 2)))

    found = names(report)
    assert sorted(found[1:5]) == ["left", "norm", "shared", "shared (call 2)"]
    assert found[0] == "stem"
    assert found[5:] == ["total", "drop", "block/pool", "block/head"]
    assert found.index("norm") < found.index("left")
    for layer in report.layers:
        assert all(source < layer.index for source in layer.sources)
    sources = report["total"].sources
    assert [report[place].kind for place in sources] == ["Conv2D", "Conv2D"]
    assert report["block/head"].shape == (6, 3)


def test_a_subclassed_model_is_seen_through_its_layers():
    report = diagnose(residual(), normal((24, 16)))

    assert names(report) == ["first", "second", "head"]
    assert [layer.activation for layer in report.layers] == ["tanh", "relu", None]


def test_a_block_that_computes_something_itself_has_a_row():
    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.inner = keras.layers.Dense(4, name="inner")

        def call(self, inputs):
            return inputs + self.inner(inputs)

        def build(self, input_shape):
            self.inner.build(input_shape)

    report = diagnose(keras.Sequential([keras.Input((4,)), Block()]), normal((9, 4)))

    assert names(report) == ["block/inner", "block"]
    assert [len(layer.kernels) for layer in report.layers] == [1, 0]


def test_attention_is_seen_through_its_projections():
    inputs = keras.Input((5, 6))
    outputs = keras.layers.MultiHeadAttention(2, 3, name="mha")(inputs, inputs)

    report = diagnose(keras.Model(inputs, outputs), normal((4, 5, 6)))

    assert names(report) == [
        "mha/query",
        "mha/key",
        "mha/value",
        "mha/attention_output",
    ]


def test_recurrent_layers_are_seen_as_a_whole():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5, 6)),
            layers.TimeDistributed(layers.Dense(4), name="each"),
            layers.LSTM(3, name="lstm"),
        ]
    )

    report = diagnose(model, normal((4, 5, 6)))

    assert names(report) == ["each", "lstm"]
    assert [k.name for k in report["lstm"].kernels] == ["kernel", "recurrent_kernel"]
    assert report["lstm"].activation == "tanh"


def test_an_embedding_takes_integers():
    model = keras.Sequential(
        [keras.Input((7,), dtype="int32"), keras.layers.Embedding(11, 4, name="table")]
    )

    report = diagnose(model, np.arange(21).reshape(3, 7) % 11)

    assert names(report) == ["table"]
    assert (report.input_mean, report.input_stddev) == (None, None)


@needs_gradients
def test_the_gradient_reaches_frozen_layers():
    model = plain("tanh", outputs=4)
    for layer in model.layers[:2]:
        layer.trainable = False

    report = diagnose(model, normal((24, 16)), normal((24, 4)), "mse")

    assert all(layer.gradient_stddev > 0 for layer in report.layers)
    assert report[0].kernels == []


def test_units_are_channels_where_channels_come_first():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((3, 6, 6)),
            layers.AveragePooling2D(2, data_format="channels_first", name="pool"),
            layers.Activation("relu", name="act"),
        ]
    )
    # TensorFlow's pooling on a CPU knows channels last only: the axis is asked of
    # the pass without running it.
    calls = [capture.Call(layer, layer.name, 0, []) for layer in model.layers]
    calls[1].sources.append(calls[0])
    for call in calls:
        call.unit_axis = capture.unit_axis(call, np.zeros((2, 3, 3, 3)))

    assert [call.unit_axis for call in calls] == [1, 1]


@pytest.mark.parametrize("build", [branched, residual])
def test_nothing_in_the_model_is_changed(build):
    model = build()
    x = normal((24, 16) if build is residual else (6, 8, 8, 2))
    layers = capture.all_layers(model)
    before = state(model)
    attributes = [dict(vars(layer)) for layer in layers]

    diagnose(model, x, **targets_for(model, x))

    assert_same_state(before, state(model))
    for layer, found in zip(layers, attributes, strict=True):
        assert vars(layer).keys() == found.keys()
        assert all(vars(layer)[k] is found[k] for k in ("build", "call") if k in found)


def test_nothing_is_changed_by_a_pass_that_fails():
    class Fails(keras.layers.Layer):
        on = False

        def call(self, inputs):
            if Fails.on:
                raise ValueError("out of order")
            return inputs

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.BatchNormalization(), Fails(name="fails")]
    )
    before, attributes = state(model), [set(vars(layer)) for layer in model.layers]
    Fails.on = True

    with raises_exactly(
        "diagnose: Argument `x` must run through the model, got an error in layer "
        "'fails': out of order."
    ):
        diagnose(model, normal((6, 4)))

    assert_same_state(before, state(model))
    assert [set(vars(layer)) for layer in model.layers] == attributes


@needs_gradients
def test_no_gradient_is_left_in_the_weights():
    model = plain("relu", outputs=4)

    diagnose(model, normal((24, 16)), normal((24, 4)), "mse")

    assert all(getattr(w.value, "grad", None) is None for w in model.weights)


def test_no_layer_is_run_twice():
    counting = Counting(name="count")
    model = keras.Sequential([keras.Input((16,)), counting, keras.layers.Dense(4)])
    x = normal((24, 16))
    counting.runs[0] = 0

    diagnose(model, x, **targets_for(model, x))

    assert counting.runs[0] == 1


def test_normalization_takes_the_batch_and_dropout_is_off():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.BatchNormalization(epsilon=1e-6, name="norm"),
            layers.Dropout(0.5, name="drop"),
        ]
    )
    x = normal((100, 4), 3.0) + np.float32(5.0)

    before = state(model)

    report = diagnose(model, x)
    trained = diagnose(model, x, training=True)
    inferred = diagnose(model, x, training=False)

    wide = x.astype("float64")
    variance, squares = wide.var(axis=0), np.mean(wide**2, axis=0)
    # The variance of a batch, maybe as the mean of the squares less the square of the
    # mean, each off by as many roundings as there are samples and a few more; epsilon
    # adds to it, and its root has half of both.
    off = ((len(x) + 4) * ROUNDING * 3 * squares + 1e-6) / variance / 2
    # Subtracting, dividing, the root and shifting round the output, which is smaller.
    off = off.max() + 8 * ROUNDING * np.sqrt(np.max(squares / variance))
    assert report["norm"].signal.stddev == pytest.approx(1.0, rel=off)
    assert report["drop"].signal.zeros == 0.0
    assert 0.2 < trained["drop"].signal.zeros < 0.8
    # By the variance 1 that nothing has moved yet, and epsilon: each of the values,
    # which lie around 5, is rounded at most 8 times.
    expected = wide.std() / math.sqrt(1.0 + 1e-6)
    off = 8 * ROUNDING * np.sqrt(np.mean(wide**2))
    found = inferred["norm"].signal.stddev
    assert found == pytest.approx(expected, rel=0, abs=off)
    assert_same_state(before, state(model))


def test_half_precision_is_counted_in_single():
    model = keras.Sequential(
        [keras.Input((16,)), keras.layers.Dense(8, dtype="mixed_bfloat16", name="half")]
    )
    set_kernels(model, lambda shape: 0.25)

    x = normal((64, 16))
    report = diagnose(model, x)

    outputs = as_float64(model(keras.ops.convert_to_tensor(x)))
    # In single precision each of the sums of 512 numbers rounds by 2**-24.
    expected = pytest.approx(outputs.std(), rel=outputs.size * 2.0**-24)
    assert report["half"].signal.stddev == expected
