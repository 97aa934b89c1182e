"""The numbers of a network, against closed forms, NumPy and torch's hooks."""

import math

import keras
import numpy as np
import pytest

from keras_inits import _backend
from keras_inits.diagnostics import diagnose, statistics
from tests.diagnostics.networks import (
    linear_tolerance,
    normal,
    plain,
    product,
    root_mean_square,
    set_kernels,
)
from tests.support import ELEMENTARY, ROUNDING, SIGMAS, needs_gradients

WIDTH, BATCH, DEPTH = 128, 256, 3


def linear_network(gain):
    model = plain(None, width=WIDTH, inputs=WIDTH, depth=DEPTH)
    return set_kernels(model, lambda shape: gain / math.sqrt(shape[0]))


def product_sum(targets, outputs):
    """A loss whose gradient with respect to the outputs is the targets."""
    return keras.ops.sum(targets * outputs)


@pytest.mark.parametrize("gain", [0.6, 1.0, 1.7])
def test_a_linear_network_multiplies_the_standard_deviation_by_its_gain(gain):
    report = diagnose(linear_network(gain), normal((BATCH, WIDTH)))

    for depth, layer in enumerate(report.layers, start=1):
        expected = gain**depth
        assert layer.signal.stddev == pytest.approx(
            expected, rel=linear_tolerance(depth, WIDTH, BATCH)
        )


@needs_gradients
@pytest.mark.parametrize("gain", [0.6, 1.0, 1.7])
def test_a_linear_network_multiplies_the_gradient_by_its_gain(gain):
    model, targets = linear_network(gain), normal((BATCH, WIDTH), seed=9)

    report = diagnose(model, normal((BATCH, WIDTH)), targets, product_sum)

    assert report[DEPTH - 1].gradient_stddev == pytest.approx(
        targets.std(dtype="float64"), rel=2 * targets.size * 2.0**-53
    )
    for above in range(1, DEPTH):
        layer = report[DEPTH - 1 - above]
        assert layer.gradient_stddev == pytest.approx(
            gain**above, rel=linear_tolerance(above, WIDTH, BATCH)
        )


def test_he_holds_the_power_of_a_relu_network():
    width = 1024
    model = plain("relu", width=width, inputs=width, depth=2)
    set_kernels(model, lambda shape: math.sqrt(2.0 / shape[0]))

    report = diagnose(model, normal((64, width)))

    # Unit pre-activations N(0, 2): the mean square after ReLU is 1, the mean
    # 1 / sqrt(pi), half of the values are 0. A unit's square has relative variance
    # 3 / (1/4) / 2 - 1 = 5; all samples may move together.
    for depth, layer in enumerate(report.layers, start=1):
        tolerance = SIGMAS * math.sqrt(5.0 * depth / width)
        power = layer.signal.mean**2 + layer.signal.stddev**2
        assert power == pytest.approx(1.0, rel=tolerance)
        assert layer.signal.mean == pytest.approx(1 / math.sqrt(math.pi), rel=tolerance)
        half = SIGMAS * math.sqrt(0.25 * depth / width)
        assert layer.signal.zeros == pytest.approx(0.5, abs=half)
        assert layer.signal.saturated == layer.signal.zeros


def close(expected, errors):
    """Equal but for what errors of an array can do to a moment of it.

    And for the sum of that many numbers in double precision, in any order.
    """
    tolerance = SIGMAS * root_mean_square(errors)
    tolerance += errors.size * 2.0**-53 * abs(expected)
    return pytest.approx(expected, rel=0, abs=tolerance)


