"""What SECURITY.md says of files that somebody else wrote."""

import ast
import inspect
import json
import pathlib

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.cli import _archive
from keras_inits.initializers import lookup
from tests.support import raises_exactly

pytestmark = pytest.mark.once

PACKAGE = pathlib.Path(keras_inits.__file__).parent
CLASSES = sorted(
    {cls for cls in lookup.BY_NAME.values() if inspect.isclass(cls)},
    key=lambda cls: cls.__name__,
)
ARGUMENTS = [
    pytest.param(cls, name, id=f"{cls.__name__}-{name}")
    for cls in CLASSES
    for name in inspect.signature(cls).parameters
]
ran = []


def intrude(x):
    """What must not run."""
    ran.append(x)
    return x


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


def lambda_config():
    """A config that carries code, as Keras writes it into a file."""
    with pytest.warns(UserWarning, match="includes a `lambda`"):
        config = keras.saving.serialize_keras_object(
            lambda x: __import__(
                "tests.project.test_security", fromlist=["intrude"]
            ).intrude(x)
        )
    return json.loads(json.dumps(config))


def function_config():
    """A config that names a function which nobody registered."""
    return {
        "module": __name__,
        "class_name": "function",
        "config": "intrude",
        "registered_name": "intrude",
    }


@pytest.mark.parametrize("intruder", [lambda_config, function_config])
@pytest.mark.parametrize(("cls", "name"), ARGUMENTS)
def test_no_argument_is_code(cls, name, intruder):
    try:
        initializer = cls.from_config({name: intruder()})
        initializer((4, 4), "float32")
    except (TypeError, ValueError):
        pass

    assert ran == []


def test_only_without_safe_mode_a_lambda_runs():
    config = keras.saving.serialize_keras_object(keras_inits.KaimingNormal())
    config["config"]["nonlinearity"] = lambda_config()

    with pytest.raises(ValueError, match="`nonlinearity`"):
        keras.saving.deserialize_keras_object(config)
    assert ran == []
    keras.saving.deserialize_keras_object(config, safe_mode=False)
    assert ran != []


def test_a_registered_function_is_saved_by_its_name():
    function = keras.saving.register_keras_serializable("tests")(intrude)
    initializer = keras_inits.KaimingNormal(nonlinearity=function)

    saved = keras.saving.serialize_keras_object(initializer)["config"]["nonlinearity"]

    assert ran != []
    assert saved["class_name"] == "function"
    assert saved["config"] == "tests>intrude"


class Pickled:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return intrude, ("unpickled",)


def test_a_pickled_object_in_an_archive_is_not_unpickled(tmp_path):
    path = str(tmp_path / "data.npz")
    np.savez(path, x=np.array([Pickled()], object))

    message = (
        f"Array `x` of `--data` must hold real numbers, got dtype object in {path!r}."
    )
    with raises_exactly(message):
        _archive.front(path, 1)
    assert ran == []
    np.load(path, allow_pickle=True)["x"]
    assert ran == ["unpickled"]


def test_nothing_reaches_out_but_the_command_that_starts_backends():
    modules = {
        *("asyncio", "http", "marshal", "multiprocessing", "pickle", "requests"),
        *("shelve", "socket", "subprocess", "urllib"),
    }
    users = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                if name.split(".")[0] in modules:
                    users.setdefault(path.stem, set()).add(name)

    assert users == {"parity": {"subprocess"}}
