"""Element i depends on the key and on i alone: not on how it was reached."""

import os

import numpy as np
import pytest

from keras_inits.engine import draws, host
from tests.processes import output

pytestmark = pytest.mark.once

KEY = (12345, 67890)
SIZE = 3 * 4096 + 7
DRAWS = {
    "uniform": lambda ops, shape, dtype: draws.uniform(
        ops, KEY, shape, low=-0.3, high=0.7, dtype=dtype
    ),
    "normal": lambda ops, shape, dtype: draws.normal(
        ops, KEY, shape, mean=0.1, stddev=0.2, dtype=dtype
    ),
    "truncated": lambda ops, shape, dtype: draws.truncated_normal(
        ops, KEY, shape, 0.0, 1.0, (-2.0, 1.0), (-2.0, 1.0), dtype=dtype
    ),
}


@pytest.fixture(params=DRAWS)
def draw(request):
    return DRAWS[request.param]


def drawn(draw, shape, dtype="float32"):
    return draw(host.HostOps(), shape, dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 1000, 4097])
def test_a_shorter_tensor_is_the_beginning_of_a_longer_one(draw, size, dtype):
    longer = drawn(draw, (SIZE,), dtype)

    np.testing.assert_array_equal(drawn(draw, (size,), dtype), longer[:size])


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 3, 4), (1, 24, 1)])
def test_elements_are_counted_row_by_row_whatever_the_shape(draw, shape):
    np.testing.assert_array_equal(drawn(draw, shape).ravel(), drawn(draw, (24,)))


@pytest.mark.parametrize("block", [8, 64, 1000, 4096, 1 << 20])
def test_the_block_size_changes_no_bit(draw, block, monkeypatch):
    expected = drawn(draw, (SIZE,))
    monkeypatch.setattr(host, "BLOCK", 8 * (block // 8))

    np.testing.assert_array_equal(drawn(draw, (SIZE,)), expected)


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 64])
def test_the_number_of_threads_changes_no_bit(draw, threads, monkeypatch):
    expected = drawn(draw, (SIZE,))
    monkeypatch.setattr(host, "BLOCK", 256)
    monkeypatch.setattr(host, "THREADED_FROM", 0)
    monkeypatch.setattr(host, "_threads", lambda: threads)

    np.testing.assert_array_equal(drawn(draw, (SIZE,)), expected)


def test_an_empty_tensor_may_be_drawn_by_threads(draw, monkeypatch):
    monkeypatch.setattr(host, "THREADED_FROM", 1)

    assert drawn(draw, (0, 3)).shape == (0, 3)
    assert drawn(draw, ()).shape == ()


def test_a_large_tensor_is_drawn_by_threads_and_begins_like_a_small_one(draw):
    large = drawn(draw, (host.THREADED_FROM + 5,))

    np.testing.assert_array_equal(large[:1000], drawn(draw, (1000,)))
    # The last elements, reached by one thread alone from the last block's start.
    start = 8 * (len(large) // 8 - 3)
    tail = _Given(host.philox.half_words(KEY, start, len(large) - start))
    np.testing.assert_array_equal(large[start:], draw(tail, (), "float32"))


class _Given(host.HostOps):
    """Draws from given half-words."""

    def __init__(self, half_words):
        self.half_words = half_words

    def generate(self, key, shape, dtype, formula):
        return formula(self.half_words)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_forked_process_draws_with_threads_of_its_own():
    script = (
        "import os\n"
        "from keras_inits.engine import draws, host\n"
        "def draw():\n"
        "    ops, shape = host.HostOps(), (4 * host.BLOCK,)\n"
        "    return draws.uniform(ops, (1, 2), shape, low=0, high=1, dtype='float32')\n"
        "host._threads = lambda: 3\n"
        "before = draw()\n"
        "child = os.fork()\n"
        "if child:\n"
        "    print(os.waitpid(child, 0)[1], (draw() == before).all())\n"
        "else:\n"
        "    os._exit(0 if (draw() == before).all() else 1)\n"
    )

    assert output("-c", script).split() == ["0", "True"]
