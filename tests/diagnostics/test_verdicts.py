"""The words: each kind of trouble is found where it is, and nowhere else."""

import math
import re

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.diagnostics import diagnose, verdicts, weights
from keras_inits.diagnostics.labels import number
from tests.diagnostics.networks import (
    linear_tolerance,
    normal,
    plain,
    set_kernels,
)
from tests.support import GRADIENTS, SIGMAS, as_numpy, needs_gradients

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
    report = diagnosed(network("tanh", 0.015), gradients=False)

    # 0.15 a layer: below the least signal from the fifth on.
    start = math.ceil(math.log(verdicts.LEAST_SIGNAL) / math.log(0.15)) - 1
    assert problems(report, "vanishing") == [i >= start for i in range(6)] + [False]
    last = report[5].signal.batch_stddev
    factor = (last / report[start - 1].signal.batch_stddev) ** (1 / (6 - start))
    code = "keras_inits.initialize(model, keras_inits.recipes.by_activation())"
    assert report.verdict == (
        f"vanishing from layer {start} (l{start}) on: stddev falls by a factor of "
        f"{factor:.2g} a layer, to {number(last)}; tanh wants GlorotUniform(), of "
        f"stddev 0.1, the weights at l{start} have 0.015"
    )
    assert (report.healthy, report.advice) == (False, code)
    # Of a linear network, at both ends of its layers; tanh takes at most the square of
    # a layer's stddev of it.
    tolerance = linear_tolerance(6, WIDTH, 64) + linear_tolerance(start, WIDTH, 64)
    tolerance = tolerance / (6 - start) + 0.15 ** (2 * start + 2)
    assert factor == pytest.approx(0.15, rel=tolerance)
    small = report[5].signal.batch_stddev
    assert report[5].verdict == f"vanishing, stddev {number(small)}"


def test_large_weights_make_the_signal_explode():
    report = diagnosed(network("relu", 0.7), gradients=False)

    # 5 a layer, of which ReLU leaves 0.58.
    assert (
        "exploding from layer 3 (l3) on: stddev grows by a factor of" in report.verdict
    )
    assert (
        "; relu wants HeNormal(), of stddev 0.14, the weights at l3 have 0.7"
    ) in report.verdict


def test_the_band_follows_the_data():
    low, high = verdicts.LEAST_SIGNAL, verdicts.MOST_SIGNAL
    assert verdicts.band(1.0) == (low, high)
    assert verdicts.band(0.2) == (low, high)
    assert verdicts.band(50.0) == (low, 50.0 * high)
    assert verdicts.band(None) == (low, high)


