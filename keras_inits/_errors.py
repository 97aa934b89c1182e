"""How an error of this package is worded, and how it gets its name.

An error about an argument has one form:

    HeNormal: Argument `seed` must be an integer or None, got 'x'. What to do.

What finds the mistake words all but the name, for it does not know by which way it was
reached: `raise_error` leaves its error without one. The innermost public callable that
such an error leaves puts its own name before it: `named` around a function, and around
a class's methods `named_by_class`. Errors of others pass unchanged.
"""

import contextlib
import difflib
import functools
import types
from collections.abc import Callable, Iterable
from typing import NoReturn, Self

from keras_inits._convert import text
from keras_inits._types import P, R

LONGEST = 1000  # characters of a value that an error shows


class named(contextlib.ContextDecorator):  # noqa: N801, a decorator and a context
    """Decorator, or context, that puts a name before errors that have none yet.

    Args:
        name: The public name of the callable, such as `draws.uniform`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        give_name(error, self.name)


def named_by_class(method: Callable[P, R]) -> Callable[P, R]:
    """`method`, which puts the class's name before errors that have none yet."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except Exception as error:
            give_name(error, type(args[0]).__name__)
            raise

    return call


def give_name(error: BaseException | None, name: str) -> None:
    if error is not None and vars(error).pop("nameless", False):
        type(error).__init__(error, f"{name}: {error}")


def raise_error(
    message: str, kind: type[Exception] = ValueError, cause: BaseException | None = None
) -> NoReturn:
    """Raises an error without a name."""
    error = kind(message)
    vars(error)["nameless"] = True
    raise error from cause


def raise_bad_argument(
    argument: str,
    rule: str,
    got: object,
    way_out: str = "",
    cause: BaseException | None = None,
) -> NoReturn:
    """Raises the one form that all errors about an argument have."""
    message = f"Argument `{argument}` must {rule}, got {got}. {way_out}"
    raise_error(message.rstrip(), cause=cause)


def raise_bad_value(
    argument: str,
    rule: str,
    value: object,
    way_out: str = "",
    cause: BaseException | None = None,
) -> NoReturn:
    """Raises it for an argument that must be something else than this value."""
    raise_bad_argument(argument, f"be {rule}", shown(value), way_out, cause)


def shown(value: object) -> str:
    """A value as an error shows it."""
    return shortened(text(value))


def shortened(found: str) -> str:
    """A text of a length that an error shows."""
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."


def nearest(value: object, options: Iterable[object]) -> str:
    """`Did you mean ...?` for the option closest to `value`, or nothing."""
    name = value if isinstance(value, str) else text(value)
    found = difflib.get_close_matches(name, [str(o) for o in options], 1, 0.5)
    return f"Did you mean {found[0]!r}?" if found else ""


def close(value: object, options: Iterable[str], count: int) -> list[str]:
    """At most `count` of the options, the closest to `value` first."""
    options = list(dict.fromkeys(options))
    return difflib.get_close_matches(str(value), options, count, 0.5)


def reason(error: BaseException) -> str:
    """The first line of what another library says, as a way out."""
    lines = str(error).splitlines()
    return f"The reason: {shortened(lines[0])}" if lines else ""
