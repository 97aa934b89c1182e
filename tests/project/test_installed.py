"""A required backend that is missing fails here, once and by name."""

import importlib.util

import pytest

from keras_inits import _installed
from tests import hub
from tests.initializers import test_keras_own_tests

pytestmark = pytest.mark.cross


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_required_backend_is_installed(backend):
    assert importlib.util.find_spec(backend) is not None
    assert _installed.missing(backend) is None


def test_keras_hub_is_installed():
    assert hub.keras_hub is not None, hub.REASON


def test_keras_ships_its_own_tests():
    assert test_keras_own_tests.SHIPPED
