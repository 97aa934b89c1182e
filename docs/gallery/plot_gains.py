"""
The gain of each activation
===========================

Weights of standard deviation ``gain / sqrt(fan_in)`` keep the mean square of
pre-activations at 1. For most activations the gain is ``1 / sqrt(E[f(z)**2])``; for
tanh, sigmoid and SELU it is PyTorch's convention.
"""

import matplotlib.pyplot as plt

import keras_inits

NAMES = [
    *("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"),
    *("elu", "gelu", "silu", "mish", "softplus", "softsign", "hard_sigmoid"),
]
gains = sorted((keras_inits.calculate_gain(name), name) for name in NAMES)

figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
bars = axis.barh([name for _, name in gains], [gain for gain, _ in gains])
axis.bar_label(bars, fmt="%.3f", padding=3)
axis.set(xlabel="gain", xlim=(0, 2.7))
plt.show()
