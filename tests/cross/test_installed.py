"""A required backend that is missing fails here, once and by name."""

import importlib.util

import pytest

from keras_inits import _backend


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_required_backend_is_installed(backend):
    assert importlib.util.find_spec(backend) is not None
    assert _backend.installed(backend)
