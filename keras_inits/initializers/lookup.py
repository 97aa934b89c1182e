"""Which name stands for which initializer.

A class is listed where it is defined, by the decorator `listed`. What the names
mean to Keras, and the public functions, are the business of `registry`.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import keras

from keras_inits import _convert, _errors
from keras_inits._types import C

PACKAGE = "keras_inits"

# name -> class, or a user's function, in the order of definition
BY_NAME: dict[str, Any] = {}


def snake_case(name: str) -> str:
    """`GlorotUniform` -> `glorot_uniform`, as Keras does it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def names_of(cls: Any, aliases: Iterable[str] = ()) -> tuple[str, ...]:
    """All names of a class: its own, in snake case, and its aliases."""
    return tuple(dict.fromkeys((cls.__name__, snake_case(cls.__name__), *aliases)))


def listed(*aliases: str) -> Callable[[C], C]:
    """Decorator that lists a class and makes it known to Keras' saving.

    A saved model then names the package, not the file of the class.
    """

    def decorate(cls: C) -> C:
        cls.__module__ = PACKAGE
        keras.saving.register_keras_serializable(package=PACKAGE)(cls)
        BY_NAME.update(dict.fromkeys(names_of(cls, aliases), cls))
        return cls

    return decorate


@functools.cache
def parameters_of(cls: type[Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class's constructor, which Python finds slowly."""
    return inspect.signature(cls).parameters


def raise_unknown_name(value: str, argument: str = "identifier") -> NoReturn:
    """Refuses an initializer's name that nobody listed."""
    hint = _errors.nearest(value, BY_NAME) or "keras_inits.names() lists them all."
    _errors.raise_bad_value(argument, "the name of an initializer", value, hint)


def make(cls: Any, config: Any = None, *, argument: str = "identifier") -> Any:
    """An instance of a listed class from its config; a function is one already."""
    if inspect.isfunction(cls):
        return cls
    if not (config is None or isinstance(config, Mapping)):
        _errors.raise_bad_value(argument, f"a config of {cls.__name__}", config)
    required = [
        name
        for name, parameter in parameters_of(cls).items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and name not in (config or {})
    ]
    if required:
        name, needed = cls.__name__, ", ".join(f"{n!r}: ..." for n in required)
        config = f"{{'class_name': {name!r}, 'config': {{{needed}}}}}"
        rule = f"given with its arguments, as {config}"
        _errors.raise_bad_value(argument, rule, name)
    try:
        return cls.from_config(dict(config or {}))
    except TypeError as error:
        rule = f"a config of {cls.__name__}"
        return _errors.raise_bad_value(argument, rule, config, _errors.reason(error))


def find(identifier: Any, argument: str = "identifier") -> Any:
    """The initializer for a name, a config, a class or an instance.

    Args:
        identifier: The name, config, class or instance.
        argument: The name used in error messages for the identifier.

    Returns:
        An instance; None for None; what Keras makes of it where it is neither
        a listed name nor one of ours.
    """
    if isinstance(identifier, str):
        found = BY_NAME.get(identifier)
        found = found or keras.saving.get_registered_object(identifier)
        if found is None:
            raise_unknown_name(identifier, argument)
        return make(found, argument=argument)
    if isinstance(identifier, dict):
        package, _, filed = str(identifier.get("registered_name") or "").rpartition(">")
        name = filed or identifier.get("class_name")
        if package in ("", PACKAGE) and isinstance(name, str):
            config = identifier.get("config")
            name = name.rpartition(">")[2]
            if name in BY_NAME:
                return make(BY_NAME[name], config, argument=argument)
            if not package and identifier.get("module") is None:
                raise_unknown_name(name, argument)
    rule = "an initializer, its name or its config"
    known = isinstance(identifier, dict) or identifier is None or callable(identifier)
    if not (known or _is_array(identifier)):
        _errors.raise_bad_value(argument, rule, identifier)
    try:
        return keras.initializers.get(_convert.without_variable(identifier))
    except Exception as error:  # there is no saying what a class or a config raises
        return _errors.raise_bad_value(
            argument, rule, identifier, _errors.reason(error)
        )


def _is_array(value: Any) -> bool:
    """Whether Keras takes a value for a constant array."""
    try:
        return hasattr(value, "shape") or keras.ops.is_tensor(value)
    except Exception:  # there is no saying what an attribute raises
        return False
