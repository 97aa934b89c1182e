"""Constructors that tell wrong arguments by the name of the class that was called.

Python's own error names the class that defines the constructor, which may be a
private base, and suggests nothing.
"""

import functools
import inspect

from keras_inits import _errors


def named_in_errors(constructor):
    """The constructor, with errors of its arguments told by the class's name."""

    @_errors.named_by_class
    @functools.wraps(constructor)
    def construct(self, *args, **kwargs):
        try:
            constructor(self, *args, **kwargs)
        except TypeError:
            signature = inspect.signature(constructor)
            try:
                signature.bind(self, *args, **kwargs)
            except TypeError as error:
                _refuse(type(self).__name__, error, kwargs, signature.parameters)
            raise

    return construct


def _refuse(class_name, reason, given, parameters):
    """Raises Python's error in the class's name, with the argument that was meant."""
    _, *takes = parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in () if takes_any else given:
        if name not in takes:
            hint = _errors.nearest(name, takes)
            hint = hint or f"Its arguments are {', '.join(takes)}."
            text = f"{class_name}() got an unexpected keyword argument {name!r}. {hint}"
            raise TypeError(text) from None
    raise TypeError(f"{class_name}() {reason}.") from None
