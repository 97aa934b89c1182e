"""One model built on several backends, each in a process of its own.

`build_everywhere` is the parent's side: it starts the processes one after the
other, so that the build times can be compared, and reads what they left. The
module run as a program is the child's side.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _errors, _reports, _tables, registry
from keras_inits._types import Host
from keras_inits.model.addresses import addresses
from keras_inits.model.fingerprint import fingerprint
from keras_inits.named_models import ARGUMENT, resolve_target

FACTS = "facts.json"
WEIGHTS = "weights.npz"


@dataclasses.dataclass(frozen=True)
class Built:
    """What one backend built.

    `difference` is the largest absolute one between its weights and those of the
    first backend; None where the two have not the same weights to compare.
    """

    backend: str
    fingerprint: str
    seconds: float
    weights: int
    values: int
    difference: float | None


@dataclasses.dataclass(frozen=True)
class ParityReport(_reports.Report):
    """Whether every backend gives a model the same weights.

    Attributes:
        target: What was built, as the user typed it.
        seed: The seed that it was built with.
        enabled: Whether Keras' own names stood for the classes of this package.
        backends: A `Built` for each backend.
        left_out: A sentence on each backend that is not installed.
    """

    target: str
    seed: int
    enabled: bool
    backends: list[Built]
    left_out: list[str]

    @property
    def differing(self) -> list[str]:
        """The backends whose weights are not those of the first one."""
        digest = self.backends[0].fingerprint
        return [row.backend for row in self.backends if row.fingerprint != digest]

    def table(self) -> _tables.Table:
        """A `rich.table.Table` with a row for each backend."""
        table = _tables.Table()
        table.texts("Backend")
        table.numbers("Fingerprint")
        table.numbers("Build", priority=1)
        table.numbers("Largest difference")
        for row in self.backends:
            difference = "none"
            if row.backend in self.differing:
                difference = "other weights"
                if row.difference is not None:
                    difference = f"{row.difference:.3g}"
            digest = f"{row.fingerprint[:16]}..."
            table.add_row(row.backend, digest, f"{row.seconds:.2f} s", difference)
        table.note = "\n".join(self.sentences())
        return table

    def sentences(self) -> list[str]:
        """What the rows say together."""
        first = self.backends[0]
        found = [
            *self.left_out,
            f"{self.target} with seed {self.seed} has {first.weights:,} weights of "
            f"{first.values:,} values.",
        ]
        if self.differing:
            others = ", ".join(self.differing)
            return [*found, f"Not the weights of {first.backend}: {others}."]
        if len(self.backends) == 1:
            found.append(f"Only {first.backend} built it, so nothing was compared.")
        else:
            found.append(f"The same bits on {len(self.backends)} backends.")
        return [*found, f"Fingerprint: {first.fingerprint}"]


def build_everywhere(
    target: str, backends: Iterable[str], *, seed: int, enable: bool
) -> Generator[Built, None, None]:
    """Builds a target's model on each backend and compares the weights.

    Args:
        target: See `resolve_target`.
        backends: List of names of installed backends.
        seed: Integer for `keras.utils.set_random_seed`.
        enable: Whether Keras' own names stand for the classes of this package.

    Yields:
        A `Built` for each backend, as soon as it is there.

    Raises:
        ValueError: If the target cannot be resolved or built.
    """
    with tempfile.TemporaryDirectory(prefix="keras-inits-") as place:
        first = None
        for backend in backends:
            directory = pathlib.Path(place, backend)
            directory.mkdir()
            facts = _start(target, backend, directory, seed, enable)
            if first is None:
                first = directory
            same = facts["fingerprint"] == _facts(first)["fingerprint"]
            facts["difference"] = 0.0 if same else _difference(first, directory)
            yield Built(**facts)
            if directory != first:
                directory.joinpath(WEIGHTS).unlink()


def _facts(directory: pathlib.Path) -> Any:
    return json.loads(directory.joinpath(FACTS).read_text())


def _start(
    target: str, backend: str, directory: pathlib.Path, seed: int, enable: bool
) -> dict[str, Any]:
    """Runs the child on one backend and returns its facts."""
    options = ["--seed", str(seed), "--enable" if enable else "--no-enable"]
    done = subprocess.run(
        [sys.executable, "-m", __name__, target, str(directory), *options],
        env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "KERAS_BACKEND": backend},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if not directory.joinpath(FACTS).exists():
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[
            -1
        ]
        rule, hint = f"a model that builds on {backend}", f"Its process said: {last}"
        _errors.raise_bad_value(ARGUMENT, rule, target, hint)
    facts = _facts(directory)
    if "mistake" in facts:
        _errors.raise_error(facts["mistake"])
    return {"backend": backend, **facts}


def _difference(first: pathlib.Path, second: pathlib.Path) -> float | None:
    """The largest absolute difference, or None for other weights."""
    one, other = (np.load(place.joinpath(WEIGHTS)) for place in (first, second))
    with one, other:
        if sorted(one.files) != sorted(other.files):
            return None
        largest = 0.0
        for address in one.files:
            a, b = one[address], other[address]
            if a.shape != b.shape:
                return None
            if a.size:
                gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
                largest = max(largest, float(gap.max()))
        return largest


def _wide(array: Host) -> Host:
    """The values in a dtype that NumPy's files can hold."""
    return array.astype(np.float32) if array.dtype.itemsize == 2 else array


def _build(
    target: str, seed: int, enable: bool
) -> tuple[dict[str, Any], dict[str, Host]]:
    """The facts about the model, and its weights by address."""
    build = resolve_target(target)
    keras.utils.set_random_seed(seed)
    with registry.enabled() if enable else contextlib.nullcontext():
        start = time.perf_counter()
        model = build()
        seconds = time.perf_counter() - start
    found = addresses(model)
    weights = {
        address: _backend.to_numpy(variable.value) for address, _, variable in found
    }
    facts = {
        "fingerprint": fingerprint(model),
        "seconds": seconds,
        "weights": len(weights),
        "values": sum(value.size for value in weights.values()),
    }
    return facts, weights


def main(argv: Sequence[str] | None = None) -> None:
    """The child's side: builds on Keras' backend and leaves files behind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--enable", action=argparse.BooleanOptionalAction)
    args = parser.parse_args(argv)
    try:
        facts, weights = _build(args.target, args.seed, args.enable)
    except ValueError as error:
        facts, weights = {"mistake": str(error)}, {}
    wide: dict[str, Any] = {address: _wide(value) for address, value in weights.items()}
    np.savez(args.directory / WEIGHTS, **wide)
    (args.directory / FACTS).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
