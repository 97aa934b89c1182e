"""The words: each kind of trouble is found where it is, and nowhere else."""

import math

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.diagnostics import diagnose, verdicts
from tests.diagnostics.networks import (
    linear_tolerance,
    normal,
    plain,
    set_kernels,
)
from tests.support import GRADIENTS, SIGMAS, needs_gradients

WIDTH = 100


def network(activation, stddev, *, depth=6, kernel="glorot_uniform"):
    model = keras.Sequential(
        [keras.Input((WIDTH,))]
        + [
            keras.layers.Dense(
                WIDTH, activation=activation, kernel_initializer=kernel, name=f"l{i}"
            )
            for i in range(depth)
        ]
        + [keras.layers.Dense(3, name="head")]
    )
    return set_kernels(model, lambda shape: stddev)


def diagnosed(model, gradients=True):
    x = normal((64, WIDTH))
    if not gradients or not GRADIENTS:
        return diagnose(model, x)
    return diagnose(model, x, normal((64, 3), seed=4), "mse")


def problems(report, name):
    return [name in layer.problems for layer in report.layers]


@pytest.mark.parametrize(
    ("activation", "variance"), [("tanh", 1.0), ("relu", 2.0), ("selu", 1.0)]
)
def test_a_network_scaled_as_its_activation_wants_is_healthy(activation, variance):
    report = diagnosed(network(activation, math.sqrt(variance / WIDTH)))

    text = "healthy: signal and gradient keep their size through the layers"
    if report.loss is None:
        text = "healthy: the signal keeps its size through the layers"
    assert report.verdict == text
    assert {layer.verdict for layer in report.layers} == {"ok"}


def test_small_weights_make_the_signal_vanish():
    kernel = keras_inits.RandomNormal(stddev=0.04)
    report = diagnosed(network("tanh", 0.04, kernel=kernel), gradients=False)

    # 0.4 a layer: below a tenth of the data's standard deviation, 1, from the third on.
    start = math.ceil(math.log(0.1) / math.log(0.4)) - 1
    assert problems(report, "vanishing") == [i >= start for i in range(6)] + [False]
    last = report[5].signal.stddev
    factor = (last / report[start - 1].signal.stddev) ** (1 / (6 - start))
    assert report.verdict == (
        f"vanishing from layer {start} (l{start}) on: stddev falls by a factor of "
        f"{factor:.2g} a layer, to {last:.2g}; tanh wants GlorotUniform(), of "
        f"stddev 0.1, the weights at l{start} have 0.04"
    )
    # Of a linear network, at both ends of its layers; tanh takes at most the square of
    # a layer's stddev of it.
    tolerance = linear_tolerance(6, WIDTH, 64) + linear_tolerance(start, WIDTH, 64)
    tolerance = tolerance / (6 - start) + 0.4 ** (2 * start + 2)
    assert factor == pytest.approx(0.4, rel=tolerance)
    assert report[3].verdict == f"vanishing, stddev {report[3].signal.stddev:.2g}"


def test_large_weights_make_the_signal_explode():
    report = diagnosed(network("relu", 0.7), gradients=False)

    assert (
        "exploding from layer 1 (l1) on: stddev grows by a factor of" in report.verdict
    )
    assert report.verdict.endswith(
        "relu wants HeNormal(), of stddev 0.14, the weights at l1 have 0.7"
    )


def test_the_band_follows_the_data():
    assert verdicts.band(1.0) == (0.1, 10.0)
    assert verdicts.band(0.2) == (0.2 / 10.0, 10.0)
    assert verdicts.band(50.0) == (0.1, 500.0)
    assert verdicts.band(None) == (0.1, 10.0)


def test_large_weights_saturate_tanh():
    report = diagnosed(network("tanh", 1.0), gradients=False)

    assert problems(report, "saturated") == [True] * 6 + [False]
    assert report.verdict == (
        "most values are on a flat part of the activation in 6 hidden layers, first in "
        "layer 0 (l0); tanh wants GlorotUniform(), of stddev 0.1, the weights at l0 "
        "have 1"
    )


