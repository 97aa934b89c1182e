"""What `diagnose` costs beside a plain forward and backward pass.

ResNet50, batch 8, under the backend that KERAS_BACKEND names; each of the two
in a process of its own, so that the peak of memory is its own. The plain pass
runs the same way, operation by operation, which is how a model is called
outside of a compiled training step. The first pass warms up; then the fastest
counts.

    python benchmarks/diagnose.py [--repeats N] [--batch N] [--size PIXELS]
"""

import argparse
import json
import resource
import subprocess
import sys
import time


def measure(what, repeats, batch, size):
    import keras
    import numpy as np

    from keras_inits import _backend
    from keras_inits.diagnostics import diagnose

    keras.utils.set_random_seed(0)
    model = keras.applications.ResNet50(weights=None, input_shape=(size, size, 3))
    x = np.random.RandomState(0).rand(batch, size, size, 3).astype("float32")
    y = np.arange(batch).astype("int32")
    loss = keras.losses.SparseCategoricalCrossentropy()

    def plain():
        inputs, targets = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)

        def loss_of(flat, state):
            with keras.StatelessScope(state):
                return loss(targets, model(flat[0], training=True))

        _backend.differentiate(loss_of, [inputs], model.trainable_variables)

    run = plain if what == "plain" else lambda: diagnose(model, x, y, loss)
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    # Kibibytes on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"first": seconds[0], "best": min(seconds[1:]), "peak": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--only", choices=("plain", "diagnose"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = (arguments.repeats, arguments.batch, arguments.size)
    if arguments.only:
        print(json.dumps(measure(arguments.only, *sizes)))
        return
    found = {}
    for what in ("plain", "diagnose"):
        command = [sys.executable, *sys.argv, "--only", what]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found[what] = json.loads(done.stdout.splitlines()[-1])
        numbers = ", ".join(f"{key} {value:.2f}" for key, value in found[what].items())
        print(f"{what:9} {numbers} (seconds, seconds, GiB)")
    for key in found["plain"]:
        print(f"{key}: {found['diagnose'][key] / found['plain'][key]:.2f} times")


if __name__ == "__main__":
    main()
