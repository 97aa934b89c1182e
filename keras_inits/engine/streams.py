"""From a seed to the key of a stream.

A key is two 64-bit words. An integer seed becomes a key by hashing its decimal
digits, so seeds of any size and sign are told apart. A seed generator's state,
two words, becomes a key by one Philox block, which a traced state can pass
through as well. A named sub-stream's key is one more block: its counter is the
hash of the name. All of this is part of the promise that streams do not change.
"""

import functools
import hashlib

from keras_inits.engine import philox


def _words(text, count):
    """`count` 64-bit words that stand for `text`."""
    digest = hashlib.blake2b(
        text.encode(), digest_size=8 * count, person=b"keras_inits v1"
    ).digest()
    return tuple(
        int.from_bytes(digest[i : i + 8], "little") for i in range(0, 8 * count, 8)
    )


@functools.lru_cache(maxsize=1024)
def from_seed(seed):
    """Key of an integer seed, of any size and sign."""
    return _words(f"seed {seed}", 2)


def from_address(seed, address):
    """Key of the weight at `address` in a model under an integer seed."""
    return _words(f"seed {seed} at {address}", 2)


STATE_KEY = _words("state of a seed generator", 2)


def from_state(first, second):
    """Key of a seed generator's state, two integers in [0, 2**64)."""
    return philox.block((first, second, 0, 0), STATE_KEY)[:2]


def fold(key, name):
    """Key of the sub-stream `name` of the stream of `key`."""
    return philox.block(_words(f"stream {name}", 4), key)[:2]
