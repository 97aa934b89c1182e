"""Times keras_inits against Keras' own initializers, side by side.

    python benchmarks/initializers.py                      every installed backend
    python benchmarks/initializers.py jax torch --rounds 1
    python benchmarks/initializers.py --output table.md

Each backend runs in a process of its own, a new one each round. Within it ours
and Keras' own take turns, and of all rounds the best time counts, because what
else the machine does can only make a time longer. Prints a Markdown table.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import keras

import keras_inits
from keras_inits import _installed

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
BIG = (4096, 4096)
SMALL_TARGET = "150 us"

# row -> the ratio aimed at, one number for all backends or one for each
TARGETS = {
    "GlorotUniform, shape not seen before": {"jax": 0.01},
    "Zeros, shape not seen before": {"jax": 0.01},
    "Orthogonal, shape not seen before": {"jax": 0.01},
    "GlorotUniform, 64 x 64": SMALL_TARGET,
    "HeNormal, 64 x 64": SMALL_TARGET,
    "RandomUniform, 4096 x 4096": 0.5,
    "RandomNormal, 4096 x 4096": {"tensorflow": 0.8, "jax": 0.8, "torch": 1.2},
    "HeNormal, 4096 x 4096": {"tensorflow": 0.5, "jax": 0.5, "torch": 0.25},
    "Orthogonal, 64 x 64": "300 us",
    "Orthogonal, 256 x 256": 1.2,
    "Orthogonal, 1024 x 1024": 0.9,
    "Orthogonal, 4096 x 4096": 0.9,
    "first build of ResNet50": {"tensorflow": 1, "jax": 1 / 6, "torch": 1},
    "first build of EfficientNetB0": {"tensorflow": 1, "jax": 1 / 6, "torch": 1},
}


def seconds(function, *arguments, **keywords):
    """How long a call takes until its values are there."""
    start = time.perf_counter()
    result = function(*arguments, **keywords)
    if hasattr(result, "block_until_ready"):
        result.block_until_ready()
    return time.perf_counter() - start


def in_turns(ours, theirs, arguments, run=1):
    """The best times of both over calls with each of the arguments.

    A turn is `run` calls: where a call is short, the first one after a change
    pays for what the other side left in the caches and for its threads, which
    spin on for a while.
    """
    times = [], []
    for start in range(0, len(arguments), run):
        for side, initializer in zip(times, (ours, theirs), strict=True):
            side += [seconds(initializer, x) for x in arguments[start : start + run]]
    return [min(side) for side in times]


def both(name, **keywords):
    """The class of that name, ours and Keras'."""
    packages = (keras_inits, keras.initializers)
    return [getattr(package, name)(**keywords) for package in packages]


def rows_of_calls():
    """Yields `(row, [our seconds, Keras' seconds])` for single tensors."""
    fresh = 40
    for row in TARGETS:
        name, _, what = row.partition(", ")
        if what == "shape not seen before":
            pair = both(name, seed=1) if name != "Zeros" else both(name)
            for initializer in pair:  # what is loaded or tabulated once is, now
                initializer((5, 3))
            shapes = [(fresh + i, fresh + 2 * i) for i in range(1, 5)]
            fresh += 20
            yield row, in_turns(*pair, shapes)
        elif what:
            side = int(what.partition(" ")[0])
            repeats, run = {64: (300, 20), 256: (60, 20)}.get(side, (4, 1))
            pair = both(name, seed=1)
            in_turns(*pair, [(side, side)])
            yield row, in_turns(*pair, [(side, side)] * repeats, run)


def rows_of_builds(ours_first):
    """Yields the rows of whole models, each built for the first time.

    The one that comes second finds layers that were imported and traced before;
    so the rounds take turns, and each side's best time counts.
    """
    keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)])
    for row in TARGETS:
        _, _, name = row.partition("first build of ")
        if name:
            times = {}
            for ours in (ours_first, not ours_first):
                (keras_inits.enable if ours else keras_inits.disable)()
                build = getattr(keras.applications, name)
                times[ours] = seconds(build, weights=None)
            keras_inits.disable()
            yield row, [times[True], times[False]]


def measure_on(backend, ours_first):
    """The rows measured in a new process on a backend."""
    side = "ours" if ours_first else "theirs"
    done = subprocess.run(
        [sys.executable, __file__, "measure", side],
        env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "KERAS_BACKEND": backend},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def duration(value):
    """Seconds in a readable unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.2g} us"


def target_of(row):
    """The target as the table says it."""
    target = TARGETS[row]
    if isinstance(target, dict):
        shown = (f"{BACKENDS[name]} {value:.2g}" for name, value in target.items())
        return ", ".join(shown)
    return "" if target is None else str(target)


def table(results):
    """Lines of Markdown from `{backend: {row: (ours, theirs)}}`."""
    yield f"| | target | {' | '.join(BACKENDS[name] for name in results)} |"
    yield "| --- | --- |" + " --- |" * len(results)
    for row in TARGETS:
        cells = []
        for measured in results.values():
            ours, theirs = measured[row]
            cells.append(
                f"**{ours / theirs:.2g}** ({duration(ours)} / {duration(theirs)})"
            )
        yield f"| {row} | {target_of(row)} | {' | '.join(cells)} |"


def machine():
    """One sentence on what the table was taken on."""
    processor = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        models = [line for line in lines if line.startswith("model name")]
        processor = models[0].partition(": ")[2] if models else processor
    versions = [f"Python {platform.python_version()}"]
    for package in ("numpy", "keras", "tensorflow", "tensorflow-cpu", "jax", "torch"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{processor}, {os.cpu_count()} CPUs, {', '.join(versions)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backends", nargs="*", default=list(BACKENDS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=pathlib.Path)
    args = parser.parse_args()
    results: dict[str, dict] = {}
    for round_number in range(args.rounds):
        for backend in args.backends:
            if _installed.missing(backend) is not None:
                continue
            print(f"round {round_number + 1}: {backend}", file=sys.stderr, flush=True)
            kept = results.setdefault(backend, {})
            for row, times in measure_on(backend, round_number % 2 == 0).items():
                kept[row] = [*map(min, kept.get(row, times), times)]
    lines = [
        "The ratio of times, ours to Keras' own; below 1 is faster.",
        f"In brackets both times, each the best of {args.rounds} rounds.",
        f"Machine: {machine()}.",
        "",
        *table(results),
    ]
    print("\n".join(lines))
    if args.output:
        args.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        builds = rows_of_builds(sys.argv[2] == "ours")
        print(json.dumps(dict([*rows_of_calls(), *builds])))
    else:
        main()
