"""Five folds on one compiled model, its weights drawn anew for each.

A cross-validation needs fresh weights for every fold. Building the model again
costs the build, the compilation of the train step and, on JAX, a kernel for every
new shape; `reinitialize` costs the draws. The script trains scikit-learn's digits
both ways and prints accuracies and times.

    KERAS_BACKEND=jax python examples/cross_validation.py
"""

import argparse
import time

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from keras_inits.model import reinitialize


def build():
    """A small convolutional network for 8x8 images."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(32, 3, activation="relu", padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def cross_validate(model_for, images, labels, folds, epochs):
    """Accuracy on each fold, and seconds spent on getting fresh models and in all."""
    accuracies, fresh = [], 0.0
    start = time.perf_counter()
    splits = StratifiedKFold(folds, shuffle=True, random_state=0)
    for fold, (train, test) in enumerate(splits.split(images, labels)):
        began = time.perf_counter()
        model = model_for(fold)
        fresh += time.perf_counter() - began
        model.fit(
            images[train],
            labels[train],
            epochs=epochs,
            batch_size=64,
            verbose=0,
        )
        _, accuracy = model.evaluate(images[test], labels[test], verbose=0)
        accuracies.append(accuracy)
    return accuracies, fresh, time.perf_counter() - start


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args(arguments)
    digits = load_digits()
    images = (digits.images[..., None] / 16.0).astype("float32")
    labels = digits.target.astype("int32")

    keras.utils.set_random_seed(0)
    one = build()

    def again(fold):
        reinitialize(one, seed=fold, optimizer=True)
        return one

    print(f"{keras.backend.backend()}, {options.folds} folds of {len(images)} digits")
    for name, model_for in (("reinitialize", again), ("rebuild", lambda fold: build())):
        accuracies, fresh, total = cross_validate(
            model_for, images, labels, options.folds, options.epochs
        )
        mean, spread = np.mean(accuracies), np.std(accuracies)
        print(
            f"{name:>12}: accuracy {mean:.3f} ± {spread:.3f}, fresh models in "
            f"{fresh:.2f} s, all in {total:.1f} s"
        )


if __name__ == "__main__":
    main()
