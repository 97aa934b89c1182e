"""One of two processes that share the weights of a model on PyTorch.

    python -m tests.programs.dtensor_worker ADDRESS RANK

Prints what each function says of the plain model and of it in each layout.
"""

import json
import sys

import keras
import numpy as np
from keras import distribution

import keras_inits
from keras_inits import _backend

# Layouts of a kernel over a mesh with one row of two devices.
LAYOUTS = {
    "row": ("model", None),
    "column": (None, "model"),
    "two axes": ("batch", "model"),
}
INPUTS, UNITS, CLASSES = 8, 16, 4
RULES = {"kernel": "orthogonal", "bias": 0.5, "gamma": keras_inits.HeNormal()}


def built():
    """A model whose kernels the layouts divide, one of them into unequal parts."""
    keras.utils.set_random_seed(3)
    with keras_inits.enabled():
        return keras.Sequential(
            [
                keras.Input((INPUTS,)),
                keras.layers.Dense(UNITS, activation="relu", name="dense_in"),
                keras.layers.BatchNormalization(name="norm"),
                keras.layers.Dropout(0.5, name="drop"),
                keras.layers.Dense(7, activation="tanh", name="dense_uneven"),
                keras.layers.Dense(CLASSES, activation="softmax", name="dense_out"),
            ],
            name="model",
        )


def data():
    """A batch and its classes."""
    words = np.random.Philox(key=5)
    numbers = np.random.Generator(words)
    x = numbers.standard_normal((32, INPUTS), "float32")
    return x, np.arange(32) % CLASSES


def placements(model):
    """How each weight lies on the devices."""
    return [str(getattr(w.value, "placements", None)) for w in model.weights]


def rounding(model, x):
    """How far apart two sums of the first layer's products can be.

    n float32 products summed in any order, and a bias, are off by at most
    (n + 1) u / (1 - (n + 1) u) times the sum of the magnitudes, u = 2**-24.
    """
    kernel, bias = (np.abs(_backend.to_numpy(w)) for w in model.layers[0].weights)
    terms = (INPUTS + 1) * 2.0**-24
    largest = np.max(np.abs(x).astype(np.float64) @ kernel + bias)
    return 2.0 * float(terms / (1.0 - terms) * largest)


def told(model):
    """What every function says of a model, which each of them changes in turn."""
    x, y = data()
    answer = {"placements": placements(model)}
    answer["built"] = keras_inits.fingerprint(model)
    planned = keras_inits.initialize(model, RULES, seed=5, dry_run=True)
    answer["plan"] = repr(planned.weights)
    answer["planned"] = keras_inits.fingerprint(model)
    answer["rules"] = repr(keras_inits.initialize(model, RULES, seed=5).weights)
    answer["initialized"] = keras_inits.fingerprint(model)
    recipe = keras_inits.recipes.pytorch()
    answer["recipe"] = repr(keras_inits.initialize(model, recipe, seed=5).weights)
    answer["by recipe"] = keras_inits.fingerprint(model)
    answer["made anew"] = repr(keras_inits.reinitialize(model, seed=7).weights)
    answer["reinitialized"] = keras_inits.fingerprint(model)
    values = [_backend.to_numpy(weight).tolist() for weight in model.weights]
    answer["values"] = values
    model.compile("sgd", "sparse_categorical_crossentropy")
    report = keras_inits.diagnose(model, x, y).to_dict()
    answer["diagnosed"] = [
        [row["name"], row["shape"], [kernel["stddev"] for kernel in row["kernels"]]]
        for row in report["layers"]
    ]
    signal = report["layers"][0]["signal"]
    answer["signal"] = [signal["mean"], signal["stddev"]]
    answer["rounding"] = rounding(model, x)
    answer["detached"] = repr(keras_inits.detach(model).replacements)
    answer["after all"] = keras_inits.fingerprint(model)
    assert placements(model) == answer["placements"]
    return answer


def main(address, rank):
    """Builds the model in each layout and prints the answers."""
    distribution.initialize(address, 2, int(rank))
    answer = {"plain": told(built())}
    mesh = distribution.DeviceMesh((1, 2), ("batch", "model"), ["cpu:0", "cpu:1"])
    for name, layout in LAYOUTS.items():
        layouts = distribution.LayoutMap(mesh)
        layouts[".*dense.*kernel"] = layout
        layouts[".*dense.*bias"] = layout[1:]
        parallel = distribution.ModelParallel(
            layout_map=layouts, batch_dim_name="batch"
        )
        with parallel.scope():
            answer[name] = told(built())
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
