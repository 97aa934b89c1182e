"""
Signal and gradient, layer by layer
===================================

What ``diagnose`` measures in a network of 20 ReLU layers under three starts: the
standard deviation of each layer's output, and that of the loss's gradient there. Under
Glorot both lose a factor of about 1.4 in each layer; under He they hold.
"""

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import keras_inits

x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
hidden = [keras.layers.Dense(64, "relu") for _ in range(20)]
head = keras.layers.Dense(10, "softmax", name="head")
model = keras.Sequential([keras.Input((64,)), *hidden, head])
model.compile("sgd", "sparse_categorical_crossentropy")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
STARTS = {
    "Glorot": keras_inits.GlorotUniform(),
    "He": keras_inits.HeNormal(),
    "1.3 x He": keras_inits.VarianceScaling(2 * 1.3**2, "fan_in"),
}
for name, start in STARTS.items():
    rules = [("head/kernel", "glorot_uniform"), ("kernel", start), ("bias", "zeros")]
    keras_inits.initialize(model, rules, seed=0)
    layers = keras_inits.diagnose(model, x[:128], y[:128]).layers[:-1]
    axes[0].semilogy([layer.signal.stddev for layer in layers], label=name)
    axes[1].semilogy([layer.gradient_stddev for layer in layers], label=name)
axes[0].set(xlabel="layer", ylabel="stddev of the output")
axes[1].set(xlabel="layer", ylabel="stddev of the gradient")
axes[0].legend()
plt.show()
