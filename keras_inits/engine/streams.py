"""From a seed to the key of a stream.

A key is two 64-bit words. An integer seed becomes a key by hashing its decimal
digits, so seeds of any size and sign are told apart. A seed generator's state,
two words, becomes a key by one Philox block, which a traced state can pass
through as well. A named sub-stream's key is one more block: its counter is the
hash of the name. All of this is part of the promise that streams do not change.

Where a whole model is drawn, `drawing_from` puts the key of a weight in the
place of the seeds of all initializers that are called within, also of those
that somebody else's code calls.
"""

import contextlib
import contextvars
import functools
import hashlib
import random
from collections.abc import Iterator
from typing import TypeVar

import keras

from keras_inits import _backend
from keras_inits._types import Key
from keras_inits.engine import philox, turns


def _words(text: str, count: int) -> tuple[int, ...]:
    """`count` 64-bit words that stand for `text`."""
    digest = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"),
        digest_size=8 * count,
        person=b"keras_inits v1",
    ).digest()
    return tuple(
        int.from_bytes(digest[i : i + 8], "little") for i in range(0, 8 * count, 8)
    )


def _key(text: str) -> Key:
    first, second = _words(text, 2)
    return first, second


DIGITS = 10**600  # Python may refuse to write an integer of more digits at once


def _digits(seed: int | str) -> str:
    """An integer's decimal digits, however many there are."""
    if not isinstance(seed, int) or -DIGITS < seed < DIGITS:
        return f"{seed}"
    sign, rest, parts = "-" if seed < 0 else "", abs(seed), []
    while rest >= DIGITS:
        rest, part = divmod(rest, DIGITS)
        parts.append(f"{part:0600d}")
    return f"{sign}{rest}{''.join(reversed(parts))}"


S = TypeVar("S")
LARGEST_FRESH = 10**9  # as in Keras, so that both take the same draws of `random`


def seed_or_fresh(seed: S | None) -> S | int:
    """The seed; for None a fresh one from Python's `random`."""
    return random.randint(1, LARGEST_FRESH) if seed is None else seed


@functools.lru_cache(maxsize=1024)
def from_seed(seed: int | str) -> Key:
    """Key of an integer seed, of any size and sign."""
    return _key(f"seed {_digits(seed)}")


def from_address(seed: int, address: str) -> Key:
    """Key of the weight at `address` in a model under an integer seed."""
    return _key(f"seed {_digits(seed)} at {address}")


STATE_KEY = _key("state of a seed generator")


def from_state(first: int, second: int) -> Key:
    """Key of a seed generator's state, two integers in [0, 2**64)."""
    return philox.block((first, second, 0, 0), STATE_KEY)[:2]


def next_state(generator: keras.random.SeedGenerator) -> tuple[int, ...]:
    """A seed generator's two words; its state moves on by one.

    Draws that share the generator, in threads and within one another, get words of
    their own.
    """

    def next_words() -> tuple[int, ...]:
        words = _backend.to_numpy(generator.next())
        return tuple(int(word) & 0xFFFFFFFF for word in words.ravel())

    return turns.take(generator, next_words)


def fold(key: Key, name: str) -> Key:
    """Key of the sub-stream `name` of the stream of `key`."""
    return philox.block(_words(f"stream {name}", 4), key)[:2]


class _Source:
    """The stream of a weight, for every draw that is made for it."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.draws = 0

    def next_key(self) -> Key:
        """The stream itself for the first draw, then a sub-stream for each."""
        self.draws += 1
        return self.key if self.draws == 1 else fold(self.key, f"draw {self.draws}")


_source: contextvars.ContextVar[_Source | None] = contextvars.ContextVar(
    "the stream that initializers draw from", default=None
)


@contextlib.contextmanager
def drawing_from(key: Key | None) -> Iterator[None]:
    """Context in which initializers of this thread draw from one stream.

    Without a key nothing is changed.
    """
    token = _source.set(_source.get() if key is None else _Source(key))
    try:
        yield
    finally:
        _source.reset(token)


def is_given() -> bool:
    """Whether `drawing_from` says what to draw from."""
    return _source.get() is not None


def given_key() -> Key | None:
    """The key for the next draw within `drawing_from`; None outside of it."""
    source = _source.get()
    return None if source is None else source.next_key()
