"""Shared by all tests: what every test starts from."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.engine import host
from tests.workers import Workers


def pytest_report_header(config):
    """Says which part of the tests this is."""
    chosen = config.option.markexpr or "all"
    return f"keras backend: {keras.backend.backend()}, tests chosen by -m: {chosen}"


def pytest_ignore_collect(collection_path):
    """What tests share has no doctests; some of it is for other processes alone."""
    shared = collection_path.suffix == ".py" and collection_path.stem != "__init__"
    return (shared and not collection_path.name.startswith("test_")) or None


@pytest.fixture(scope="session")
def workers():
    """One process for each backend, started when asked, alive until the last test."""
    group = Workers()
    yield group
    group.stop()


@pytest.fixture(autouse=True)
def _names_are_left_as_found():
    """No test leaves `enable` on for the next."""
    yield
    assert not keras_inits.is_enabled()


@pytest.fixture
def nothing_computed(monkeypatch):
    """Any draw or fill fails the test."""

    def computed(*args, **kwargs):
        raise AssertionError("something was computed before the error")

    for method in ("generate", "full", "cast"):
        monkeypatch.setattr(host.HostOps, method, computed)


@pytest.fixture
def wide_terminal(monkeypatch):
    """Room for a report's table in one part, each row on one line."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(autouse=True, scope="session")
def _shapes_are_inferred_in_silence():
    """Keras' NumPy backend infers shapes from uninitialised arrays.

    Whatever numbers those happen to hold may overflow, which is no warning about
    the layer. Everywhere else a warning stays an error.
    """
    infer = keras.src.backend.compute_output_spec

    def infer_in_silence(*args, **kwargs):
        with np.errstate(all="ignore"):
            return infer(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.src.backend, "compute_output_spec", infer_in_silence)
        yield
