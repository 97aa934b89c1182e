"""The examples of the reference are doctests: `pytest docs/reference`."""

import keras
import pytest


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch):
    """Tables are as wide as in the guide, and names start from none."""
    monkeypatch.setenv("COLUMNS", "88")
    keras.utils.clear_session()
