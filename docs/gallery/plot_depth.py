"""
Fifty layers, five standard deviations
======================================

The root mean square of the sums in a plain ReLU network. Weights whose standard
deviation is a tenth too small leave ``0.9**50`` of the signal after fifty layers, a
two-hundredth. ``sqrt(2 / fan_in)`` keeps it.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

UNITS, LAYERS = 256, 50
noise = np.random.default_rng(0).normal(size=(64, UNITS)).astype("float32")

figure, axis = plt.subplots(layout="constrained")
for factor in (0.7, 0.9, 1.0, 1.1, 1.3):
    signal, sizes = noise, []
    for layer in range(LAYERS):
        kernel = keras_inits.HeNormal(seed=layer)((UNITS, UNITS))
        sums = signal @ (factor * keras.ops.convert_to_numpy(kernel))
        sizes.append(np.sqrt(np.mean(sums**2)))
        signal = np.maximum(sums, 0)
    axis.semilogy(range(1, LAYERS + 1), sizes, label=f"{factor} x He")
axis.set(xlabel="layer", ylabel="root mean square of the sums")
axis.legend()
plt.show()