def test_half_of_the_relus_off_is_no_problem_but_nearly_all_is():
    model = network("relu", math.sqrt(2 / WIDTH))
    model.layers[2].bias.assign(np.full(WIDTH, -3.0, "float32"))

    report = diagnosed(model, gradients=False)

    assert problems(report, "saturated")[2]
    assert "of the values are off" in report[2].verdict
    assert not any(problems(report, "saturated")[:2])


def test_dead_units_are_named():
    model = network("relu", math.sqrt(2 / WIDTH))
    kernel = normal((WIDTH, WIDTH), math.sqrt(2 / WIDTH), seed=8)
    kernel[:, :70] = 0.0
    model.layers[1].kernel.assign(kernel)

    report = diagnosed(model, gradients=False)

    assert problems(report, "dead") == [i == 1 for i in range(7)]
    assert report[1].verdict == "70% of the units are dead"
    assert report.verdict == (
        "more than half of the units are dead in 1 hidden layer, first in layer 1 "
        "(l1); relu wants HeNormal(), of stddev 0.14, the weights at l1 have "
        "0.078"
    )


def test_units_that_are_alike_are_named():
    model = network("tanh", 0.1)
    model.layers[1].kernel.assign(
        np.repeat(normal((WIDTH, 1), 0.1, seed=8), WIDTH, axis=1)
    )

    report = diagnosed(model, gradients=False)

    assert report[1].problems == ["correlated"]
    assert report[1].verdict == "units are highly correlated, |r| = 1.00"
    assert "the units are highly correlated in" in report.verdict


def test_an_output_that_ignores_the_input_is_named():
    model = network("tanh", 0.1, depth=2)
    model.layers[1].kernel.assign(normal((WIDTH, WIDTH), 0.001, seed=8))
    model.layers[1].bias.assign(normal((WIDTH,), 0.5, seed=9))

    report = diagnosed(model, gradients=False)

    assert report[1].problems == ["input-independent"]
    assert report.verdict == (
        "the output hardly depends on the input in 1 hidden layer, first in layer 1 "
        "(l1); tanh wants GlorotUniform(), of stddev 0.1, the weights at l1 have "
        "0.001"
    )


@needs_gradients
def test_a_gradient_that_vanishes_is_named():
    # Xavier under sigmoid: the signal's size holds, the gradient falls by 1/4.
    report = diagnosed(network("sigmoid", 0.1))

    assert not any(problems(report, "vanishing"))
    lengths = [layer.gradient_stddev for layer in report.layers[:6]]
    lost = [length < lengths[-1] / verdicts.GRADIENT_LOSS for length in lengths]
    assert problems(report, "gradient vanishes") == [*lost, False]
    assert any(lost)
    factor = (lengths[0] / lengths[-1]) ** (1 / 5)
    start = lost.index(False) - 1
    assert (
        f"the gradient vanishes on its way back, from layer {start} (l{start}) to the "
        f"input: it falls by a factor of {factor:.2g} a layer, to {lengths[0]:.2g}"
    ) in report.verdict
    # The slope is at most 1/4, on average at least (1 - E z**2 / 4) / 4. The kernels
    # give z the variance E y**2 of the outputs before, at most 1/4 + 1/16.
    tolerance = linear_tolerance(5, WIDTH, 64) / 5
    assert (1 - 0.3125 / 4) / 4 * (1 - tolerance) < factor < (1 + tolerance) / 4


@needs_gradients
def test_a_gradient_that_explodes_is_named():
    # Each layer's gain is 5: 5**5 > 1000 over five layers.
    report = diagnosed(network(None, 0.5))

    assert any("gradient explodes" in layer.problems for layer in report.layers)
    assert "the gradient explodes on its way back" in report.verdict


@needs_gradients
def test_a_cut_gradient_is_named():
    model = network("tanh", 0.1)
    head = model.layers[-1].kernel
    head.assign(np.zeros(tuple(head.shape), "float32"))

    report = diagnosed(model)

    assert problems(report, "no gradient") == [True] * 6 + [False]
    assert report.verdict == "no gradient reaches the hidden layers"


