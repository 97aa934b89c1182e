"""Models and batches that are out of the ordinary, and read as they are."""

import contextlib
import math

import keras
import numpy as np
import pytest

from keras_inits.diagnostics import diagnose, lsuv
from tests.diagnostics.networks import normal, plain, set_kernels, state
from tests.support import (
    EPSILON,
    GRADIENTS,
    IGNORE_KERAS_ARRAYS,
    as_float64,
    needs_gradients,
    raises_exactly,
)

layers = keras.layers
SAMPLES = 24
X = normal((SAMPLES, 16))


@contextlib.contextmanager
def policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def diagnosed(model, x, outputs=4):
    targets = (normal((SAMPLES, outputs), seed=4), "mse") if GRADIENTS else ()
    return diagnose(model, x, *targets)


def test_an_empty_tensor_between_layers_is_passed_over():
    inputs = keras.Input((16,))
    empty = layers.Dropout(0.5, name="empty")(layers.Dense(8)(inputs)[:, :0])
    both = layers.Concatenate()([layers.Dense(8)(inputs), empty])
    model = keras.Model(inputs, layers.Dense(4)(both))

    report = diagnosed(model, X)

    assert report.healthy
    assert "empty" not in [layer.name for layer in report.layers]


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_an_input_with_an_empty_axis_is_taken(dtype):
    inputs = keras.Input((16,)), keras.Input((0,), dtype=dtype)
    empty = layers.Rescaling(1.0)(inputs[1])
    both = layers.Concatenate()([layers.Dense(8, name="first")(inputs[0]), empty])
    model = keras.Model(inputs, layers.Dense(4)(both))
    x = [X, np.zeros((SAMPLES, 0), dtype)]

    report = diagnosed(model, x)

    assert report.healthy
    assert report.input_stddev == pytest.approx(
        X.std(dtype="float64"), rel=X.size * EPSILON["float64"]
    )
    assert lsuv(model, x, seed=0).converged


def test_a_batch_without_samples_is_refused():
    with raises_exactly(
        "diagnose: Argument `x` must hold at least one sample, got an array of shape "
        "(0, 16)."
    ):
        diagnose(plain("relu"), X[:0])


class Weightless(layers.Layer):
    """A layer without weights that says how it is built."""

    def build(self, input_shape):
        self.factor = 2.0

    def call(self, inputs):
        return self.factor * inputs


