"""A required backend that is missing fails here, once and by name."""

import importlib.util
import tomllib

import pytest

import tests.__main__ as runner
from keras_inits import _installed
from tests import hub
from tests.cross import workers


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_required_backend_is_installed(backend):
    assert importlib.util.find_spec(backend) is not None
    assert _installed.installed(backend)


@pytest.mark.xfail(reason="the job still runs on 3.15.0", strict=True)
def test_the_lowest_keras_under_test_is_the_declared_one():
    project = tomllib.loads((workers.ROOT / "pyproject.toml").read_text())["project"]
    declared = next(d for d in project["dependencies"] if d.startswith("keras"))
    assert runner.LOWEST_KERAS.startswith(declared.removeprefix("keras>="))


def test_keras_hub_is_installed():
    assert hub.keras_hub is not None, hub.REASON
