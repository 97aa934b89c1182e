"""Draws within draws and beside them: none disturbs another."""

import concurrent.futures
import contextlib
import sys
import threading
import weakref

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.engine import host, philox, streams, turns
from tests.support import as_numpy

pytestmark = pytest.mark.once

KEY, OTHER = (3, 5), (7, 11)


def whole(key, count):
    """A key's half-words from the blocks, which share nothing between draws."""
    blocks = -(-count // philox.HALVES_PER_BLOCK)
    words = [philox.block((number, 0, 0, 0), key) for number in range(blocks)]
    return np.array(words, np.uint64).view(np.int32).ravel()[:count]


class Interrupting:
    """A generator that draws on its own between the state and the words."""

    def __init__(self, depth):
        self.bits = np.random.Philox(0)
        self.depth = depth
        self.inner = []

    @property
    def state(self):
        return self.bits.state

    @state.setter
    def state(self, value):
        self.bits.state = value

    def random_raw(self, count):
        if self.depth:
            self.depth -= 1
            self.inner.append(philox.half_words(OTHER, 0, 40))
        return self.bits.random_raw(count)


def test_a_draw_within_a_draw_leaves_both_right(monkeypatch):
    bits = Interrupting(depth=1)
    monkeypatch.setattr(philox._of_thread, "idle", [bits])

    found = philox.half_words(KEY, 0, 80)

    np.testing.assert_array_equal(found, whole(KEY, 80))
    np.testing.assert_array_equal(bits.inner, [whole(OTHER, 40)])


def test_a_draw_within_a_draw_within_a_draw_leaves_all_right(monkeypatch):
    outer, middle = Interrupting(depth=1), Interrupting(depth=1)
    monkeypatch.setattr(philox._of_thread, "idle", [middle, outer])

    found = philox.half_words(KEY, 0, 80)

    np.testing.assert_array_equal(found, whole(KEY, 80))
    for bits in (outer, middle):
        np.testing.assert_array_equal(bits.inner, [whole(OTHER, 40)])


@contextlib.contextmanager
def at_each_line(function):
    """Calls a function before each line of what runs, as a signal handler may be."""

    def trace(frame, event, argument):
        if event == "line":
            sys.settrace(None)
            function()
            sys.settrace(trace)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("shape", [(3, 4), (64, 40)])
def test_a_draw_before_any_line_of_a_draw_leaves_both_right(shape, monkeypatch):
    # What stands for a tensor whose shape alone is asked for; it may hold anything.
    monkeypatch.setattr(keras.ops, "empty", None)
    outer, inner = keras_inits.HeNormal(seed=1), keras_inits.RandomUniform(seed=2)
    expected = as_numpy(outer(shape)).tobytes(), as_numpy(inner((5,))).tobytes()
    found = set()

    with at_each_line(lambda: found.add(as_numpy(inner((5,))).tobytes())):
        drawn = as_numpy(outer(shape)).tobytes()

    assert drawn == expected[0]
    assert found == {expected[1]}


def test_a_draw_that_is_interrupted_for_good_costs_no_more_than_its_generator(
    monkeypatch,
):
    class Broken(Interrupting):
        def random_raw(self, count):
            raise KeyboardInterrupt

    monkeypatch.setattr(philox._of_thread, "idle", [Broken(0)])
    with pytest.raises(KeyboardInterrupt):
        philox.half_words(KEY, 0, 8)

    np.testing.assert_array_equal(philox.half_words(KEY, 0, 80), whole(KEY, 80))


def test_a_large_draw_within_a_large_draw_waits_for_no_helper(monkeypatch):
    """A queue's lock that is held would be waited for without end."""
    monkeypatch.setattr(host, "_threads", lambda: 2)
    size = host.THREADED_FROM
    spans, helpers = [], []

    def within(start, stop):
        spans.append((start, stop))
        return start

    class Helpers(concurrent.futures.Executor):
        def submit(self, work, *span):
            helpers.append(span)
            # As a signal handler does that runs while the queue is locked.
            assert host.in_parts(within, size) == [0]
            done: concurrent.futures.Future = concurrent.futures.Future()
            done.set_result(work(*span))
            return done

    monkeypatch.setattr(host, "_helpers", lambda: Helpers())

    assert host.in_parts(lambda start, stop: start, size) == [0, size // 2]
    assert helpers == [(size // 2, size)]
    assert spans == [(0, size)]
    assert len(host.in_parts(lambda start, stop: start, size)) == 2


def test_a_helper_hands_out_no_work_of_its_own(monkeypatch):
    monkeypatch.setattr(host, "_threads", lambda: 2)
    size = host.THREADED_FROM
    inside = []

    def work(start, stop):
        if threading.current_thread() is not threading.main_thread():
            inside.append(host.in_parts(lambda *span: span, size))

    host.in_parts(work, size)

    assert inside == [[(0, size)]]


class Slow:
    """A seed generator whose readers all read before one of them writes."""

    def __init__(self, readers):
        self.count = 0
        self.barrier = threading.Barrier(readers)

    def next_words(self):
        read = self.count
        # Broken where a thread reads alone, as each does whose turn it is.
        with contextlib.suppress(threading.BrokenBarrierError):
            self.barrier.wait(timeout=0.05)
        self.count = read + 1
        return (0, read)


def test_threads_that_share_a_generator_get_words_of_their_own():
    shared = Slow(readers=4)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        draws = [pool.submit(turns.take, shared, shared.next_words) for _ in range(8)]
        words = [draw.result() for draw in draws]

    assert sorted(words) == [(0, count) for count in range(8)]


class Reentered:
    """A seed generator within whose steps others draw: after a read, after a write."""

    def __init__(self, after_read, after_write):
        self.count = 0
        self.after_read, self.after_write = after_read, after_write
        self.inner = []

    def next_words(self):
        read = self.count
        self._draw("after_read")
        self.count = read + 1
        self._draw("after_write")
        return (0, read)

    def _draw(self, when):
        times = getattr(self, when)
        setattr(self, when, 0)
        for _ in range(times):
            self.inner.append(turns.take(self, self.next_words))


@pytest.mark.parametrize("after_read", [0, 1, 3])
@pytest.mark.parametrize("after_write", [0, 1, 2])
def test_a_draw_from_a_generator_within_a_draw_from_it(after_read, after_write):
    shared = Reentered(after_read, after_write)

    outer = turns.take(shared, shared.next_words)
    words = [outer, *shared.inner, turns.take(shared, shared.next_words)]

    assert len(words) == 2 + after_read + after_write
    assert len(set(words)) == len(words)


def test_words_that_were_given_are_given_again_after_a_reset():
    generator = keras.random.SeedGenerator(11)
    first = [streams.next_state(generator) for _ in range(3)]

    generator.state.assign(np.array([11, 0], "uint32"))

    assert [streams.next_state(generator) for _ in range(3)] == first


def test_a_lock_does_not_keep_its_generator():
    generator = keras.random.SeedGenerator(11)
    streams.next_state(generator)
    gone = weakref.ref(generator)

    del generator

    assert gone() is None


def test_initializers_that_share_a_generator_in_threads_draw_apart():
    initializer = keras_inits.RandomNormal(seed=keras.random.SeedGenerator(5))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: as_numpy(initializer((4,))), range(100)))

    alone = keras_inits.RandomNormal(seed=keras.random.SeedGenerator(5))
    expected = {as_numpy(alone((4,))).tobytes() for _ in range(100)}
    assert {values.tobytes() for values in drawn} == expected
    assert len(expected) == 100
