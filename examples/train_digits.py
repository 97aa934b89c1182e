"""A small CNN on real handwritten digits, once for each initializer.

    python examples/train_digits.py

The initializers are chosen by name, and the network starts from the same
weights on every backend: `enabled()` makes the names that Keras has too,
"orthogonal" and the biases' "zeros", those of keras_inits. The data are
scikit-learn's 1,797 scans of 8 by 8 pixels, a quarter of them held out.
"""

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keras_inits

NAMES = ("kaiming_normal", "xavier_uniform", "dirac", "sparse", "orthogonal")
EPOCHS = 10
BATCH = 64
TRAIN = 21 * BATCH  # no smaller last batch, for which JAX would compile again


def load():
    """Images in [-1, 1] and labels, as `(x_train, x_test, y_train, y_test)`."""
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1).astype("float32") / 8.0 - 1.0
    return train_test_split(
        images, labels, train_size=TRAIN, random_state=0, stratify=labels
    )


def build(initializer):
    """The network; behind its first layer the convolutions start as named."""
    kernel = {"kernel_initializer": initializer, "padding": "same"}
    return keras.Sequential(
        [
            keras.layers.Input((8, 8, 1)),
            keras.layers.Conv2D(
                16,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="kaiming_normal",
            ),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(16, 3, activation="relu", **kernel),
            keras.layers.Conv2D(16, 3, activation="relu", **kernel),
            keras.layers.Flatten(),
            keras.layers.Dense(10, kernel_initializer="xavier_normal"),
        ]
    )


def train(initializer, data):
    """Accuracy on the held-out images after training, and the start's digest."""
    x_train, x_test, y_train, y_test = data
    keras.utils.set_random_seed(0)
    with keras_inits.enabled():
        model = build(initializer)
    start = keras_inits.fingerprint(model)
    model.compile(
        optimizer=keras.optimizers.Adam(0.005),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, batch_size=len(x_test), verbose=0)
    return accuracy, start


def main():
    """Trains once for each name, prints and returns the accuracies."""
    data = load()
    print(f"{keras.backend.backend()}, {len(data[0])} images, {EPOCHS} epochs")
    accuracies = {}
    for name in NAMES:
        accuracies[name], start = train(name, data)
        print(f"{name:<16} start {start[:12]}   accuracy {accuracies[name]:.1%}")
    return accuracies


if __name__ == "__main__":
    main()
