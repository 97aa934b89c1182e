"""
Six distributions, one standard deviation
=========================================

Each of these initializers gives a kernel of 1024 inputs the standard deviation ``1 /
32``. They differ in their tails.
"""

import keras
import matplotlib.pyplot as plt

import keras_inits

SHAPE = (1024, 1024)
STDDEV = 1 / 32
INITIALIZERS = [
    keras_inits.LecunUniform(seed=0),
    keras_inits.LecunNormal(seed=0),
    keras_inits.RandomNormal(stddev=STDDEV, seed=0),
    keras_inits.Sparse(sparsity=0.5, stddev=STDDEV * 2**0.5, seed=0),
    keras_inits.Orthogonal(seed=0),
    keras_inits.TruncatedNormal(stddev=STDDEV / 0.8796, seed=0),
]

figure, axes = plt.subplots(3, 2, sharex=True, figsize=(7, 5.5), layout="constrained")
for axis, initializer in zip(axes.flat, INITIALIZERS, strict=True):
    weights = keras.ops.convert_to_numpy(initializer(SHAPE)).ravel()
    axis.hist(weights, bins=120, range=(-0.13, 0.13), color="#3b76af")
    axis.set_title(f"{type(initializer).__name__}, {weights.std():.4f}", fontsize=10)
    axis.set_yticks([])
plt.show()
