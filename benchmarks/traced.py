"""Traced draws against `jax.random`, and lazily built models against direct ones.

    KERAS_BACKEND=jax python benchmarks/traced.py

Both sides of a row run in this process, in turn, and the best of `ROUNDS` counts.
Ratios of such times mean something; the times themselves belong to the machine.
"""

import time

import jax
import keras
import numpy as np

import keras_inits

SHAPE = (4096, 4096)
ROUNDS = 3
LAYERS = 100


def compile_and_run(function):
    """Seconds to compile a new program and run it once."""
    program = jax.jit(lambda: function())
    start = time.perf_counter()
    jax.block_until_ready(program())
    return time.perf_counter() - start


class Stack(keras.Model):
    """Dense layers that a call builds, or `build_all` before it."""

    def __init__(self, widths):
        super().__init__()
        self.stack = [keras.layers.Dense(width) for width in widths]

    def build_all(self, inputs):
        for layer in self.stack:
            layer.build((None, inputs))
            inputs = layer.units

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x


def build(lazily, first):
    """Seconds to build 100 layers of shapes that no build had before."""
    start = time.perf_counter()
    with keras_inits.enabled():
        model = Stack(range(first, first + LAYERS))
        if not lazily:
            model.build_all(first)
        model(keras.Input((first,)))
    return time.perf_counter() - start


def best(rows):
    """The least of each column."""
    return np.min(np.array(rows), axis=0)


def main():
    key = jax.random.key(0)
    draws = {
        "uniform": (
            keras_inits.RandomUniform(-1.0, 1.0, seed=0),
            lambda: jax.random.uniform(key, SHAPE, minval=-1.0, maxval=1.0),
        ),
        "normal": (
            keras_inits.RandomNormal(0.0, 1.0, seed=0),
            lambda: jax.random.normal(key, SHAPE),
        ),
        "truncated normal": (
            keras_inits.TruncatedNormal(0.0, 1.0, seed=0),
            lambda: jax.random.truncated_normal(key, -2.0, 2.0, SHAPE),
        ),
    }
    compile_and_run(lambda: jax.numpy.zeros(3))
    print("| compile and run, 4096 x 4096 | ours | jax.random | ratio |")
    print("| --- | --- | --- | --- |")
    for name, (initializer, reference) in draws.items():
        rows = [
            (
                compile_and_run(lambda: initializer(SHAPE)),  # noqa: B023 called at once
                compile_and_run(reference),
            )
            for _ in range(ROUNDS)
        ]
        ours, theirs = best(rows)
        print(f"| {name} | {ours:.2f} s | {theirs:.2f} s | {ours / theirs:.2f} |")

    rows = [
        (build(True, 100 + 400 * i), build(False, 300 + 400 * i)) for i in range(ROUNDS)
    ]
    lazily, directly = best(rows)
    print("\n| 100 Dense layers of new shapes | lazily | directly | ratio |")
    print("| --- | --- | --- | --- |")
    print(f"| | {lazily:.2f} s | {directly:.2f} s | {lazily / directly:.2f} |")


if __name__ == "__main__":
    main()
