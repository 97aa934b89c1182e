"""The model that a command works on, found by what the user typed.

A target is `module:function`, looked up from the current directory on, or the
name of an architecture in `keras.applications`.
"""

import functools
import importlib
import inspect
import os
import pathlib
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import keras

from keras_inits import _errors

ARGUMENT = "TARGET"
RULE = "`module:function` or the name of a model in keras.applications"


def applications() -> list[str]:
    """Names of the architectures in `keras.applications`, sorted."""
    found = vars(keras.applications).items()
    return sorted(name for name, value in found if inspect.isfunction(value))


def resolve_target(text: str) -> Callable[[], keras.Model]:
    """The function that builds the model which a target names.

    >>> build = resolve_target("MobileNetV2")

    Args:
        text: `module:function`, where the module can be imported from the current
            directory or is installed, and the function takes no argument and
            returns a Keras model; or the name of a function in
            `keras.applications`, which is called with `weights=None`.

    Returns:
        A callable without arguments that returns a `keras.Model`. It raises a
        `ValueError` if the function fails or returns something else.

    Raises:
        ValueError: If there is no such module, function or architecture, or the
            module cannot be imported.
    """
    if not isinstance(text, str):
        _errors.raise_bad_value(ARGUMENT, RULE, text)
    module_name, colon, function_name = text.partition(":")
    if not colon:
        names = applications()
        if text not in names:
            hint = _errors.nearest(text, names)
            _errors.raise_bad_value(ARGUMENT, RULE, text, hint)
        build: Callable[[], Any] = functools.partial(
            getattr(keras.applications, text), weights=None
        )
    elif not (module_name and function_name):
        _errors.raise_bad_value(ARGUMENT, RULE, text)
    else:
        build = _function(text, module_name, function_name)
    return functools.partial(_build, text, build)


def _function(text: str, module_name: str, function_name: str) -> Callable[[], Any]:
    """The function of a user's module."""
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            _fail_as(text, "a module that can be imported", error)
        options = [f"{name}:{function_name}" for name in _modules(here)]
        rule = "a module that can be imported from here, and its function"
        _errors.raise_bad_value(ARGUMENT, rule, text, _errors.nearest(text, options))
    except (Exception, SystemExit) as error:
        _fail_as(text, "a module that can be imported", error)
    function = getattr(module, function_name, None)
    if not callable(function):
        options = [
            f"{module_name}:{name}"
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        ]
        rule = f"a function that the module {module_name!r} has"
        _errors.raise_bad_value(ARGUMENT, rule, text, _errors.nearest(text, options))
    return function


def _modules(directory: str) -> list[str]:
    """Names of the modules and packages that lie in a directory."""
    entries = sorted(pathlib.Path(directory).iterdir())
    files = [entry.stem for entry in entries if entry.suffix == ".py"]
    return files + [
        entry.parent.name for entry in pathlib.Path(directory).glob("*/__init__.py")
    ]


def _build(text: str, build: Callable[[], Any]) -> keras.Model:
    """The model, which must be one."""
    try:
        model = build()
    except (Exception, SystemExit) as error:
        _fail_as(text, "a function that builds a model without arguments", error)
    if not isinstance(model, keras.Model):
        rule = f"a function that returns a keras.Model, not {type(model).__name__}"
        _errors.raise_bad_value(ARGUMENT, rule, text)
    return model


def _fail_as(text: str, rule: str, error: BaseException) -> NoReturn:
    """Reports what the user's own code raised, and where, in one sentence."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if frame.filename != __file__]
    own = [frame for frame in theirs if frame.filename.startswith(os.getcwd())]
    places = [(frame.filename, frame.lineno) for frame in own or theirs]
    message = str(error)
    if isinstance(error, SyntaxError) and error.filename:
        places, message = [(error.filename, error.lineno)], error.msg
    where = ""
    if places:
        where = f" ({os.path.basename(places[-1][0])}, line {places[-1][1]})"
    first = (message.splitlines() or [""])[0]
    raised = f"{type(error).__name__}: {first}" if first else type(error).__name__
    hint = f"It raised {raised}{where}."
    _errors.raise_bad_value(ARGUMENT, rule, text, hint, error)
