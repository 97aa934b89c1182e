"""JSON that a user gave a command, read within bounds."""

import json
from typing import Any, NoReturn

from keras_inits import _errors

DEEPEST = 32  # objects and lists inside of one another
LARGEST = 1 << 24  # bytes of a file


def json_object(
    option: str, text: str, rule: str, *, given: str | None = None
) -> dict[str, Any]:
    """The object that a JSON text holds.

    Args:
        option: The option that the text was given to.
        text: The text.
        rule: What it must be, for the error.
        given: What the user typed, where that is not the text itself.

    Raises:
        ValueError: If it is no JSON, no object, or nested more than 32 deep.
    """
    given = text if given is None else given
    try:
        found = json.loads(text)
    except RecursionError:
        _too_deep(option, given)
    except ValueError as error:
        _errors.raise_bad_value(option, rule, given, f"It is no JSON: {error}.")
    if not isinstance(found, dict):
        _errors.raise_bad_value(option, rule, given)
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        inner = [v.values() if isinstance(v, dict) else v for v in level]
        level = [v for part in inner for v in part if isinstance(v, (dict, list))]
    if level:
        _too_deep(option, given)
    return found


def json_file(option: str, path: str, rule: str) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        ValueError: If it cannot be read or has more than 16 MiB, and as
            `json_object` says.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
        text = content.decode("utf-8")
    except (OSError, ValueError) as error:
        _errors.raise_bad_value(option, rule, path, f"{error}.")
    if len(content) > LARGEST:
        _errors.raise_bad_value(option, f"{rule}, of at most 16 MiB", path)
    return json_object(option, text, rule, given=path)


def _too_deep(option: str, given: str) -> NoReturn:
    rule = f"JSON that is nested at most {DEEPEST} deep"
    _errors.raise_bad_value(option, rule, given)
