"""
Residual branches add up
========================

Each branch adds its variance to the stream, so after L blocks the standard deviation
has grown by ``sqrt(L)``, or exponentially where a branch follows the stream's size.
GPT-2's rule divides the last kernel of a branch by the square root of the number of
branches; Fixup starts it at zero.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

UNITS, BLOCKS = 128, 40
noise = np.random.default_rng(0).normal(size=(64, UNITS)).astype("float32")


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


figure, axis = plt.subplots(layout="constrained")
FACTORS = {"as it is": 1.0, "divided by sqrt(L)": BLOCKS**-0.5, "zero (Fixup)": 0.0}
for name, factor in FACTORS.items():
    stream, sizes = noise, []
    for block in range(BLOCKS):
        up = to_numpy(keras_inits.HeNormal(seed=2 * block)((UNITS, UNITS)))
        down = to_numpy(keras_inits.LecunNormal(seed=2 * block + 1)((UNITS, UNITS)))
        stream = stream + factor * np.maximum(stream @ up, 0) @ down
        sizes.append(stream.std())
    axis.semilogy(range(1, BLOCKS + 1), sizes, label=name)
axis.set(xlabel="block", ylabel="standard deviation of the stream")
axis.legend()
plt.show()
