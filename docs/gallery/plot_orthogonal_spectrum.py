"""
Singular values of a product of kernels
=======================================

A Gaussian matrix stretches some directions more than others, and a product of many does
so without bound. Orthogonal kernels keep all lengths, at any depth.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

SIZE = 128
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 3.6), layout="constrained")
for axis, name in zip(axes, ("LecunNormal", "Orthogonal"), strict=True):
    product = np.eye(SIZE)
    for depth in range(1, 33):
        kernel = getattr(keras_inits, name)(seed=depth)((SIZE, SIZE))
        product = product @ keras.ops.convert_to_numpy(kernel)
        if depth in (1, 4, 16, 32):
            values = np.linalg.svd(product, compute_uv=False)
            axis.semilogy(np.maximum(values, 1e-12), label=f"{depth} layers")
    axis.set(title=name, xlabel="index of the singular value", ylim=(1e-9, 10))
    axis.legend()
axes[0].set_ylabel("singular value")
plt.show()