class Group(layers.Layer):
    """A layer that does not say how it is built, and has one without weights."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


class Late(keras.Model):
    """Its second layer is built when it is called, and not before."""

    def __init__(self, late):
        super().__init__()
        self.first = layers.Dense(8)
        self.late = late
        self.last = layers.Dense(4)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.last.build((None, 8))

    def call(self, inputs):
        return self.last(self.late(self.first(inputs)))


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("make", [Weightless, layers.ReLU])
def test_a_layer_without_weights_need_not_be_built(make, group):
    late = Group(make()) if group else make()
    model = Late(late)
    model.build((None, 16))
    built = late.built

    report = diagnosed(model, X)

    assert late.name in [layer.name.split("/")[0] for layer in report.layers]
    assert late.built == built


class Dense(layers.Layer):
    """A layer that builds another one."""

    def build(self, input_shape):
        self.inner = layers.Dense(8)
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)


@pytest.mark.parametrize("make", [Dense, lambda: layers.Dense(8), layers.PReLU])
def test_a_layer_with_weights_has_to_be_built(make):
    late = make()
    model = Late(late)
    model.build((None, 16))

    with raises_exactly(
        f"diagnose: Argument `model` must be built, got {model.name!r}, in which these "
        f"layers have no weights yet: {late.name!r}. Call it, or each of these, on a "
        "batch of data or call its `build` with the input's shape."
    ):
        diagnose(model, X)
    assert not late.built


def test_a_leaky_relu_is_no_relu():
    model = keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(8, bias_initializer=keras.initializers.Constant(-100.0)),
            layers.ReLU(negative_slope=0.25),
            layers.Dense(4),
        ]
    )

    report = diagnosed(model, X)

    assert report[1].activation == "leaky_relu"
    assert report[1].signal.saturated is None  # no part of it is flat
    assert report[1].problems == []
    variance = 2.0 / (1.0 + 0.25**2) / 16
    assert report[0].kernels[0].wanted_stddev == pytest.approx(
        variance**0.5, rel=4 * EPSILON["float64"]
    )


def two_outputs(names=("b", "a")):
    """Two outputs in another order than that of their names."""
    inputs = keras.Input((16,))
    outputs = [layers.Dense(4, name=name)(inputs) for name in names]
    return keras.Model(inputs, outputs)


@needs_gradients
@pytest.mark.parametrize("targets", [list, dict])
@pytest.mark.parametrize(
    ("losses", "weights"),
    [
        (["mse", "mae"], [0.25, 4.0]),
        (["mse", "mae"], (0.25, 4.0)),
        ({"a": "mae", "b": "mse"}, {"a": 4.0, "b": 0.25}),
        ({"a": "mae", "b": "mse"}, [0.25, 4.0]),
        ([lambda y, p: keras.ops.mean((y - p) ** 2, axis=-1), "mae"], [0.25, 4.0]),
        ([None, "mae"], None),
    ],
)
def test_losses_are_weighed_as_the_model_was_compiled(losses, weights, targets):
    model = two_outputs()
    model.compile("sgd", loss=losses, loss_weights=weights)
    y = [normal((SAMPLES, 4), seed=5), normal((SAMPLES, 4), seed=6)]
    y = dict(zip("ba", y, strict=True)) if targets is dict else y

    report = diagnose(model, X, y)

    compiled = model.evaluate(X, y, batch_size=SAMPLES, verbose=0, return_dict=True)
    # Sums of 96 positive terms in float32, in any order, times weights up to 4; each
    # of them of 16 products and a few operations more.
    rounding = (96 + 2 * 16 + 8) * EPSILON["float32"]
    assert report.loss == pytest.approx(float(compiled["loss"]), rel=rounding)


@needs_gradients
def test_losses_that_are_given_have_no_weights_of_compile():
    model = two_outputs()
    y = [normal((SAMPLES, 4), seed=5), normal((SAMPLES, 4), seed=6)]
    before = diagnose(model, X, y, ["mse", "mae"]).loss

    model.compile("sgd", loss=["mse", "mse"], loss_weights=[9.0, 9.0])

    assert diagnose(model, X, y, ["mse", "mae"]).loss == before


POLICIES = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)
@pytest.mark.parametrize("name", POLICIES)
def test_numbers_in_mixed_precision_are_those_in_float32(name):
    reports = []
    for chosen in ("float32", name):
        with policy(chosen):
            model = plain("tanh", depth=4, outputs=4)
        set_kernels(model, lambda shape: shape[0] ** -0.5)
        reports.append(diagnosed(model, X))
    wide, mixed = reports

    assert mixed.healthy
    assert mixed.verdict == wide.verdict
    # Each layer rounds its kernel, inputs, sums and activation. As if all roundings of
    # all layers, forward and backward, went the same way:
    rounding = 4 * 2 * len(wide.layers) * EPSILON[POLICIES[name]] / 2.0
    for one, other in zip(wide.layers, mixed.layers, strict=True):
        assert other.signal.not_finite == 0
        assert other.signal.stddev == pytest.approx(one.signal.stddev, rel=rounding)
        if GRADIENTS:
            assert other.gradient_stddev == pytest.approx(
                one.gradient_stddev, rel=rounding
            )
            assert other.kernels[0].gradient_stddev == pytest.approx(
                one.kernels[0].gradient_stddev, rel=rounding
            )


def half(stddev, factor):
    """Layers in float16 and a head in float32, and the gradients' size by its own."""
    with policy("mixed_float16"):
        model = plain("tanh", depth=3)
    model.add(layers.Dense(4, name="head", dtype="float32"))
    set_kernels(model, lambda shape: shape[0] ** -0.5)
    head = model.get_layer("head").kernel
    head.assign(normal(tuple(head.shape), stddev))

    def loss(y, outputs):
        return factor * keras.ops.mean(y * outputs, axis=-1)

    return diagnose(model, X, normal((SAMPLES, 4), seed=4), loss)


