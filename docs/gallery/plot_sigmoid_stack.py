"""
A deep stack of sigmoids
========================

The slope of a sigmoid is at most 1/4, so weights of the usual size lose most of the
signal in each layer. What tells samples apart lasts where ``g**2 E[f'(z)**2] = 1`` for
weights of standard deviation ``g / sqrt(fan_in)``, at g = 10.2 for wide layers
(Schoenholz et al. 2017, section 3). Smaller ones lose it, larger ones make it chaotic:
the curve stays level, but close inputs are driven apart. Below 1e-6 it is the rounding
of float32.
"""

import matplotlib.pyplot as plt
import numpy as np

import keras_inits

UNITS, LAYERS = 256, 30
noise = np.random.default_rng(0).normal(size=(64, UNITS)).astype("float32")

figure, axis = plt.subplots(layout="constrained")
for gain in (1, 5, 10.2, 20):
    signal, sizes = noise, []
    for layer in range(LAYERS):
        start = keras_inits.VarianceScaling(gain**2, "fan_in", "uniform", seed=layer)
        sums = signal @ np.asarray(start((UNITS, UNITS)))
        sizes.append(sums.std(axis=0).mean())
        signal = 1 / (1 + np.exp(-sums))
    axis.semilogy(range(1, LAYERS + 1), sizes, label=f"g = {gain}")
axis.set(xlabel="layer", ylabel="stddev of the sums over the samples")
axis.legend()
plt.show()
