"""
Longer, not other
=================

Element i of a tensor depends on the seed and on i alone. So a longer draw begins with
the shorter one, and two initializers with one seed are the same numbers at two scales.
"""

import keras
import matplotlib.pyplot as plt

import keras_inits

short = keras.ops.convert_to_numpy(keras_inits.RandomNormal(seed=1)((20,)))
long = keras.ops.convert_to_numpy(keras_inits.RandomNormal(seed=1)((40,)))
wide = keras.ops.convert_to_numpy(keras_inits.RandomNormal(stddev=0.1, seed=1)((40,)))

figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
axis.plot(wide, "s", color="C1", markersize=4, label="40 values, stddev 0.1")
axis.plot(long, "o", color="C0", markersize=8, label="40 values, stddev 0.05")
axis.plot(short, "x", color="black", markersize=5, label="20 values, stddev 0.05")
axis.set(xlabel="index", ylabel="value")
axis.legend()
plt.show()
