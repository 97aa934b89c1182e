"""Golden digests: the streams are a promise, and this is its record.

    python -m tests.golden          writes tests/data/golden.json anew
    python -m tests.golden --check  says which entries differ from it

For every label of `tests.cases`, float32 and bfloat16, the file holds the SHA-256
of the values' bytes, row-major and little-endian, at one seed and some shapes.
"""

import hashlib
import json
import pathlib
import sys

from tests import cases

PATH = pathlib.Path(__file__).parent / "data" / "golden.json"
SEED = 20240229
DTYPES = ("float32", "bfloat16")
SHAPES = [(7,), (3, 5), (8, 1, 5), (64, 64), (3, 3, 5, 8), (2, 3, 4, 5, 6)]
SHAPES += [(1, 2, 3, 4, 8), (1000, 600)]  # the last one is drawn by threads
# Several panels of reflections, the last one not full, and transposed.
FURTHER = {"Orthogonal": [(300, 700)], "PerGate orthogonal": [(300, 700)]}


def shapes_of(label):
    """The shapes that the label takes."""
    shapes = [*SHAPES, *FURTHER.get(label, ())]
    return [shape for shape in shapes if cases.takes(label, shape)]


def drawn(label, shape, dtype):
    """The values of a label's initializer as a NumPy array of that dtype."""
    from keras_inits.engine.host import numpy_dtype
    from tests.support import as_numpy

    values = as_numpy(cases.build(label, SEED)(shape, dtype))
    return values.astype(numpy_dtype(dtype))  # torch hands bfloat16 out as float32


def digest(values):
    """SHA-256 of the values' bytes, little-endian."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little.tobytes()).hexdigest()


def entries():
    """Yields `(key, value)` for every entry of the file."""
    for label in cases.LABELS:
        for shape in shapes_of(label):
            for dtype in DTYPES:
                values = drawn(label, shape, dtype)
                key = f"{label} {shape} {dtype}"
                yield key, digest(values)


def main(arguments):
    """Writes the file, or compares with it."""
    found = dict(entries())
    if arguments == ["--check"]:
        recorded = json.loads(PATH.read_text())
        every = sorted({*found, *recorded})
        differing = [key for key in every if found.get(key) != recorded.get(key)]
        print("\n".join(differing) or "Nothing differs.")
        return 1 if differing else 0
    PATH.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
