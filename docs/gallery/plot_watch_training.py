"""
Three learning rates, watched
=============================

What ``SignalMonitor`` sees in the first 20 steps of one network under three rates of
Adam. Left, the length of a step over the length of the weights: with 0.1 the first step
is half as long as the weights. Right, the dead units, which give zero for every
sample: with 0.1 most units of the first layer die.
"""

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import keras_inits

x, y = load_digits(return_X_y=True)
x, y = x[:1280].astype("float32") / 16, y[:1280]


def watched(rate):
    hidden = [keras.layers.Dense(64, "relu", name=f"layer_{i}") for i in range(4)]
    head = keras.layers.Dense(10, "softmax")
    model = keras.Sequential([keras.Input((64,)), *hidden, head])
    keras_inits.initialize(model, keras_inits.recipes.by_activation(), seed=0)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    monitor = keras_inits.SignalMonitor(x[:64], y[:64], interval=1)
    model.fit(x, y, batch_size=64, verbose=0, shuffle=False, callbacks=[monitor])
    return monitor.report.looks


figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for rate in (0.001, 0.01, 0.1):
    looks = watched(rate)
    steps = [look.step for look in looks]
    first = [look.layers[0] for look in looks]
    left.semilogy(steps, [layer.update_ratio for layer in first], label=f"rate {rate}")
    right.plot(steps, [100 * layer.dead for layer in first], label=f"rate {rate}")
left.set(xlabel="step", ylabel="update over weights, first layer")
right.set(xlabel="step", ylabel="dead units of the first layer, %")
left.legend()
plt.show()
