"""Targets: the models that a user names on the command line."""

import re

import keras
import pytest

from keras_inits.named_models import resolve_target

MODULE = """
import keras

def build():
    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])

def fails():
    raise KeyError("x")

def gives_a_number():
    return 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory with modules of a user."""
    (tmp_path / "user_models.py").write_text(MODULE)
    (tmp_path / "user_broken.py").write_text("def build(:\n")
    (tmp_path / "user_lacks.py").write_text("import no_such_library\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_target_is_a_function_of_a_module_here(here):
    model = resolve_target("user_models:build")()

    assert isinstance(model, keras.Model)
    assert model.count_params() == 8


def test_a_target_is_an_application():
    model = resolve_target("MobileNet")()

    assert model.name == "mobilenet_1.00_224"


ONE_OF = "`module:function` or the name of a model in keras.applications"
REFUSED_TARGETS = {
    1: f"{ONE_OF}, got 1.",
    "resnet50": f"{ONE_OF}, got 'resnet50'. Did you mean 'ResNet50'?",
    ":": f"{ONE_OF}, got ':'.",
    "user_modls:build": "a module that can be imported from here, and its function, "
    "got 'user_modls:build'. Did you mean 'user_models:build'?",
    "user_models.py:build": "a module that can be imported from here, and its "
    "function, got 'user_models.py:build'. Did you mean 'user_models:build'?",
    "user_models:buidl": "a function that the module 'user_models' has, got "
    "'user_models:buidl'. Did you mean 'user_models:build'?",
    "user_models:fails": "a function that builds a model without arguments, got "
    "'user_models:fails'. It raised KeyError: 'x' (user_models.py, line 8).",
    "user_models:gives_a_number": "a function that returns a keras.Model, not int, "
    "got 'user_models:gives_a_number'.",
    "user_lacks:build": "a module that can be imported, got 'user_lacks:build'. It "
    "raised ModuleNotFoundError: No module named 'no_such_library' "
    "(user_lacks.py, line 1).",
    "user_broken:build": "a module that can be imported, got 'user_broken:build'. It "
    "raised SyntaxError: invalid syntax (user_broken.py, line 1).",
}


@pytest.mark.parametrize("text", REFUSED_TARGETS)
def test_a_target_that_builds_nothing_is_refused(text, here):
    sentence = f"Argument `TARGET` must be {REFUSED_TARGETS[text]}"

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        resolve_target(text)()