def test_overflow_is_named_where_it_begins():
    model = network(None, 1e13, depth=4)

    with np.errstate(all="ignore"):  # the NumPy backend's own warnings
        report = diagnosed(model, gradients=False)

    assert report.verdict.startswith(
        "the signal is no longer finite from layer 2 (l2) on"
    )
    assert "values are not finite" in report[2].verdict


def test_no_scheme_is_advised_before_a_normalization():
    layers = keras.layers
    model = keras.Sequential([keras.Input((WIDTH,))])
    for i in range(3):
        model.add(layers.Dense(WIDTH, name=f"l{i}"))
        model.add(
            layers.BatchNormalization(gamma_initializer=keras.initializers.Constant(9))
        )
        model.add(layers.Activation("tanh", name=f"a{i}"))
    model.add(layers.Dense(3))
    set_kernels(model, lambda shape: 0.1)

    report = diagnosed(model, gradients=False)

    assert "saturated" in report["a0"].problems
    assert "wants" not in report.verdict


def test_the_activation_may_be_a_layer_of_its_own():
    model = keras.Sequential([keras.Input((WIDTH,))])
    for i in range(3):
        model.add(keras.layers.Dense(WIDTH, name=f"l{i}"))
        model.add(keras.layers.LeakyReLU(name=f"a{i}"))
    set_kernels(model, lambda shape: 0.002)

    report = diagnosed(model, gradients=False)

    assert [layer.name for layer in verdicts.hidden_path(report.layers)] == ["a0", "a1"]
    assert "leaky_relu wants VarianceScaling(scale=1.835), of stddev" in report.verdict


@pytest.mark.parametrize(
    ("initializer", "text"),
    [
        (keras.initializers.RandomNormal(stddev=0.01, seed=3), "RandomNormal(0.01)"),
        (keras_inits.RandomNormal(0.1, 0.2), "RandomNormal(mean=0.1, stddev=0.2)"),
        (keras.initializers.HeNormal(seed=3), "HeNormal()"),
        (keras_inits.Orthogonal(gain=2.0), "Orthogonal(gain=2.0)"),
        (
            keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform"),
            "VarianceScaling(scale=2.0, mode='fan_avg', distribution='uniform')",
        ),
    ],
)
def test_an_initializer_is_told_by_what_it_was_given(initializer, text):
    layer = keras.layers.Dense(3, kernel_initializer=initializer)

    assert verdicts.initializer_text(layer, "kernel") == text


# Keras' convolution on NumPy converts its kernel in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
def test_what_an_activation_wants_is_what_the_recipe_draws():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(8, 3, activation="relu", name="convolution"),
            layers.DepthwiseConv2D(3, activation="relu", name="depthwise"),
            layers.Conv2D(8, 3, activation="gelu", name="gelu"),
            layers.Flatten(),
            layers.Dense(4, activation="selu", name="selu"),
            layers.Dense(4, activation=lambda x: x + x, name="own"),
            layers.Dense(2, name="linear"),
        ]
    )
    drawn = keras_inits.initialize(model, keras_inits.recipes.by_activation(), seed=0)

    report = diagnose(model, normal((8, 8, 8, 3)))

    for name in ("convolution", "depthwise", "gelu", "selu"):
        (kernel,) = report[name].kernels
        row = drawn[f"{name}/{kernel.name}"]
        assert kernel.wanted == row.initializer
        # The standard error of n normal deviates' is stddev / sqrt(2 n); these are
        # truncated or uniform and vary less.
        error = SIGMAS / math.sqrt(2 * math.prod(kernel.shape))
        assert abs(row.stddev / kernel.wanted_stddev - 1) < error
    assert [report[name].kernels[0].wanted for name in ("own", "linear")] == [None] * 2


def test_a_model_of_one_layer_has_a_verdict():
    report = diagnose(plain(None, depth=1), normal((8, 16)))

    assert report.verdict.startswith("healthy")
