"""Different seeds, states and sub-streams have different keys and draws."""

import hashlib
import itertools

import numpy as np
import pytest

from keras_inits.engine import draws, philox, streams
from keras_inits.engine.host import HostOps
from tests.support import assert_uncorrelated

pytestmark = pytest.mark.once

SEEDS = sorted(
    {
        sign * value
        for sign in (1, -1)
        for bits in (0, 1, 8, 31, 32, 53, 63, 64, 65, 128, 1000)
        for value in (2**bits - 1, 2**bits, 2**bits + 1)
    }
)


def test_seeds_of_any_size_and_sign_have_different_keys():
    keys = {streams.from_seed(seed) for seed in SEEDS}

    assert len(keys) == len(SEEDS)
    assert all(0 <= word < 2**64 for key in keys for word in key)


def test_a_seeds_key_is_the_hash_of_its_decimal_digits():
    digest = hashlib.blake2b(b"seed -7", digest_size=16, person=b"keras_inits v1")

    assert streams.from_seed(-7) == tuple(np.frombuffer(digest.digest(), "<u8"))


def test_keys_of_neighbouring_seeds_share_no_word():
    words = [word for seed in range(1000) for word in streams.from_seed(seed)]

    assert len(set(words)) == len(words)


def test_states_of_a_seed_generator_have_different_keys():
    states = list(itertools.product((0, 1, 2, 2**32 - 1), repeat=2))
    keys = {streams.from_state(*state) for state in states}

    assert len(keys) == len(states)
    assert keys.isdisjoint(streams.from_seed(seed) for seed in range(4))


def test_sub_streams_differ_from_each_other_and_from_their_stream():
    names = ["", "zeros", *(f"gate {gate}" for gate in range(8))]
    roots = [streams.from_seed(seed) for seed in range(20)]
    keys = {streams.fold(root, name) for root in roots for name in names}

    assert len(keys) == len(names) * len(roots)
    assert keys.isdisjoint(roots)


def test_folding_twice_depends_on_the_order():
    key = streams.from_seed(0)
    one = streams.fold(streams.fold(key, "a"), "b")
    other = streams.fold(streams.fold(key, "b"), "a")

    assert one != other


def test_a_sub_streams_key_is_one_block_of_the_streams_key():
    key = streams.from_seed(3)
    found = streams.fold(key, "zeros")

    counter = streams._words("stream zeros", 4)
    assert found == philox.block(counter, key)[:2]


def test_draws_of_different_streams_are_uncorrelated():
    root = streams.from_seed(0)
    keys = [root, streams.from_seed(1), streams.from_seed(-1)]
    keys += [streams.fold(root, name) for name in ("gate 0", "gate 1", "zeros")]
    samples = [
        draws.normal(HostOps(), key, (20_000,), mean=0.0, stddev=1.0, dtype="float32")
        for key in keys
    ]

    for one, other in itertools.combinations(samples, 2):
        assert_uncorrelated(one, other)


def test_neighbouring_elements_of_a_stream_are_uncorrelated():
    sample = draws.uniform(
        HostOps(), streams.from_seed(5), (200_008,), low=0.0, high=1.0, dtype="float64"
    )

    for lag in (1, 2, 4, 8):
        assert_uncorrelated(sample[:-lag], sample[lag:])
    halves = sample.reshape(-1, 2)
    assert_uncorrelated(halves[:, 0] ** 2, halves[:, 1] ** 2)
    assert np.unique(sample).size > 0.98 * sample.size


def test_each_draw_for_one_weight_has_a_stream_of_its_own():
    key = streams.from_seed(1)

    with streams.drawing_from(key):
        keys = [streams.given_key() for _ in range(4)]
    assert keys[0] == key
    assert len(set(keys)) == 4
    assert streams.given_key() is None
