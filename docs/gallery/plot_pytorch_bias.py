"""
Keras' defaults and PyTorch's
=============================

The weights of one Dense layer of 256 inputs and 64 units, by the defaults of both
libraries. PyTorch draws the bias too, and the limit of its kernel is ``1 / sqrt(256)``,
0.0625; that of Keras is ``sqrt(6 / (256 + 64))``, 0.137.
"""

import keras
import matplotlib.pyplot as plt

import keras_inits

model = keras.Sequential([keras.Input((256,)), keras.layers.Dense(64)])
RECIPES = {
    "Keras": keras_inits.recipes.keras(),
    "PyTorch": keras_inits.recipes.pytorch(),
}

figure, axes = plt.subplots(2, 2, sharex=True, figsize=(7, 4), layout="constrained")
for row, (library, recipe) in zip(axes, RECIPES.items(), strict=True):
    keras_inits.initialize(model, recipe, seed=0)
    for axis, variable in zip(row, model.weights, strict=True):
        weights = keras.ops.convert_to_numpy(variable).ravel()
        axis.hist(weights, bins=61, range=(-0.2, 0.2), color="#3b76af")
        axis.set_title(f"{library}, {variable.name}", fontsize=10)
        axis.set_yticks([])
plt.show()
