"""
Equal units stay equal
======================

The first kernel of a network after training from one constant, and from He. Each column
is a unit. From the constant all of them are one and the same.
"""

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import keras_inits

x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
model = keras.Sequential(
    [
        keras.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
)

figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained")
STARTS = {"Constant(0.05)": keras_inits.Constant(0.05), "HeNormal": "he_normal"}
for axis, (name, start) in zip(axes, STARTS.items(), strict=True):
    rules = {"kernel": start, "bias": "zeros"}
    keras_inits.reinitialize(model, seed=0, rules=rules, optimizer=True)
    accuracy = model.fit(x, y, epochs=6, batch_size=128, verbose=0).history["accuracy"][
        -1
    ]
    kernel = keras.ops.convert_to_numpy(model.layers[0].kernel)
    axis.imshow(kernel, cmap="RdBu_r", vmin=-0.5, vmax=0.5)
    axis.set(title=f"{name}: accuracy {accuracy:.2f}", xlabel="unit", ylabel="pixel")
plt.show()