@needs_gradients
def test_every_number_is_numpys_own():
    model = set_kernels(plain("tanh", outputs=4), lambda shape: 0.3)
    x, targets = normal((24, 16)), normal((24, 4), seed=5)

    report = diagnose(model, x, targets, product_sum, learning_rate=0.1)

    kernels = [np.float64(_backend.to_numpy(layer.kernel)) for layer in model.layers]
    outputs, errors = [np.float64(x)], [np.zeros(x.shape)]
    for place, kernel in enumerate(kernels):
        output, error = product(outputs[-1], errors[-1], kernel)
        if place < 3:  # the slope of tanh is at most 1
            output, error = np.tanh(output), np.sqrt(error**2 + ELEMENTARY**2)
        outputs.append(output)
        errors.append(error)
    gradient, off = np.float64(targets), np.zeros(targets.shape)
    for place in reversed(range(4)):
        layer, kernel = report[place], kernels[place]
        output, error = outputs[place + 1], errors[place + 1]
        assert layer.signal.mean == close(output.mean(), error)
        assert layer.signal.stddev == close(output.std(), error)
        assert layer.gradient_stddev == close(gradient.std(), off)
        if place < 3:
            slope = 1 - output**2  # and its error, and two roundings of the product
            off = np.sqrt(
                (off * slope) ** 2
                + (2 * gradient * output * error) ** 2
                + 3 * (ROUNDING * gradient) ** 2
            )
            gradient = gradient * slope
        of_kernel, kernel_off = product(outputs[place].T, errors[place].T, gradient)
        kernel_off = np.sqrt(kernel_off**2 + outputs[place].T ** 2 @ off**2)
        found = layer.kernels[0]
        assert found.stddev == statistics.finite_moments(kernel)[1]
        assert found.gradient_stddev == close(of_kernel.std(), kernel_off)
        assert found.update_ratio == 0.1 * found.gradient_stddev / found.stddev
        gradient, off = product(gradient, off, kernel.T)
    terms = targets * outputs[-1]
    loss_off = np.sum((targets * errors[-1]) ** 2)
    loss_off += terms.size * (ROUNDING * np.abs(terms).sum()) ** 2
    tolerance = SIGMAS * math.sqrt(loss_off)
    assert report.loss == pytest.approx(terms.sum(), rel=0, abs=tolerance)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="compares with torch")
def test_numbers_are_those_of_torchs_hooks():
    model = set_kernels(plain("relu", outputs=4), lambda shape: 0.3)
    x, y = normal((24, 16)), np.arange(24) % 4
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    report = diagnose(model, x, y, loss)

    outputs = {}

    def keep(name):
        def hook(module, inputs, output):
            output.retain_grad()
            outputs[name] = output

        return hook

    handles = [layer.register_forward_hook(keep(layer.name)) for layer in model.layers]
    loss(keras.ops.convert_to_tensor(y), model(x)).backward()
    for handle in handles:
        handle.remove()

    for layer in report.layers:
        output = outputs[layer.name]
        weight = model.get_layer(layer.name).kernel.value
        # The same tensors, in double precision: sums of that many numbers.
        for found, tensor in (
            (layer.signal.stddev, output),
            (layer.gradient_stddev, output.grad),
            (layer.kernels[0].gradient_stddev, weight.grad),
        ):
            expected = tensor.double().std(correction=0).item()
            rounding = 2 * tensor.numel() * 2.0**-53
            assert found == pytest.approx(expected, rel=rounding, abs=0)


@needs_gradients
def test_the_loss_and_the_rate_of_a_compiled_model_are_taken():
    model = plain("relu", outputs=4)
    model.compile(keras.optimizers.SGD(0.25), "mse")
    x, y = normal((24, 16)), normal((24, 4), seed=2)

    report = diagnose(model, x, y)

    given = diagnose(model, x, y, "mean_squared_error", learning_rate=0.25)
    assert report.learning_rate == 0.25
    assert report.to_dict() == given.to_dict()


def loss_tolerance(terms, slopes, errors):
    """How far apart two means of float32 losses may be that are added in any order.

    Args:
        terms: The losses in double precision.
        slopes: Their derivatives by the model's outputs.
        errors: Standard deviations of the outputs' errors.
    """
    of_outputs = SIGMAS * root_mean_square(slopes * errors) / math.sqrt(terms.size)
    # Each term is rounded a few times, and so is each partial sum.
    of_sums = (terms.size + 8) * ROUNDING * np.mean(np.abs(terms))
    return float(2 * (of_outputs + of_sums))


def linear(x, layer):
    """The outputs of a layer in double precision, and their errors in float32."""
    kernel = _backend.to_numpy(layer.kernel).astype("float64")
    return product(x.astype("float64"), np.zeros(x.shape), kernel)


@needs_gradients
def test_the_loss_is_that_of_keras():
    model = plain("relu", outputs=4)
    model.compile(loss=keras.losses.MeanSquaredError())
    x, y = normal((24, 16)), normal((24, 4), seed=2)

    report = diagnose(model, x, y)

    outputs, errors = x.astype("float64"), np.zeros(x.shape)
    for place, layer in enumerate(model.layers):
        kernel = _backend.to_numpy(layer.kernel).astype("float64")
        outputs, errors = product(outputs, errors, kernel)
        if place < 3:  # the slope of relu is at most 1
            outputs = np.maximum(outputs, 0.0)
    difference = outputs - y
    tolerance = loss_tolerance(difference**2, 2 * difference, errors)
    assert report.loss == pytest.approx(np.mean(difference**2), rel=0, abs=tolerance)


