"""
Glorot is not Xavier
====================

Both have the standard deviation ``sqrt(2 / (fan_in + fan_out))``. Keras'
``GlorotNormal`` truncates the normal distribution and widens what is left;
``XavierNormal``, PyTorch's, does not truncate it.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

SHAPE = (1024, 1024)
bins = np.linspace(-0.16, 0.16, 121)

figure, axis = plt.subplots(layout="constrained")
for initializer in (keras_inits.GlorotNormal(seed=0), keras_inits.XavierNormal(seed=0)):
    weights = keras.ops.convert_to_numpy(initializer(SHAPE)).ravel()
    name = f"{type(initializer).__name__}, stddev {weights.std():.4f}"
    axis.hist(weights, bins, histtype="step", linewidth=2, label=name)
axis.margins(y=0.2)
axis.set(xlabel="weight", ylabel="count")
axis.legend(loc="upper left", fontsize=8)
plt.show()
