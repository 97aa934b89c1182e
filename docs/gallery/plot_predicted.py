"""
Predicted, and measured
=======================

``diagnose`` predicts the standard deviation of each layer's output from what goes in,
and measures it. At the start the two differ by no more than the chance of one draw.
Training makes weights and inputs depend on each other, and more comes out than is
predicted. Where chance does not explain it, the report names the assumption that fails.
"""

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import keras_inits

x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
hidden = [keras.layers.Dense(128, "relu") for _ in range(6)]
head = keras.layers.Dense(10, "softmax")
model = keras.Sequential([keras.Input((64,)), *hidden, head])
keras.utils.set_random_seed(0)  # the order of the batches
model.compile("adam", "sparse_categorical_crossentropy")
keras_inits.initialize(model, keras_inits.recipes.by_activation(), seed=0)

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for axis, title in zip(axes, ("at the start", "after 10 epochs"), strict=True):
    if axis is axes[1]:
        model.fit(x, y, batch_size=64, epochs=10, verbose=0)
    layers = keras_inits.diagnose(model, x[:256]).layers[:6]
    axis.plot([layer.predicted_stddev for layer in layers], "o--", label="predicted")
    axis.plot([layer.signal.stddev for layer in layers], "s-", label="measured")
    failed = [i for i, layer in enumerate(layers) if layer.failed_assumption]
    sizes = [layers[i].signal.stddev for i in failed]
    axis.plot(failed, sizes, "rx", markersize=12, label="an assumption fails")
    axis.set(title=title, xlabel="layer", ylabel="stddev of the output", ylim=(0, None))
axes[0].legend()
plt.show()
