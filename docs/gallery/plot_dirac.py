"""
An identity made of a convolution
=================================

A kernel drawn by ``Dirac`` hands its input channels on. With noise around it, it starts
a network near the identity.
"""

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import keras_inits

image = load_digits().images[0][None, ..., None].astype("float32")
KERNELS = {
    "input": None,
    "Dirac": keras_inits.Dirac()((3, 3, 1, 1)),
    "Dirac and noise": keras_inits.Dirac()((3, 3, 1, 1))
    + keras_inits.RandomNormal(stddev=0.1, seed=0)((3, 3, 1, 1)),
    "HeNormal": keras_inits.HeNormal(seed=0)((3, 3, 1, 1)),
}

figure, axes = plt.subplots(1, 4, figsize=(8, 2.4), layout="constrained")
for axis, (name, kernel) in zip(axes, KERNELS.items(), strict=True):
    shown = image if kernel is None else keras.ops.conv(image, kernel, padding="same")
    axis.imshow(keras.ops.convert_to_numpy(shown)[0, ..., 0], cmap="gray")
    axis.set_title(name, fontsize=10)
    axis.axis("off")
plt.show()
