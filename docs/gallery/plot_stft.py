"""
A Fourier transform as a convolution
====================================

The kernels of ``STFT`` turn a ``Conv1D`` into a short-time Fourier transform. Here the
spectrogram of a chirp, a tone that rises.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

FRAME, FREQUENCIES = 128, 65
time = np.arange(4096) / 4096
chirp = np.sin(2 * np.pi * (100 * time + 700 * time**2)).astype("float32")

power = 0.0
for side in ("real", "imag"):
    kernel = keras_inits.STFT(side)((FRAME, 1, FREQUENCIES))
    part = keras.ops.conv(chirp[None, :, None], kernel, strides=32)
    power = power + keras.ops.convert_to_numpy(part)[0] ** 2

figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
axis.imshow(np.log10(power.T + 1e-6), origin="lower", aspect="auto")
axis.set(xlabel="frame", ylabel="frequency")
plt.show()
