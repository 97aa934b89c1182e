"""
Depthwise convolutions need their layer's fans
==============================================

The shape of a depthwise kernel does not tell that each output sees one channel alone.
So by the shape, He's weights come out too small by the root of the number of channels,
and the signal of a network of such layers vanishes. ``initialize`` asks the layer.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

noise = np.random.default_rng(0).normal(size=(4, 16, 16, 32)).astype("float32")
layer = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu")
layer.build(noise.shape)


def by_shape(seed):
    layer.kernel.assign(keras_inits.HeNormal(seed=seed)(layer.kernel.shape))


def by_layer(seed):
    keras_inits.initialize(layer, {"kernel": "he_normal"}, seed=seed)


figure, axis = plt.subplots(layout="constrained")
for name, start in (("by the shape", by_shape), ("by the layer", by_layer)):
    signal, sizes = noise, []
    for seed in range(12):
        start(seed)
        signal = keras.ops.convert_to_numpy(layer(signal))
        sizes.append(np.sqrt(np.mean(signal**2)))
    axis.semilogy(range(1, 13), sizes, marker="o", label=name)
axis.set(xlabel="layer", ylabel="root mean square")
axis.legend()
plt.show()
