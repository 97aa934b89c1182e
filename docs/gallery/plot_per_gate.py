"""
A recurrent kernel, gate by gate
================================

The recurrent kernel of an LSTM holds four matrices side by side. Drawn as one, it has
orthonormal rows, but each gate's matrix is far from orthogonal: its singular values
spread. ``PerGate`` draws each for itself.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

UNITS = 64
STARTS = {
    "Orthogonal": keras_inits.Orthogonal(seed=0),
    "PerGate": keras_inits.PerGate(keras_inits.Orthogonal(seed=0)),
}

figure, axis = plt.subplots(layout="constrained")
for name, initializer in STARTS.items():
    kernel = keras.ops.convert_to_numpy(initializer((UNITS, 4 * UNITS)))
    for gate, matrix in zip("ifco", np.split(kernel, 4, axis=1), strict=True):
        values = np.linalg.svd(matrix, compute_uv=False)
        label = name if gate == "i" else None
        color = "C0" if name == "PerGate" else "C1"
        axis.plot(values, color=color, label=label)
axis.set(
    xlabel="index of the singular value", ylabel="singular value of a gate's matrix"
)
axis.legend()
plt.show()
