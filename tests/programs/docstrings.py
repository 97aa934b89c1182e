"""Runs the Python in the docstrings of public names, and prints whose it ran."""

import inspect
import re

import keras
import numpy as np

import keras_inits

FENCE = re.compile(r"(?ms)^```python\n(.*?)^```$")


def documented():
    """Every public name with what it stands for."""
    for owner in (keras_inits, keras_inits.draws, keras_inits.recipes):
        for name in owner.__all__:
            yield name, getattr(owner, name)


def given():
    """What the examples take for granted: a compiled model, and data for it."""
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            keras.layers.Embedding(10, 8),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(2, activation="softmax", name="head"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return {
        "keras": keras,
        "keras_inits": keras_inits,
        "draws": keras_inits.draws,
        "model": model,
        "x": np.ones((8, 4), "int32"),
        "y": np.zeros(8),
    }


for name, item in documented():
    for code in FENCE.findall(inspect.getdoc(item)):
        exec(compile(code, name, "exec"), given())
        print(f"\n{name}")
