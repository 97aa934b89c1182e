"""Philox in `keras.ops` gives NumPy's words."""

import keras
import numpy as np
import pytest

from keras_inits import _backend
from keras_inits.engine import graph, host, philox, streams
from tests.support import needs_wide
from tests.tracers import tracers

pytestmark = [
    pytest.mark.traced,
    needs_wide,
    pytest.mark.skipif(not tracers(), reason=f"{_backend.name()} never traces"),
]
KEYS = [(0, 0), (2**64 - 1, 2**64 - 1), streams.from_seed(5)]


@pytest.mark.parametrize("key", KEYS)
def test_words_are_those_of_the_reference_blocks(key):
    counters = [0, 1, 2, 1000, 2**31, 2**32 - 1, 2**32, 2**50 + 7]
    with _backend.wide():
        blocks = keras.ops.convert_to_tensor(np.array(counters), dtype="int64")

        words = graph.philox_words(blocks, key)

    found = np.stack([_backend.to_numpy(word) for word in words], axis=-1)
    expected = [philox.block((counter, 0, 0, 0), key) for counter in counters]
    np.testing.assert_array_equal(
        found.view(np.uint64), np.array(expected, dtype=np.uint64)
    )


@pytest.mark.parametrize("shape", [(), (5,), (16,), (3, 5), (4, 16), (2, 3, 24)])
def test_an_element_takes_the_half_word_of_its_place(shape):
    key = streams.from_seed(9)
    ops = graph.GraphOps()

    found = ops.generate(key, shape, "int32", lambda half_words: half_words)

    expected = philox.half_words(key, 0, int(np.prod(shape))).reshape(shape)
    np.testing.assert_array_equal(_backend.to_numpy(found), expected)


def test_equal_keys_keep_their_order_as_on_the_host():
    keys = np.random.RandomState(0).randint(-3, 3, (3, 5000)).astype(np.int32)
    ops = graph.GraphOps()

    found = ops.permutations(keras.ops.convert_to_tensor(keys))

    np.testing.assert_array_equal(
        _backend.to_numpy(found), host.HostOps().permutations(keys)
    )


@pytest.mark.skipif(_backend.name() != "jax", reason="lowers without computing")
def test_blocks_are_numbered_beyond_32_bits():
    import jax

    ops = graph.GraphOps()
    shape = (2**20, 2**20)
    program = jax.jit(lambda: ops.generate((0, 0), shape, "int32", lambda half: half))

    text = program.lower().as_text()

    # The last block has the number 2**37 - 1: rows count in steps of 2**17.
    assert f"tensor<{2**20}x{2**17}xi64>" in text
    assert f"stablehlo.constant dense<{2**17}> : tensor<i64>" in text
