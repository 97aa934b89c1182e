"""
A convolution that keeps the norm
=================================

The norm of a signal through 40 convolutions of 32 channels. Delta-orthogonal kernels
hold an orthogonal matrix at their center and zeros elsewhere. LeCun's keep the norm on
average alone, and it drifts; what zero padding cuts off is lost besides.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

noise = np.random.default_rng(0).normal(size=(8, 64, 32)).astype("float32")
layer = keras.layers.Conv1D(32, 3, padding="same", use_bias=False)
layer.build(noise.shape)

figure, axis = plt.subplots(layout="constrained")
STARTS = {
    "DeltaOrthogonal": keras_inits.DeltaOrthogonal,
    "LecunNormal": keras_inits.LecunNormal,
}
for name, initializer in STARTS.items():
    signal, norms = noise, []
    for seed in range(40):
        layer.kernel.assign(initializer(seed=seed)(layer.kernel.shape))
        signal = layer(signal)
        norms.append(np.linalg.norm(keras.ops.convert_to_numpy(signal)))
    axis.semilogy(np.array(norms) / np.linalg.norm(noise), label=name)
axis.set(xlabel="layer", ylabel="norm, relative to the input's")
axis.legend()
plt.show()
