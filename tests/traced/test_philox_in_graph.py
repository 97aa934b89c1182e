"""Philox in `keras.ops` gives NumPy's words."""

import keras
import numpy as np
import pytest

from keras_inits import _backend
from keras_inits.engine import graph, philox, streams

pytestmark = pytest.mark.skipif(
    _backend.name() == "numpy", reason="Keras' NumPy backend never traces"
)
KEYS = [(0, 0), (2**64 - 1, 2**64 - 1), streams.from_seed(5)]
LIMBS = {"wide": graph.WideLimbs(), "narrow": graph.NarrowLimbs()}


def kinds():
    """The limbs this backend computes with."""
    return ["narrow"] if _backend.name() == "jax" else ["wide"]


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("key", KEYS)
def test_half_words_are_those_of_the_reference_blocks(kind, key):
    limbs = LIMBS[kind]
    counters = np.array([0, 1, 2, 1000, 2**31, 2**32 - 1], dtype=np.uint64)
    blocks = keras.ops.convert_to_tensor(
        counters.astype(limbs.dtype), dtype=limbs.dtype
    )

    halves = graph.philox_half_words(limbs, blocks, key)

    found = np.stack([_backend.to_numpy(half) for half in halves], axis=-1)
    for row, counter in zip(found, counters, strict=True):
        words = philox.block((int(counter), 0, 0, 0), key)
        expected = np.array(words, dtype="<u8").view("<i4")
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("shape", [(), (5,), (16,), (3, 5), (4, 16), (2, 3, 24)])
def test_an_element_takes_the_half_word_of_its_place(shape):
    key = streams.from_seed(9)
    ops = graph.GraphOps(LIMBS[kinds()[0]])

    found = ops.generate(key, shape, "int32", lambda half_words: half_words)

    expected = philox.HalfWords(key).next(int(np.prod(shape))).reshape(shape)
    np.testing.assert_array_equal(_backend.to_numpy(found), expected)


def test_a_tensor_that_one_counter_cannot_number_is_refused():
    ops = graph.GraphOps(LIMBS[kinds()[0]])

    with pytest.raises(ValueError, match="17179869176") as error:
        ops.generate((0, 0), (2**20, 2**20), "float32", lambda half_words: half_words)

    assert str(error.value) == (
        "Inside a traced function a tensor may have 17179869176 elements at most, "
        "got shape (1048576, 1048576). Draw it in parts."
    )
