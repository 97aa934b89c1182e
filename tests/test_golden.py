"""The streams stay what they are, on every backend: see `tests/golden.py`."""

import json

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
        assert golden.digest(golden.drawn(label, shape, dtype)) == recorded, shape
