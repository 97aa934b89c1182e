"""Side by side: fresh weights for a model, by `reinitialize` and by Keras.

    KERAS_BACKEND=jax python benchmarks/model.py

Prints the time of `reinitialize(ResNet50)` next to that of building it again with
Keras, and that of `initialize` on a model of 100 million parameters next to the
bare draws of the same shapes. Best of several runs, save for Keras' build, whose
first run in the process is shown too: on JAX that one compiles.
"""

import argparse
import json
import math
import time

import keras

import keras_inits
from keras_inits import _backend
from keras_inits.engine import draws, streams
from keras_inits.model import initialize, reinitialize

WIDTH = 3584


def seconds(function, runs):
    """The shortest of several runs."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found)


def resnet(runs):
    """Rows for ResNet50."""

    def build():
        return keras.applications.ResNet50(weights=None)

    first = seconds(build, 1)
    again = seconds(build, 1)
    model = build()
    ours = seconds(lambda: reinitialize(model, seed=1), runs)
    return [
        ("ResNet50, built by Keras, first", first, ours / first),
        ("ResNet50, built by Keras, again", again, ours / again),
        ("ResNet50, reinitialize", ours, 1.0),
    ]


def large(runs):
    """Rows for a model of 100 million parameters."""
    layers = [keras.layers.Dense(WIDTH, use_bias=False) for _ in range(8)]
    with keras_inits.enabled():
        model = keras.Sequential([keras.Input((WIDTH,)), *layers])
    count = sum(math.prod(variable.shape) for variable in model.weights)
    ops = _backend.formula_ops(0)

    def raw():
        for place, variable in enumerate(model.weights):
            key = streams.from_address(1, str(place))
            draws.normal(
                ops, key, tuple(variable.shape), mean=0.0, stddev=1.0, dtype="float32"
            )

    def ours():
        initialize(model, {"kernel": keras_inits.RandomNormal(stddev=1.0)}, seed=1)

    raw()  # the tables
    bare, full = [], []
    for _ in range(runs):  # by turns, so that both see the machine alike
        bare.append(seconds(raw, 1))
        full.append(seconds(ours, 1))
    bare, full = min(bare), min(full)
    return [
        (f"{count / 1e6:.0f} million parameters, bare draws", bare, full / bare),
        (f"{count / 1e6:.0f} million parameters, initialize", full, 1.0),
    ]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(arguments)
    backend = keras.backend.backend()
    for what, measured, ratio in (*resnet(options.runs), *large(options.runs)):
        if options.json:
            row = {"backend": backend, "what": what, "seconds": measured}
            print(json.dumps({**row, "ours_over_this": ratio}))
        else:
            print(
                f"{backend:>10}  {what:<42} {measured:8.3f} s   ours / this {ratio:.3f}"
            )


if __name__ == "__main__":
    main()
