"""A plain ReLU network of 50 layers that trains, or does not, by its start alone.

Convolutions along the pixels of handwritten digits, four to a step, without
shortcuts or normalization, from four starts: N(0, 0.01), He, delta-orthogonal
and LSUV. Prints what `diagnose` says of each start and the losses of the
training that follows, and writes a picture of the loss curves.

    python examples/deep_network.py [--out PATH] [--epochs N] [--seeds N]

It needs scikit-learn for the digits and matplotlib for the picture.
"""

import argparse

import keras
import rich.console
from sklearn.datasets import load_digits

import keras_inits
from keras_inits.diagnostics import compare, diagnose, lsuv

LAYERS, CHANNELS, SAMPLES = 50, 32, 400


def digits():
    """Images with mean 0 and standard deviation 1, and classes; all for training."""
    images, classes = load_digits(return_X_y=True)
    images = (images - images.mean()) / images.std()
    return images[:SAMPLES].reshape(-1, 16, 4).astype("float32"), classes[:SAMPLES]


def build():
    """49 convolutions, then a dense layer."""
    layers = [keras.Input((16, 4))]
    layers += [
        keras.layers.Conv1D(
            CHANNELS, 3, padding="same", activation="relu", name=f"conv_{place + 1}"
        )
        for place in range(LAYERS - 1)
    ]
    layers += [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential(layers, name="plain_50")
    model.compile(
        keras.optimizers.Adam(1e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def each_kernel(make):
    """A start that sets every convolution by `make(seed)` and the head by Xavier."""

    def start(model, seed):
        for place, layer in enumerate(model.layers):
            if hasattr(layer, "kernel"):
                chosen = make if isinstance(layer, keras.layers.Conv1D) else xavier
                initializer = chosen(seed * 1000 + place)
                shape = tuple(layer.kernel.shape)
                layer.kernel.assign(initializer(shape, dtype="float32"))

    return start


def xavier(seed):
    return keras_inits.XavierNormal(seed=seed)


def starts(x):
    """Name -> function of model and seed."""
    return {
        "N(0, 0.01)": each_kernel(
            lambda seed: keras_inits.RandomNormal(0.0, 0.01, seed=seed)
        ),
        "He": each_kernel(lambda seed: keras_inits.KaimingNormal(seed=seed)),
        # ReLU halves the power, so the matrix at the center is sqrt(2) times an
        # orthogonal one.
        "delta-orthogonal": each_kernel(
            lambda seed: keras_inits.DeltaOrthogonal(gain=2**0.5, seed=seed)
        ),
        "LSUV": lambda model, seed: lsuv(model, x[:256], seed=seed),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="deep_network", help="name of the picture")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    console = rich.console.Console()

    x, y = digits()
    model = build()
    for name, start in starts(x).items():
        start(model, 0)
        report = diagnose(model, x[:128], y[:128])
        console.print(f"[bold]{name}:[/] {report.verdict}")

    result = compare(
        build,
        x,
        y,
        starts(x),
        epochs=arguments.epochs,
        seeds=list(range(arguments.seeds)),
    )
    console.print(result)
    result.plot(arguments.out)


if __name__ == "__main__":
    main()
