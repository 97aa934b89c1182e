"""
How long a recurrent state lasts
================================

The norm of the state of a linear recurrence after each step, from four kernels. An
orthogonal kernel multiplies it by its gain in each step, so the gain 1 keeps it.
Kernels of independent entries do not: these two amplify it.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

UNITS, STEPS = 128, 100
STARTS = {
    "Orthogonal": keras_inits.Orthogonal(seed=0),
    "Orthogonal(gain=0.95)": keras_inits.Orthogonal(gain=0.95, seed=0),
    "GlorotUniform": keras_inits.GlorotUniform(seed=0),
    "RandomNormal(0.1)": keras_inits.RandomNormal(stddev=0.1, seed=0),
}
first = np.random.default_rng(0).normal(size=UNITS)

figure, axis = plt.subplots(layout="constrained")
for name, initializer in STARTS.items():
    kernel = keras.ops.convert_to_numpy(initializer((UNITS, UNITS))).astype("float64")
    state, norms = first, []
    for _ in range(STEPS):
        state = state @ kernel
        norms.append(np.linalg.norm(state) / np.linalg.norm(first))
    axis.semilogy(norms, label=name)
axis.set(xlabel="step", ylabel="norm of the state")
axis.legend()
plt.show()
