"""Models in these tests are built under `enable`: nothing is compiled for it."""

import pytest

import keras_inits


@pytest.fixture(autouse=True)
def _models_are_built_fast(_names_are_left_as_found):
    keras_inits.enable()
    yield
    keras_inits.disable()
