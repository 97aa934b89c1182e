"""The networks and batches that the tests of `diagnostics` look at.

They share their shapes where they can: JAX compiles a kernel for each new one.
"""

import math

import keras
import numpy as np

from keras_inits import _backend
from tests.support import ROUNDING, SIGMAS


def normal(shape, stddev=1.0, seed=0):
    """A NumPy array of normal numbers, the same in every process."""
    values = np.random.RandomState(seed).standard_normal(shape)
    return (stddev * values).astype("float32")


def product(x, error, kernel, rounding=ROUNDING):
    """A matrix product, and the standard deviations of its errors in float32.

    Rounding errors are taken as independent. In whatever order a sum of n products
    is added, it has at most 2 n of them, none above a rounding of the sum of the
    absolute values.

    Args:
        x: Factor on the left, in double precision.
        error: Standard deviations of its own errors.
        kernel: Factor on the right.
        rounding: The most that one rounding moves a number, as a share of it.

    Reference:
        Higham and Mary 2019, "A new approach to probabilistic rounding error
        analysis", https://doi.org/10.1137/18M1226312
    """
    rounded = np.sqrt(2 * len(kernel)) * rounding * (np.abs(x) @ np.abs(kernel))
    return x @ kernel, np.sqrt(error**2 @ kernel**2 + rounded**2)


def root_mean_square(errors):
    """How far errors can take a standard deviation or a mean, at one sigma."""
    return float(np.sqrt(np.mean(errors**2)))


def linear_tolerance(layers, width, batch):
    """Of the standard deviation after so many square linear layers.

    The mean square is tr(W C W^T) with C the covariance so far. A Gaussian W of n
    rows gives it the relative variance 2 tr(C^2) / tr(C)^2 / n, and the product of
    k such layers has tr(C^2) / tr(C)^2 near (k + 1) / n; B Gaussian samples add
    2 (k + 1) / (n B). The relative error of a root is half that of its square.
    """
    variance = sum(2.0 * k / width**2 for k in range(1, layers + 1))
    variance += 2.0 * (layers + 1) / (width * batch)
    return 0.5 * SIGMAS * math.sqrt(variance)


def set_kernels(model, stddev, seed=1):
    """Sets each kernel to normal numbers; `stddev` is a function of its shape."""
    kernels = [w for w in model.trainable_weights if w.name == "kernel"]
    for place, kernel in enumerate(kernels):
        shape = tuple(kernel.shape)
        kernel.assign(normal(shape, stddev(shape), seed=seed + place))
    return model


def plain(activation, *, width=32, depth=3, inputs=16, outputs=None):
    """Dense layers of one width; names l0, l1, ..., and a linear head if asked."""
    layers = [
        keras.layers.Dense(width, activation=activation, name=f"l{i}")
        for i in range(depth)
    ]
    if outputs:
        layers.append(keras.layers.Dense(outputs, name="head"))
    return keras.Sequential([keras.Input((inputs,)), *layers], name="plain")


class Counting(keras.layers.Layer):
    """The identity; counts how often it runs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.runs = [0]

    def call(self, inputs):
        self.runs[0] += 1
        return inputs


class Residual(keras.Model):
    """A subclassed model: two layers, the second around a shortcut."""

    def __init__(self):
        super().__init__(name="residual")
        self.first = keras.layers.Dense(32, activation="tanh", name="first")
        self.second = keras.layers.Dense(32, activation="relu", name="second")
        self.head = keras.layers.Dense(4, name="head")

    def call(self, inputs):
        first = self.first(inputs)
        return self.head(first + self.second(first))


def branched():
    """A functional model: convolutions, a branch, a nested model, a shared layer."""
    image = keras.Input((8, 8, 2), name="image")
    stem = keras.layers.Conv2D(4, 3, padding="same", name="stem")(image)
    left = keras.layers.BatchNormalization(name="norm")(stem)
    left = keras.layers.ReLU(name="left")(left)
    shared = keras.layers.Conv2D(4, 1, activation="tanh", name="shared")
    total = keras.layers.Add(name="total")([shared(left), shared(stem)])
    total = keras.layers.Dropout(0.5, seed=3, name="drop")(total)
    block = keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(3, name="head"),
        ],
        name="block",
    )
    return keras.Model(image, block(total), name="branched")


def state(model):
    """Every variable's value, the seed generators' included."""
    return {v.path: np.array(_backend.to_numpy(v)) for v in model.variables}


def assert_same_state(before, after):
    """Two states have the same bits."""
    assert before.keys() == after.keys()
    for path, values in before.items():
        np.testing.assert_array_equal(values, after[path], err_msg=path)