@needs_gradients
@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)
@pytest.mark.parametrize("factor", [1.0, 4096.0])
def test_gradients_in_float16_do_not_become_zero(factor):
    # Unscaled, they are below 2**-24, the smallest number there is.
    report = half(1e-6, factor)

    assert report.healthy, report.verdict
    (head,) = report["head"].kernels
    usual = half(1.0, 1.0)
    scale = factor * head.stddev / usual["head"].kernels[0].stddev
    for name in ("l0", "l1", "l2"):
        expected = scale * usual[name].gradient_stddev
        # As if all roundings of all layers went the same way, each by half of the last
        # bit or of the smallest number, of a gradient that was scaled by 2**7 or more.
        smallest = 2.0**-25 / (2.0**7 * expected)
        rounding = 2 * 4 * 2 * 4 * (EPSILON["float16"] / 2.0 + smallest)
        assert report[name].gradient_stddev == pytest.approx(expected, rel=rounding)


@needs_gradients
@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)
def test_gradients_in_float16_that_overflow_are_scaled_by_less():
    report = half(1.0, 65536.0)

    assert report.healthy, report.verdict
    usual = half(1.0, 1.0)
    for name in ("l0", "l1", "l2"):
        ratio = report[name].gradient_stddev / usual[name].gradient_stddev
        rounding = 2 * 4 * 2 * 4 * EPSILON["float16"] / 2.0
        assert ratio == pytest.approx(65536.0, rel=rounding)
    assert report.loss == pytest.approx(65536.0 * usual.loss, rel=EPSILON["float32"])


@needs_gradients
@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)
def test_a_loss_in_float16_is_not_scaled_out_of_range():
    with policy("mixed_float16"):
        model = plain("tanh", depth=2, outputs=4)
    targets = np.full((SAMPLES, 4), 20.0, "float32")

    report = diagnose(model, X, targets, "mse")

    assert 100.0 < report.loss < 1000.0


class Root(layers.Layer):
    """The identity, whose gradient is not a number."""

    def call(self, inputs):
        return inputs + keras.ops.sqrt(keras.ops.abs(0.0 * inputs))


@needs_gradients
def test_a_gradient_that_is_not_a_number_is_named():
    model = keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(8, name="l0"),
            layers.Dense(8, name="l1"),
            Root(name="root"),
            layers.Dense(4, name="head"),
        ]
    )
    before = state(model)

    report = diagnosed(model, X)

    assert not report.healthy
    assert report.verdict.startswith(
        "the gradient is no longer finite from layer 1 (l1) back"
    )
    assert [layer.problems for layer in report.layers] == [
        *[["gradient not finite"]] * 2,
        *[[]] * 2,
    ]
    assert report["l0"].verdict == "the gradient is not finite"
    assert math.isnan(report["l0"].gradient_stddev)
    assert math.isnan(report["l0"].kernels[0].gradient_stddev)
    assert report.to_dict()["layers"][0]["gradient_stddev"] is None
    for name, values in state(model).items():
        np.testing.assert_array_equal(values, before[name])


@needs_gradients
def test_a_gradient_that_is_not_a_number_in_a_single_place_is_named():
    class Some(layers.Layer):
        def call(self, inputs):
            first = inputs[:, :1]
            root = keras.ops.sqrt(keras.ops.abs(0.0 * first))
            return keras.ops.concatenate([first + root, inputs[:, 1:]], axis=-1)

    model = keras.Sequential([keras.Input((16,)), layers.Dense(8), Some()])
    model.add(layers.Dense(4))

    report = diagnosed(model, X)

    assert report[0].problems == ["gradient not finite"]
    assert np.isfinite(as_float64(model.layers[0].kernel)).all()
