"""Random words: the counter-based generator Philox4x64-10.

Block `c` of the stream of a key is a bijection of the counter `c`, four 64-bit
words at a time, so any part of a stream costs only its own words. Bulk words
come from `numpy.random.Philox`, whose raw stream NumPy keeps fixed (NEP 19);
single blocks, which derive keys, are computed here with Python's integers.

A *half-word* is 32 bits. Half-word `i` of a stream is the low half of word
`i // 2` when `i` is even and its high half when `i` is odd.

Reference:
    Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2,
    3", on Philox, https://doi.org/10.1145/2063384.2063405. The order of the words
    is that of the authors' own code, Random123, as in NumPy.
"""

import sys
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_inits._types import Host, Key

MASK64 = (1 << 64) - 1
ROUNDS = 10
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
HALVES_PER_BLOCK = 8


def block(counter: Sequence[int], key: Key) -> tuple[int, int, int, int]:
    """One block of four words.

    Args:
        counter: Four integers in [0, 2**64), the least significant first.
        key: Two such integers.

    Returns:
        A tuple of four integers in [0, 2**64).
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        product0 = MULTIPLIERS[0] * c0
        product1 = MULTIPLIERS[1] * c2
        c0 = (product1 >> 64) ^ c1 ^ k0
        c2 = (product0 >> 64) ^ c3 ^ k1
        c1 = product1 & MASK64
        c3 = product0 & MASK64
        k0 = (k0 + WEYL[0]) & MASK64
        k1 = (k1 + WEYL[1]) & MASK64
    return c0, c1, c2, c3


class _OfThread(threading.local):
    """The idle generators of a thread; to make one takes longer than a small draw.

    A draw takes one out while it works, so a signal handler or a finalizer that
    draws in the midst of it gets another.
    """

    def __init__(self) -> None:
        self.idle: list[np.random.Philox] = []


_of_thread = _OfThread()


def _take_generator(idle: list[np.random.Philox]) -> np.random.Philox:
    try:
        return idle.pop()
    except IndexError:
        return np.random.Philox(0)


def half_words(key: Key, start: int, count: int) -> Host:
    """Half-words `start` to `start + count` of a key's stream.

    Args:
        key: Two integers in [0, 2**64).
        start: Index of the first half-word, a multiple of 8.
        count: How many.

    Returns:
        A new int32 array.
    """
    # NumPy steps the counter before it makes its first block.
    counter = start // HALVES_PER_BLOCK - 1
    idle = _of_thread.idle
    bits: Any = _take_generator(idle)  # whose state may be given in Python's integers
    bits.state = {
        "bit_generator": "Philox",
        "state": {
            "counter": [counter >> shift & MASK64 for shift in (0, 64, 128, 192)],
            "key": key,
        },
        "buffer": (0, 0, 0, 0),
        "buffer_pos": 4,  # used up
        "has_uint32": 0,
        "uinteger": 0,
    }
    words = bits.random_raw((count + 1) // 2)
    idle.append(bits)
    if sys.byteorder == "big":
        words = (words << np.uint64(32)) | (words >> np.uint64(32))
    return words.view(np.int32)[:count]
