"""Side by side: fresh weights for a model, by `reinitialize` and by Keras.

    KERAS_BACKEND=jax python benchmarks/model.py

Prints the time of `reinitialize(ResNet50)` next to that of building it again with
Keras, and that of `initialize` on a model of 100 million parameters next to the
bare draws of the same shapes. Both sides take turns; shown are the medians of the
times and of their ratios. Keras' first build in the process has a row of its own: on
JAX that one compiles.
"""

import argparse
import json
import math
import statistics
import time

import keras

import keras_inits
from keras_inits.engine import draws, streams
from keras_inits.engine.ops import NUMPY
from keras_inits.model import initialize, reinitialize

WIDTH = 3584


def seconds(function):
    """How long one run takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_turns(peer, ours, runs):
    """Medians over runs by turns: the peer's time, ours, and the ratio of the two."""
    times = [(seconds(peer), seconds(ours)) for _ in range(runs)]
    ratios = [ours / peer for peer, ours in times]
    peers, owns = zip(*times, strict=True)
    return [statistics.median(column) for column in (peers, owns, ratios)]


def resnet(runs):
    """Rows for ResNet50."""

    def build():
        return keras.applications.ResNet50(weights=None)

    first = seconds(build)
    model = build()
    again, ours, ratio = in_turns(build, lambda: reinitialize(model, seed=1), runs)
    return [
        ("ResNet50, built by Keras, first", first, ours / first),
        ("ResNet50, built by Keras, again", again, ratio),
        ("ResNet50, reinitialize", ours, 1.0),
    ]


def large(runs):
    """Rows for a model of 100 million parameters."""
    layers = [keras.layers.Dense(WIDTH, use_bias=False) for _ in range(8)]
    with keras_inits.enabled():
        model = keras.Sequential([keras.Input((WIDTH,)), *layers])
    count = sum(math.prod(variable.shape) for variable in model.weights)

    def raw():
        for place, variable in enumerate(model.weights):
            key = streams.from_address(1, str(place))
            draws.normal(
                NUMPY, key, tuple(variable.shape), mean=0.0, stddev=1.0, dtype="float32"
            )

    def ours():
        initialize(model, {"kernel": keras_inits.RandomNormal(stddev=1.0)}, seed=1)

    raw()  # the tables
    bare, full, ratio = in_turns(raw, ours, runs)
    return [
        (f"{count / 1e6:.0f} million parameters, bare draws", bare, ratio),
        (f"{count / 1e6:.0f} million parameters, initialize", full, 1.0),
    ]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
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
