"""An initializer of one's own, written with the public draws."""

import keras
import numpy as np
import pytest
from scipy import stats

import keras_inits
from keras_inits import draws
from keras_inits.engine import streams
from keras_inits.engine.ops import NUMPY
from tests.support import as_numpy, assert_distribution, raises_exactly

KEY = streams.from_seed(5)
OPS = NUMPY
SHAPE = (500, 400)


class Spikes(keras_inits.RandomInitializer):
    """The example of the module's docstring."""

    def __init__(self, share=0.1, stddev=1.0, seed=None):
        super().__init__(seed=seed)
        self.share, self.stddev = share, stddev

    def compute(self, ops, key, shape, dtype):
        values = draws.normal(ops, key, shape, stddev=self.stddev, dtype=dtype)
        coins = draws.substream(key, "coins")
        coin = draws.uniform(ops, coins, shape, low=0.0, high=1.0, dtype="float32")
        return ops.where(coin < self.share, values, ops.zeros_like(values))


def test_the_draws_are_those_of_the_classes():
    drawn = [
        draws.uniform(OPS, KEY, SHAPE, low=-1.0, high=2.0, dtype="float32"),
        draws.normal(OPS, KEY, SHAPE, mean=1.0, stddev=3.0, dtype="bfloat16"),
        draws.truncated_normal(OPS, KEY, SHAPE, stddev=2.0, upper=1.0, dtype="float32"),
    ]
    classes = [
        keras_inits.RandomUniform(-1.0, 2.0, seed=5)(SHAPE, "float32"),
        keras_inits.RandomNormal(1.0, 3.0, seed=5)(SHAPE, "bfloat16"),
        keras_inits.TruncatedNormal(0.0, 2.0, 5, upper=1.0)(SHAPE, "float32"),
    ]
    for ours, theirs in zip(drawn, classes, strict=True):
        np.testing.assert_array_equal(ours.astype("float32"), as_numpy(theirs))


def test_the_defaults_are_the_standard_distributions():
    assert_distribution(
        draws.uniform(OPS, KEY, SHAPE, dtype="float32"), stats.uniform()
    )
    assert_distribution(draws.normal(OPS, KEY, SHAPE, dtype="float32"), stats.norm())
    truncated = draws.truncated_normal(OPS, KEY, SHAPE, dtype="float32")
    assert_distribution(truncated, stats.truncnorm(-2.0, 2.0))
    whole = draws.truncated_normal(
        OPS, KEY, SHAPE, lower=None, upper=None, dtype="float32"
    )
    assert_distribution(whole, stats.norm())


def test_permutations_are_permutations():
    rows = draws.permutations(OPS, KEY, 20, 30)

    assert np.array_equal(np.sort(rows, axis=1), np.tile(np.arange(30), (20, 1)))
    assert len({tuple(row) for row in rows.tolist()}) == 20


def test_another_name_is_another_stream():
    keys = [KEY, draws.substream(KEY, "one"), draws.substream(KEY, "other")]

    assert len(set(keys)) == 3
    assert draws.substream(KEY, "one") == keys[1]
    # Half of a pair of surrogates, which has no encoding of its own.
    assert draws.substream(KEY, "\ud800") not in (*keys, draws.substream(KEY, "?"))


def test_an_initializer_of_ones_own_works_everywhere():
    initializer = Spikes(0.25, seed=3)
    values = as_numpy(initializer(SHAPE))
    share = np.mean(values != 0.0)
    # A share of n coins has the standard error sqrt(p (1 - p) / n); 5 of them.
    assert abs(share - 0.25) < 5.0 * (0.25 * 0.75 / values.size) ** 0.5
    assert_distribution(values[values != 0.0], stats.norm())
    assert initializer.get_config() == {"share": 0.25, "stddev": 1.0, "seed": 3}

    layer = keras.layers.Dense(4, kernel_initializer=initializer)
    layer.build((None, 6))
    np.testing.assert_array_equal(
        as_numpy(layer.kernel), as_numpy(Spikes(0.25, seed=3)((6, 4)))
    )


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: draws.uniform(OPS, KEY, (2,), low=1, high=1, dtype="float32"),
            "draws.uniform: Argument `low` must be less than `high`, got low=1 and "
            "high=1.",
        ),
        (
            lambda: draws.normal(OPS, KEY, (2,), stddev=-1.0, dtype="float32"),
            "draws.normal: Argument `stddev` must be a finite number, 0 or above, got "
            "-1.0.",
        ),
        (
            lambda: draws.truncated_normal(OPS, KEY, (2,), lower=3, dtype="float32"),
            "draws.truncated_normal: Argument `lower` must be less than `upper`, got "
            "lower=3.0 and upper=2.0.",
        ),
        (
            lambda: draws.truncated_normal(
                OPS, KEY, (2,), lower=50, upper=51, dtype="float32"
            ),
            "draws.truncated_normal: Argument `lower` must be the end of an interval "
            "of some probability (its probability is below 1e-290), got 50.",
        ),
        (
            lambda: draws.permutations(OPS, KEY, -1, 3),
            "draws.permutations: Argument `count` must be an integer, 0 or above, got "
            "-1.",
        ),
        (
            lambda: draws.substream(KEY, 3),
            "draws.substream: Argument `name` must be a string, got 3.",
        ),
    ],
    ids=range(6),
)
def test_bad_arguments_are_refused(call, text):
    with raises_exactly(text):
        call()
