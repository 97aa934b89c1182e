"""
Where a gain comes from
=======================

What an activation f lets through of a standard normal z is ``E[f(z)**2]``, the area
under the square of f weighted by the density of z. The gain is 1 over its square root.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

z = np.linspace(-4, 4, 801).astype("float32")
density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

figure, axes = plt.subplots(1, 3, sharey=True, figsize=(8, 3), layout="constrained")
for axis, name in zip(axes, ("relu", "gelu", "elu"), strict=True):
    values = keras.ops.convert_to_numpy(getattr(keras.activations, name)(z))
    axis.fill_between(z, values**2 * density, alpha=0.4, label="f(z)² · density")
    axis.plot(z, density, linestyle="--", label="density")
    axis.set_title(f"{name}: gain {keras_inits.calculate_gain(name):.3f}", fontsize=10)
    axis.set_xlabel("z")
axes[0].legend(fontsize=8)
plt.show()
