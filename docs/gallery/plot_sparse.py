"""
Zeros for each unit
===================

``Sparse`` gives each unit the same number of zeros. With ``axis=-1``, the default, a
column, the incoming weights of an output unit, has them. With ``axis=0``, as in
PyTorch, it is a row.
"""

import keras
import matplotlib.pyplot as plt

import keras_inits

figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for axis, units in zip(axes, (-1, 0), strict=True):
    initializer = keras_inits.Sparse(0.8, stddev=1.0, axis=units, seed=0)
    weights = keras.ops.convert_to_numpy(initializer((20, 30)))
    zeros = (weights == 0).sum(axis=0 if units == -1 else 1)
    axis.imshow(weights, cmap="RdBu_r", vmin=-3, vmax=3)
    axis.set_title(f"axis={units}: {zeros[0]} zeros for each unit", fontsize=10)
    axis.set(xlabel="output unit", ylabel="input unit")
plt.show()
