"""The same numbers of a network's signal on every backend that differentiates."""

import numpy as np
import pytest

from keras_inits import _backend
from tests.processes import answers, start

pytestmark = pytest.mark.cross

# float32 sums in another order, through up to five layers.
PROMISED = 1e-4

PROGRAM = """
import json
from keras_inits.diagnostics import diagnose, lsuv
from tests.diagnostics.networks import branched, normal, plain, set_kernels

found = {}
for name, model, x in (
    ("plain", plain("tanh", outputs=3), normal((24, 16))),
    ("branched", branched(), normal((6, 8, 8, 2))),
):
    set_kernels(model, lambda shape: 0.2)
    found[name] = diagnose(model, x, normal((len(x), 3), seed=9), "mse").to_dict()
    found[name + " scaled"] = lsuv(model, x, seed=4).to_dict()
print(json.dumps(found))
"""


def numbers(data, path=""):
    """Every number of plain data by its place; no text."""
    if isinstance(data, dict):
        data = list(data.items())
    elif isinstance(data, list):
        data = list(enumerate(data))
    elif isinstance(data, (int, float)):
        return {path: float(data)}
    else:
        return {}
    found = {}
    for key, value in data:
        if key != "histogram":
            found.update(numbers(value, f"{path}/{key}"))
    return found


def test_every_backend_gives_the_same_numbers():
    names = _backend.DIFFERENTIATES
    running = [start("-c", PROGRAM, backend=name) for name in names]
    found = dict(zip(names, answers(running), strict=True))

    reference = numbers(found["torch"])
    assert len(reference) > 150
    for name in ("tensorflow", "jax"):
        other = numbers(found[name])
        assert other.keys() == reference.keys()
        for path, value in reference.items():
            # A mean of numbers of both signs may be near 0: 1e-6 is rounding.
            assert np.isclose(other[path], value, rtol=PROMISED, atol=1e-6), path
    verdicts = {found[name]["plain"]["verdict"] for name in found}
    assert len(verdicts) == 1
