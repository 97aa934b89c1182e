"""Constructors that tell wrong arguments by the name of the class that was called.

Python's own error names the class that defines the constructor, which may be a
private base, and suggests nothing.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from keras_inits import _errors


def named_in_errors(constructor: Callable[..., None]) -> Callable[..., None]:
    """The constructor, with errors of its arguments told by the class's name."""

    @functools.wraps(constructor)
    def construct(self: object, *args: Any, **kwargs: Any) -> None:
        try:
            constructor(self, *args, **kwargs)
        except Exception as error:
            _errors.give_name(error, type(self).__name__)
            if isinstance(error, TypeError):
                _require_bound(constructor, self, args, kwargs)
            raise

    return construct


def _require_bound(
    constructor: Callable[..., None],
    made: object,
    args: tuple[Any, ...],
    given: dict[str, Any],
) -> None:
    """Raises Python's error in the class's name, with the argument that was meant."""
    signature, class_name = inspect.signature(constructor), type(made).__name__
    try:
        signature.bind(made, *args, **given)
        return
    except TypeError as error:
        reason = error
    _, *takes = parameters = signature.parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in () if takes_any else given:
        if name not in takes:
            hint = _errors.nearest(name, takes)
            hint = hint or f"Its arguments are {', '.join(takes)}."
            text = f"{class_name}() got an unexpected keyword argument {name!r}. {hint}"
            raise TypeError(text) from None
    raise TypeError(f"{class_name}() {reason}.") from None
