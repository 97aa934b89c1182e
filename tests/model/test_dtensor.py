"""A model whose weights two PyTorch processes share is the plain one, read whole."""

import keras
import pytest
from packaging.version import Version

from tests.processes import answers, free_port, start

pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="is about PyTorch"),
    pytest.mark.skipif(
        Version(keras.__version__).release < (3, 16),
        reason="Keras has no distribution on PyTorch before 3.16",
    ),
]
# What each function says, to the letter; the signal alone is computed in parts.
EXACT = (
    *("built", "plan", "planned", "rules", "initialized", "recipe", "by recipe"),
    *("made anew", "reinitialized", "values", "diagnosed", "detached", "after all"),
)
RANKS = (0, 1)
LAYOUTS = {
    "row": "(Replicate(), Shard(dim=0))",
    "column": "(Replicate(), Shard(dim=1))",
    "two axes": "(Shard(dim=0), Shard(dim=1))",
}


@pytest.fixture(scope="module")
def answered():
    """What each process says, by its rank."""
    address = f"127.0.0.1:{free_port()}"
    return answers(
        [
            start(
                *("-m", "tests.programs.dtensor_worker", address, rank), backend="torch"
            )
            for rank in RANKS
        ]
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_weights_are_cut_as_the_layout_says(answered, layout):
    for rank in RANKS:
        found = answered[rank][layout]["placements"]
        # The kernels of three layers.
        assert found.count(LAYOUTS[layout]) == 3


@pytest.mark.parametrize("what", EXACT)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_function_takes_the_weights_for_whole(answered, layout, what):
    plain = answered[0]["plain"][what]

    assert plain
    for rank in RANKS:
        assert answered[rank][layout][what] == plain


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_signal_is_that_of_the_plain_model(answered, layout):
    plain = answered[0]["plain"]

    for rank in RANKS:
        # No value is further off than one sum, nor is their mean or standard deviation.
        tolerance = plain["rounding"]
        assert answered[rank][layout]["signal"] == pytest.approx(
            plain["signal"], rel=0.0, abs=tolerance
        )


def test_each_function_changed_the_weights(answered):
    names = ("built", "initialized", "by recipe", "reinitialized")
    plain = answered[0]["plain"]

    assert len({plain[name] for name in names}) == len(names)
    assert plain["planned"] == plain["built"]
    assert plain["after all"] == plain["reinitialized"]
