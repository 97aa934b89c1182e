"""The words: Philox4x64-10, as published and as NumPy streams them."""

import concurrent.futures
import pathlib

import numpy as np
import pytest

from keras_inits.engine import philox

pytestmark = pytest.mark.once

DATA = pathlib.Path(__file__).parent.parent / "data" / "philox4x64_10.txt"
KEY = (0x0123456789ABCDEF, 0xFEDCBA9876543210)


def known_answers():
    lines = DATA.read_text().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [tuple(int(word, 16) for word in row) for row in rows]


def blocks(key, first, count):
    """Words of `count` blocks from the counter `first` on, in Python's integers."""
    words = []
    for number in range(first, first + count):
        counter = [(number >> shift) & philox.MASK64 for shift in (0, 64, 128, 192)]
        words += philox.block(counter, key)
    return np.array(words, np.uint64)


def test_the_reference_has_three_known_answers():
    assert len(known_answers()) == 3
    assert {len(row) for row in known_answers()} == {10}


@pytest.mark.parametrize("row", known_answers())
def test_a_block_meets_the_known_answer(row):
    assert philox.block(row[:4], row[4:6]) == row[6:]


@pytest.mark.parametrize("row", known_answers())
def test_the_host_stream_meets_the_known_answer(row):
    counter = sum(word << 64 * place for place, word in enumerate(row[:4]))

    found = philox.half_words(row[4:6], 8 * counter, 8)

    assert found.dtype == np.int32
    assert tuple(found.view("<u8").tolist()) == row[6:]


@pytest.mark.parametrize("first", [0, 1, 2**16 - 1, 2**64 - 2, 2**128 - 1])
def test_the_host_stream_equals_the_blocks_word_for_word(first):
    found = philox.half_words(KEY, 8 * first, 8 * 50).view("<u8")

    np.testing.assert_array_equal(found, blocks(KEY, first, 50))


def test_an_even_half_word_is_the_low_half_of_its_word_and_an_odd_one_the_high():
    words = blocks(KEY, 0, 20)
    found = philox.half_words(KEY, 0, 160).view(np.uint32)

    np.testing.assert_array_equal(found[0::2], words & np.uint64(0xFFFFFFFF))
    np.testing.assert_array_equal(found[1::2], words >> np.uint64(32))


@pytest.mark.parametrize("start", [8, 64, 8 * 123, 8 * 4096])
def test_reading_from_an_offset_gives_the_stream_from_there(start):
    whole = philox.half_words(KEY, 0, start + 200)

    np.testing.assert_array_equal(philox.half_words(KEY, start, 200), whole[start:])


def test_threads_that_read_at_once_read_their_own_streams():
    def read(number):
        return [philox.half_words((number, 0), 8 * i, 8) for i in range(200)]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, range(8)))

    for number, pieces in enumerate(found):
        expected = blocks((number, 0), 0, 200).view("<i4")
        np.testing.assert_array_equal(np.concatenate(pieces), expected)


def test_both_words_of_the_key_count():
    keys = [KEY, (KEY[0], KEY[1] ^ 1), (KEY[0] ^ 1, KEY[1]), KEY[::-1]]
    streams = {philox.half_words(key, 0, 8).tobytes() for key in keys}

    assert len(streams) == len(keys)