def two_sided(x, layer, y, loss):
    """`loss_tolerance` of a linear layer's mean squared or absolute errors."""
    outputs, errors = linear(x, layer)
    difference = outputs - y
    if loss == "mae":
        return loss_tolerance(difference, 1.0, errors)
    return loss_tolerance(difference**2, 2 * difference, errors)


@needs_gradients
def test_several_outputs_add_up_their_losses():
    inputs = keras.Input((16,))
    one = keras.layers.Dense(4, name="one")(inputs)
    two = keras.layers.Dense(4, name="two")(inputs)
    model = keras.Model(inputs, {"one": one, "two": two})
    x, ys = normal((24, 16)), {"one": normal((24, 4)), "two": normal((24, 4))}

    both = diagnose(model, x, ys, {"two": "mae", "one": "mse"})

    alone = diagnose(keras.Model(inputs, one), x, ys["one"], "mse").loss
    alone += diagnose(keras.Model(inputs, two), x, ys["two"], "mae").loss
    tolerance = sum(
        two_sided(x, model.get_layer(name), ys[name], loss)
        for name, loss in (("one", "mse"), ("two", "mae"))
    )
    assert both.loss == pytest.approx(alone, rel=0, abs=tolerance)


@needs_gradients
def test_outputs_of_a_list_are_paired_with_targets_and_losses_by_name():
    inputs = keras.Input((16,))
    outputs = [keras.layers.Dense(1, name=name)(inputs) for name in ("b", "a")]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"a": "mse", "b": "mae"})
    x, ys = normal((24, 16)), {"a": normal((24, 1)) + 10.0, "b": normal((24, 1))}

    expected = model.evaluate(x, ys, batch_size=24, verbose=0, return_dict=True)["loss"]

    tolerance = sum(
        two_sided(x, model.get_layer(name), ys[name], loss)
        for name, loss in (("a", "mse"), ("b", "mae"))
    )
    same = pytest.approx(float(expected), rel=0, abs=tolerance)
    assert diagnose(model, x, ys).loss == same
    assert diagnose(model, x, [ys["b"], ys["a"]]).loss == same


# Of a target y, 0 or 1, and a share p: the loss and its derivative by p.
LOSSES = {
    "binary_crossentropy": (
        lambda y, p: -y * np.log(p) - (1 - y) * np.log(1 - p),
        lambda y, p: (p - y) / (p * (1 - p)),
    ),
    "hinge": (
        lambda y, p: np.maximum(0, 1 - (2 * y - 1) * p),
        lambda y, p: np.ones_like(p),
    ),
    "squared_hinge": (
        lambda y, p: np.maximum(0, 1 - (2 * y - 1) * p) ** 2,
        lambda y, p: 2 * (1 - (2 * y - 1) * p),
    ),
    "poisson": (lambda y, p: p - y * np.log(p), lambda y, p: 1 - y / p),
    "mse": (lambda y, p: (p - y) ** 2, lambda y, p: 2 * (p - y)),
}


@needs_gradients
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_of_single_outputs_is_the_compiled_one(loss):
    layer = keras.layers.Dense(1, "sigmoid")
    model = keras.Sequential([keras.Input((16,)), layer])
    model.compile("sgd", loss)
    x, y = normal((64, 16)), (normal((64,)) > 0).astype("float32")

    expected = float(model.evaluate(x, y, batch_size=64, verbose=0))

    z, errors = linear(x, layer)
    p = 1.0 / (1.0 + np.exp(-z))
    function, slope = LOSSES[loss]
    # The sigmoid and the loss's logarithm are a library's own.
    errors = np.sqrt((p * (1 - p) * errors) ** 2 + ELEMENTARY**2)
    target = y[:, np.newaxis]
    tolerance = loss_tolerance(function(target, p), slope(target, p), errors)
    # Keras adds 1e-7 to a number whose logarithm it takes.
    by_hand = pytest.approx(
        np.mean(function(target, p)), abs=tolerance + 1e-7 / p.min()
    )
    assert expected == by_hand
    assert diagnose(model, x, y).loss == pytest.approx(expected, rel=0, abs=tolerance)


def test_without_targets_there_are_no_gradients():
    report = diagnose(plain("relu"), normal((8, 16)))

    assert (report.loss, report.learning_rate) == (None, None)
    assert [layer.gradient_stddev for layer in report.layers] == [None] * 3
    assert report[0].kernels[0].gradient_stddev is None
