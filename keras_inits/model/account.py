"""What a call that sets weights has done so far, known to whatever ends it early.

An interrupt can arrive between any two statements, so the account is kept from the
first one of the public function to its last, and closed outside of it.
"""

import contextvars
import functools
from collections.abc import Callable

from keras_inits import _convert
from keras_inits._types import P, R


class Account:
    """What one call has done.

    Args:
        action: Name of the public function, for messages.
    """

    def __init__(self, action: str) -> None:
        self.action = action
        self.count: int | None = None  # of the weights to be set, once that is known
        self.seed: int | None = None
        self.finish: Callable[[], object] = lambda: None
        # How many are set, the last one, the next one.
        self.so_far: tuple[int, str | None, str | None] = (0, None, None)

    def open(self, count: int, seed: int, finish: Callable[[], object]) -> None:
        """The call is about to set weights.

        Args:
            count: How many.
            seed: The seed that gives them again.
            finish: Function that sets what goes with the weights. It may be called
                twice.
        """
        self.seed, self.finish, self.count = seed, finish, count

    def setting(self, address: str) -> None:
        """The weight at `address` is about to be set."""
        self.so_far = (*self.so_far[:2], address)

    def was_set(self, address: str) -> None:
        """The weight at `address` is set."""
        self.so_far = (self.so_far[0] + 1, address, None)

    def close(self, error: BaseException) -> None:
        """The call ends with `error`, which gets a note of what was done."""
        if self.count is None:
            # A call that is refused has set nothing, and its error says why.
            if not isinstance(error, Exception):
                error.add_note(f"{self.action}: No weight was set.")
            return
        done, last, following = self.so_far
        note = f"{self.action}: {done} of {self.count} weights were set"
        note += f", the last one {last!r}" if done else ""
        note += f", and perhaps {following!r}" if following else ""
        seed = _convert.text(self.seed)
        error.add_note(f"{note}. Run it again with seed={seed} for the full result.")
        if done or following:
            self.finish()


_current: contextvars.ContextVar[Account | None] = contextvars.ContextVar(
    "account", default=None
)


def current() -> Account | None:
    """The account of the call in progress, None if nobody keeps one."""
    return _current.get()


def kept(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, a public one that sets weights, with an account of each call."""

    @functools.wraps(function)
    def accountable(*args: P.args, **kwargs: P.kwargs) -> R:
        account, outer = None, _current.get()
        try:
            account = Account(function.__name__)
            _current.set(account)
            result = function(*args, **kwargs)
            _current.set(outer)
            return result
        except BaseException as error:
            _current.set(outer)
            (account or Account(function.__name__)).close(error)
            raise

    return accountable
