"""The streams stay what they are, on every backend: see `tests/golden.py`."""

import json

import numpy as np
import pytest

from tests import cases, golden

RECORDED = json.loads(golden.PATH.read_text())


def test_the_record_has_every_case_and_no_other():
    keys = {
        f"{label} {shape} {dtype}"
        for label in cases.LABELS
        for shape in golden.shapes_of(label)
        for dtype in golden.DTYPES
    }

    assert set(RECORDED) == keys
    assert all(golden.shapes_of(label) for label in cases.LABELS)


@pytest.mark.parametrize("dtype", golden.DTYPES)
@pytest.mark.parametrize("label", cases.LABELS)
def test_values_are_those_of_the_record(label, dtype):
    for shape in golden.shapes_of(label):
        recorded = RECORDED[f"{label} {shape} {dtype}"]
        values = golden.drawn(label, shape, dtype)
        if label in golden.BY_VALUE:
            # float32 after some 100 reflections, or one step of a bfloat16 below 1.
            tolerance = 1e-5 if dtype == "float32" else 2.0**-8
            np.testing.assert_allclose(
                golden.kept(values), recorded, rtol=0, atol=tolerance
            )
        else:
            assert golden.digest(values) == recorded, shape
