"""
Haar-distributed, or not
========================

The eigenvalues of a random orthogonal matrix lie on the unit circle. For
Haar-distributed matrices their angles are spread nearly evenly. The Q of a QR
decomposition without a correction of signs is orthogonal too, but its angles are not
even. The bars at 0 and pi are the eigenvalues 1 and -1, which a matrix of even size and
determinant -1 always has.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_inits

SIZE, MATRICES = 16, 400
random = np.random.default_rng(0)


def angles(matrices):
    return np.angle(np.linalg.eigvals(matrices)).ravel()


haar = [keras_inits.Orthogonal(seed=seed)((SIZE, SIZE)) for seed in range(MATRICES)]
haar = np.stack([keras.ops.convert_to_numpy(matrix) for matrix in haar])
naive = np.linalg.qr(random.normal(size=(MATRICES, SIZE, SIZE)))[0]

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 3.2), layout="constrained")
titles = ("Orthogonal", "QR without signs")
for axis, title, matrices in zip(axes, titles, (haar, naive), strict=True):
    axis.hist(angles(matrices), bins=60, range=(-np.pi, np.pi), density=True)
    axis.axhline(1 / (2 * np.pi), color="black", linestyle="--", linewidth=1)
    axis.set(title=title, xlabel="angle of the eigenvalue")
axes[0].set_ylabel("density")
plt.show()
