"""The same numbers of a network's signal on every backend that differentiates.

Exactly the same: all values here are small integers, or such over a power of two, which
float32 holds whatever the order and the instructions by which products are added. What
rounds is held to NumPy's own numbers on each backend, in `test_signal` and
`test_data_dependent`.
"""

import keras
import numpy as np
import pytest

from keras_inits import _backend
from keras_inits.diagnostics import data_scale, diagnose
from tests.diagnostics.networks import normal, plain
from tests.processes import answers, start
from tests.support import float_dtypes, needs_gradients

PROGRAM = """
import json
from tests.diagnostics.test_every_backend import answer

print(json.dumps(answer()))
"""


def integers(shape, seed, largest=2):
    """Integers of both signs, in float32."""
    return np.clip(np.round(normal(shape, seed=seed)), -largest, largest)


def dense():
    """ReLU layers, 16 samples of 4 targets: means are over powers of two."""
    model = plain("relu", width=16, outputs=4)
    for seed, layer in enumerate(model.layers):
        layer.kernel.assign(integers(layer.kernel.shape, seed, largest=1))
    return model, integers((16, 16), 7), integers((16, 4), 8)


def convolutional():
    """Convolutions, one shared, a sum, a mean over 64 pixels, and a nested model."""
    image = keras.Input((8, 8, 2), name="image")
    stem = keras.layers.Conv2D(4, 3, padding="same", name="stem")(image)
    left = keras.layers.ReLU(name="left")(stem)
    shared = keras.layers.Conv2D(4, 1, activation="relu", name="shared")
    total = keras.layers.Add(name="total")([shared(left), shared(stem)])
    block = keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(2, name="head"),
        ],
        name="block",
    )
    model = keras.Model(image, block(total), name="convolutional")
    kernels = [weight for weight in model.trainable_weights if weight.name == "kernel"]
    for seed, kernel in enumerate(kernels):
        kernel.assign(integers(kernel.shape, seed, largest=1))
    return model, integers((8, 8, 8, 2), 7), integers((8, 2), 8)


def scaled():
    """A layer of variance 4, so that its scale is 1/2: each unit is twice an input.

    The inputs are the columns of a Hadamard matrix, half 1 and half -1.
    """
    hadamard = np.ones((1, 1), "float32")
    for _ in range(4):
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    model = plain(None, width=15, inputs=15, depth=1)
    model.layers[0].kernel.assign(2.0 * np.eye(15, dtype="float32"))
    return model, hadamard[:, 1:]


def answer():
    """What this backend says of them."""
    found = {}
    for make in (dense, convolutional):
        model, x, y = make()
        found[make.__name__] = diagnose(model, x, y, "mse").to_dict()
        del found[make.__name__]["backend"]
    found["scaled"] = data_scale(*scaled()).to_dict()
    return found


def sizes(report):
    """Every mean and standard deviation, and the loss."""
    found = [report.loss]
    for layer in report.layers:
        found += [layer.signal.mean, layer.signal.stddev, layer.gradient_stddev]
        found += [kernel.gradient_stddev for kernel in layer.kernels]
    return found


@needs_gradients
@pytest.mark.skipif("float64" not in float_dtypes(), reason="not stored here")
@pytest.mark.parametrize("make", [dense, convolutional])
def test_float32_holds_every_sum(make):
    narrow = sizes(diagnose(*make(), "mse"))
    keras.config.set_dtype_policy("float64")
    try:
        wide = sizes(diagnose(*make(), "mse"))
    finally:
        keras.config.set_dtype_policy("float32")

    assert narrow == wide


@pytest.mark.cross
def test_every_backend_gives_the_same_numbers():
    names = _backend.DIFFERENTIATES
    running = [start("-c", PROGRAM, backend=name) for name in names]
    found = dict(zip(names, answers(running), strict=True))

    (row,) = found["torch"]["scaled"]["layers"]
    assert (row["before"], row["scale"], row["after"]) == (4.0, 0.5, 1.0)
    for name in ("tensorflow", "jax"):
        assert found[name] == found["torch"], name
