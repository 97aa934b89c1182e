"""
Bounds in standard deviations, and absolute ones
================================================

``TruncatedNormal`` counts its ends in standard deviations, as Keras and JAX do.
``TruncNormal`` takes absolute ones, as PyTorch does: with a standard deviation of 0.02
its default bounds of -2 and 2 truncate nothing.
"""

import keras
import matplotlib.pyplot as plt

import keras_inits

CASES = {
    "TruncatedNormal(stddev=0.02)": keras_inits.TruncatedNormal(stddev=0.02, seed=0),
    "TruncNormal(std=0.02)": keras_inits.TruncNormal(std=0.02, seed=0),
    "TruncNormal(std=0.02, a=-0.01, b=0.05)": keras_inits.TruncNormal(
        std=0.02, a=-0.01, b=0.05, seed=0
    ),
}

figure, axes = plt.subplots(3, 1, sharex=True, figsize=(6.4, 5), layout="constrained")
for axis, (name, initializer) in zip(axes, CASES.items(), strict=True):
    weights = keras.ops.convert_to_numpy(initializer((512, 512))).ravel()
    axis.hist(weights, bins=160, range=(-0.1, 0.1), color="#3b76af")
    axis.set_title(f"{name}: stddev {weights.std():.4f}", fontsize=10)
    axis.set_yticks([])
axes[-1].set_xlabel("weight")
plt.show()
