"""Turns at a shared seed generator, so that no two draws get the same words.

Keras reads a seed generator's state and writes the next one in two steps. Two
threads that share a generator can both read before one of them writes, and a
signal handler or a finalizer can draw between the two steps of the thread that it
interrupts. A lock keeps threads apart; what one thread draws within its own draw is
written down, and words that are taken are passed over.
"""

import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

Words = TypeVar("Words")


class _Turn:
    """Whose turn it is at one generator.

    Attributes:
        lock: Held by the thread that draws.
        taken: The words that were given since its outermost draw began, None if
            nobody draws.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.taken: set[Any] | None = None


# Weak, so that a generator and its lock go when the user lets go of it.
_turns: weakref.WeakKeyDictionary[Any, _Turn] = weakref.WeakKeyDictionary()


def take(generator: Any, next_words: Callable[[], Words]) -> Words:
    """The next words of a generator, which nobody else is given.

    Args:
        generator: The generator, which can be weakly referenced.
        next_words: Function without arguments that reads the words, a tuple, and
            moves the state on; each state has words of its own.
    """
    turn = _turns.setdefault(generator, _Turn())  # one step: no second lock is made
    with turn.lock:
        outer = turn.taken
        taken = turn.taken = set() if outer is None else outer
        try:
            words = next_words()
            while words in taken:
                words = next_words()
            taken.add(words)
            return words
        finally:
            turn.taken = outer