def test_large_weights_saturate_tanh():
    report = diagnosed(network("tanh", 1.0), gradients=False)

    assert problems(report, "saturated") == [True] * 6 + [False]
    assert report.healthy  # five such layers learn digits to 0.8 in 300 steps
    assert report.verdict == (
        "healthy, but most values are on a flat part of the activation in 6 hidden "
        "layers, first in layer 0 (l0)"
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
        "healthy, but more than half of the units are dead in 1 hidden layer, first in "
        "layer 1 (l1)"
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
    model.layers[1].kernel.assign(normal((WIDTH, WIDTH), 1e-4, seed=8))
    model.layers[1].bias.assign(normal((WIDTH,), 0.5, seed=9))

    report = diagnosed(model, gradients=False)

    assert report[1].problems == ["input-independent"]
    assert report[1].verdict == "the output hardly depends on the input"
    share = report[1].signal.batch_stddev / report[1].signal.stddev
    assert report.verdict == (
        "what depends on the input vanishes from layer 1 (l1) on: "
        f"{share:.1g} of the signal at its end; tanh wants GlorotUniform(), of stddev "
        "0.1, the weights at l1 have 0.0001"
    )


@needs_gradients
def test_a_gradient_that_vanishes_is_named():
    # Every value of the third layer lies beyond an end of hard_tanh, where it is flat.
    model = network("hard_tanh", 0.1)
    model.layers[2].kernel.assign(normal((WIDTH, WIDTH), 1e6, seed=8))

    report = diagnosed(model)

    assert problems(report, "gradient vanishes") == [True, True] + [False] * 5
    assert (
        "the gradient vanishes on its way back, from layer 1 (l1) to the input: it is 0"
    ) in report.verdict


@needs_gradients
def test_a_gradient_that_explodes_is_named():
    # tanh forgets how large its input was, but a small change of it doubles a layer.
    report = diagnosed(network("tanh", 1.0, depth=12))

    assert "gradient explodes" in report[0].problems
    assert "the gradient explodes on its way back" in report.verdict
    assert not any(problems(report, "exploding"))


@needs_gradients
def test_a_cut_gradient_is_named():
    model = network("tanh", 0.1)
    head = model.layers[-1]
    head.kernel.assign(np.zeros(tuple(head.kernel.shape), "float32"))
    head.trainable = False

    report = diagnosed(model)

    assert problems(report, "no gradient") == [True] * 6 + [False]
    assert report.verdict == "no gradient reaches the hidden layers"


@needs_gradients
@pytest.mark.parametrize("index", [2, 6])
def test_a_kernel_of_zeros_that_gets_a_gradient_is_no_fault(index):
    model = network("tanh", 0.1)
    kernel = model.layers[index].kernel
    kernel.assign(np.zeros(tuple(kernel.shape), "float32"))

    assert diagnosed(model).healthy


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
    set_kernels(model, lambda shape: 0.001)

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
    layer = keras.layers.Dense(300, kernel_initializer=initializer)
    layer.build((None, 200))
    stddev = float(np.std(as_numpy(layer.kernel)))

    assert weights.drawn_by(layer, layer.kernel, stddev) == text


def test_an_initializer_that_did_not_draw_the_weights_is_not_told():
    layer = keras.layers.LSTM(40)
    layer.build((None, 5, 40))
    stddevs = [float(np.std(as_numpy(kernel))) for kernel in layer.weights[:2]]

    texts = [
        weights.drawn_by(layer.cell, kernel, stddev)
        for kernel, stddev in zip(layer.weights[:2], stddevs, strict=True)
    ]
    assert texts == ["GlorotUniform()", "Orthogonal(gain=1.0)"]
    wrong = 1.1 * stddevs[0]  # of 6400 entries, whose stddev is known to 5 in 100
    assert weights.drawn_by(layer.cell, layer.weights[0], wrong) is None


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (None, "have 0.1, that of the layer's GlorotUniform()"),
        (keras_inits.RandomNormal(0.0, 0.01), "have 0.01"),
        ("zeros", "are zeros"),
        (keras_inits.Orthogonal(0.5), "are orthogonal, of 0.05"),
    ],
)
def test_the_verdict_says_what_the_weights_are(start, text):
    layers = [keras.layers.Dense(WIDTH, "relu", name=f"l{i}") for i in range(30)]
    model = keras.Sequential([keras.Input((WIDTH,)), *layers, keras.layers.Dense(3)])
    keras.utils.set_random_seed(0)
    keras_inits.initialize(model, {"*kernel": start or "glorot_uniform"}, seed=0)

    report = diagnosed(model, gradients=False)

    found = re.sub(r"0\.00?[89]\d*|0\.010\d*", "0.01", report.verdict)
    assert re.search(rf"the weights at l\d+ {re.escape(text)}$", found), found


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
    assert report["own"].kernels[0].wanted is None
    assert report["linear"].kernels[0].wanted == "GlorotUniform()"


def test_a_model_of_one_layer_has_a_verdict():
    report = diagnose(plain(None, depth=1), normal((8, 16)))

    assert report.verdict.startswith("healthy")


@pytest.mark.parametrize(
    "norm", [keras.layers.BatchNormalization, keras.layers.LayerNormalization]
)
@pytest.mark.parametrize("factor", [0.1, 1.0, 2.6, 30.0])
def test_kernels_whose_size_a_normalization_hides_are_remarked(norm, factor):
    inputs = x = keras.Input((16,))
    for place in range(3):
        x = keras.layers.ReLU()(norm()(keras.layers.Dense(32, name=f"d{place}")(x)))
    model = keras.Model(inputs, keras.layers.Dense(3, name="head")(x))
    drawn = normal((32, 32), math.sqrt(2.0 / 32.0))
    model.get_layer("d1").kernel.assign(factor * drawn)
    # Nothing hides the size of this one, and nothing judges it.
    model.get_layer("head").kernel.assign(30.0 * normal((32, 3)))
    report = diagnose(model, normal((64, 16)))

    assert report.healthy
    if factor < 5.0:
        assert report.verdict == "healthy: the signal keeps its size through the layers"
    else:
        ratio = factor * np.std(normal((32, 32)))
        assert report.verdict == (
            f"healthy, but the kernel of 1 layer is up to {ratio:.2g} times as large "
            "as the activation wants, first in layer 3 (d1): the normalization after "
            "it hides this, but each step changes it by that much less"
        )
