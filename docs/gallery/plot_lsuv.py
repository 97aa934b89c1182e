"""
Unit variance on the data
=========================

``lsuv`` scales the kernels one after another until what each layer puts out before its
activation has variance 1 on a batch, whatever the activations between them are.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

ACTIVATIONS = ["relu", "tanh", "gelu", "sigmoid", "selu", "softsign"] * 2
layers = [
    keras.layers.Dense(64, activation, name=f"{index}_{activation}")
    for index, activation in enumerate(ACTIVATIONS)
]
model = keras.Sequential([keras.Input((64,)), *layers])
x = np.random.default_rng(0).normal(size=(256, 64)).astype("float32")


def stddevs_of_the_sums():
    found, signal = [], x
    for layer in layers:
        kernel, bias = map(keras.ops.convert_to_numpy, (layer.kernel, layer.bias))
        found.append((signal @ kernel + bias).std())
        signal = keras.ops.convert_to_numpy(layer(signal))
    return found


figure, axis = plt.subplots(layout="constrained")
keras_inits.initialize(model, keras_inits.recipes.keras(), seed=0)
axis.plot(stddevs_of_the_sums(), "o-", label="Keras' defaults")
keras_inits.lsuv(model, x, seed=0)
axis.plot(stddevs_of_the_sums(), "o-", label="lsuv")
axis.set_xticks(range(len(layers)), [layer.name for layer in layers], rotation=60)
axis.set_ylabel("standard deviation of the sums")
axis.legend()
plt.show()
