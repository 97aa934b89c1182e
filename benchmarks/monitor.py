"""What `SignalMonitor` costs a training, and the interval at which it is a tenth.

Under the backend that KERAS_BACKEND names, for a small network, where a look is
dearest beside a step, and a larger one. Steps with a look and steps without one take
turns in one training, so that both meet the same machine. The first looks, which
compile, are left out; the medians count.

    python benchmarks/monitor.py [--looks N] [--between N]
"""

import argparse
import statistics
import time

import keras
import numpy as np

from keras_inits import SignalMonitor
from keras_inits.diagnostics import monitor

WARM_UP = 3  # looks


class Clock(keras.callbacks.Callback):
    """Seconds from the end of one epoch of some steps to the end of the next."""

    def __init__(self):
        super().__init__()
        self.seconds, self.before = [], None

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        if self.before is not None:
            self.seconds.append(now - self.before)
        self.before = now


def small():
    layers = [keras.layers.Dense(256, "relu") for _ in range(4)]
    return [keras.Input((784,)), *layers, keras.layers.Dense(10, "softmax")]


def larger():
    layers = [keras.Input((32, 32, 3))]
    for filters in (32, 64, 128):
        for _ in range(2):
            layers += [
                keras.layers.Conv2D(filters, 3, padding="same"),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
            ]
        layers.append(keras.layers.MaxPooling2D())
    layers.append(keras.layers.GlobalAveragePooling2D())
    return [*layers, keras.layers.Dense(10, "softmax")]


def measure(build, looks, between):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(build())
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.RandomState(0).rand(32 * between, *model.input_shape[1:])
    x = x.astype("float32")
    y = np.arange(len(x)) % 10
    clock = Clock()
    # A look in every second epoch, whose other epochs are the steps alone.
    watch = SignalMonitor(x[:32], y[:32], interval=2 * between)
    model.fit(
        *(x, y),
        batch_size=32,
        epochs=2 * (looks + WARM_UP),
        verbose=0,
        callbacks=[watch, clock],
    )
    # The first epoch has no time, so that the epochs begin with one without a look.
    plain = clock.seconds[2 * WARM_UP :: 2]
    watched = clock.seconds[2 * WARM_UP + 1 :: 2]
    step = statistics.median(plain) / between
    look = statistics.median(watched) - statistics.median(plain)
    return step, look


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--looks", type=int, default=15)
    parser.add_argument("--between", type=int, default=20, help="steps of an epoch")
    arguments = parser.parse_args()
    for build in (small, larger):
        step, look = measure(build, arguments.looks, arguments.between)
        share = look / step
        print(
            f"{keras.backend.backend():10} {build.__name__:6} "
            f"step {1e3 * step:.1f} ms, look {1e3 * look:.0f} ms or {share:.0f} steps: "
            f"{share / monitor.INTERVAL:.1%} of the training at the default interval "
            f"of {monitor.INTERVAL}, a tenth at {10 * share:.0f}"
        )


if __name__ == "__main__":
    main()
