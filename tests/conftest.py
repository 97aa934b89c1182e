"""Shared by all tests: what every test starts from."""

import pytest

import keras_inits


@pytest.fixture(autouse=True)
def _names_are_left_as_found():
    """No test leaves `enable` on for the next."""
    yield
    assert not keras_inits.is_enabled()
