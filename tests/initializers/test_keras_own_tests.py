"""Keras' own tests of initializers pass with these classes in Keras' place.

The test files ship in Keras' wheel. They run in a process of their own, on the
backend that runs now, where the attributes of `keras.initializers` that name a
class we have are ours, and `enable` is on for the names that are strings.
"""

import importlib.util
import pathlib
import shutil

import keras
import pytest

from tests.processes import run

FILES = ["random_initializers_test.py", "constant_initializers_test.py"]
CONFTEST = '''
"""Puts the classes of keras_inits in the place of Keras' own."""

import keras
from keras.src import initializers
from keras.src.initializers import random_initializers

import keras_inits

replaced = 0
for name in keras_inits.__all__:
    cls = getattr(keras_inits, name)
    if isinstance(cls, type) and hasattr(initializers, name):
        for module in (initializers, keras.initializers):
            setattr(module, name, cls)
        replaced += 1
random_initializers.compute_fans = keras_inits.compute_fans
keras_inits.enable()


def skip_if_backend(backend, reason):
    return lambda test: test  # what Keras' own cannot do there, ours can


def pytest_report_header():
    return f"{replaced} classes replaced"


def pytest_unconfigure():
    assert initializers.GlorotUniform is keras_inits.GlorotUniform
    assert initializers.get("glorot_uniform").__class__ is keras_inits.GlorotUniform
'''


def source_of(name):
    """The test file in the installed Keras."""
    package = importlib.util.find_spec("keras").submodule_search_locations[0]
    return pathlib.Path(package) / "src" / "initializers" / name


SHIPPED = all(source_of(name).exists() for name in FILES)
pytestmark = pytest.mark.skipif(
    not SHIPPED, reason=f"Keras {keras.__version__} ships without its own tests"
)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """What pytest says of both files."""
    directory = tmp_path_factory.mktemp("keras_own_tests")
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "pytest.ini").write_text("[pytest]\n")
    for name in FILES:
        shutil.copy(source_of(name), directory)
    status, text, errors = run(
        *("-m", "pytest", "-v", "-p", "no:cacheprovider", directory), cwd=directory
    )
    return status, text + errors


@pytest.mark.parametrize("name", FILES)
def test_keras_own_tests_pass_with_our_classes(output, name):
    status, text = output
    lines = [line for line in text.splitlines() if line.startswith(f"{name}::")]
    lines = [line for line in lines if line.endswith("%]")]  # not the summaries
    written = source_of(name).read_text().count("    def test_")

    assert "17 classes replaced" in text or "16 classes replaced" in text, text
    assert len(lines) == written, text
    assert all(" PASSED" in line for line in lines), text
    assert status == 0, text


def test_keras_would_notice_classes_that_are_not_its_own(output):
    assert keras.initializers.GlorotUniform.__module__.startswith("keras.src.")
    assert "Error" not in output[1]
