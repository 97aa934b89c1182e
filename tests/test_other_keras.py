"""A Keras that does not give the classes here: refused, provably, and what is left."""

import functools

import keras
import pytest

import keras_inits
from keras_inits import registry
from keras_inits.initializers import keras_own
from tests.test_enable import state
from tests.test_registry import PLAIN_NAMES


def other_keras(identifier):
    """Stands for a Keras that looks its names up elsewhere."""
    return keras.initializers.Zeros()


def refusal(answer):
    return (
        f"enable: Keras {keras.__version__} gives {answer}, so nothing was enabled. "
        "Pass objects, as in kernel_initializer=keras_inits.get('glorot_uniform'), or "
        "install a version of Keras that keras_inits supports."
    )


ZEROS = "keras.src.initializers.constant_initializers.Zeros"


@pytest.mark.parametrize(
    "switch", [keras_inits.enable, lambda: keras_inits.enabled().__enter__()]
)
def test_a_keras_that_does_not_follow_is_refused(monkeypatch, switch):
    before = state()
    monkeypatch.setattr(keras.initializers, "get", other_keras)

    with pytest.raises(RuntimeError) as error:
        switch()

    assert str(error.value) == refusal(f"{ZEROS} for 'glorot_uniform'")
    assert not keras_inits.is_enabled()
    monkeypatch.undo()
    assert state() == before


def test_a_keras_whose_objects_do_not_follow_is_refused(monkeypatch):
    before = state()
    monkeypatch.setattr(keras_own, "_replace", lambda: None)

    with pytest.raises(RuntimeError) as error:
        keras_inits.enable()

    own = "its own values for an object of keras.initializers.Zeros"
    assert str(error.value) == refusal(own)
    assert not keras_inits.is_enabled()
    assert state() == before


@pytest.mark.parametrize(
    "asked",
    [
        *("glorot_uniform", "normal", "HeNormal"),
        {"class_name": "glorot_uniform", "config": {}},
        {"class_name": "normal", "config": {}},
    ],
    ids=str,
)
@pytest.mark.parametrize("answer", [ZEROS, "builtins.ValueError"])
def test_a_keras_that_does_not_follow_in_one_way_is_refused(monkeypatch, asked, answer):
    before = state()
    own = keras.initializers.get

    @functools.wraps(own)  # which leads to the table of names
    def get(identifier):
        if identifier != asked:
            return own(identifier)
        if answer == ZEROS:
            return keras.initializers.Zeros()
        raise ValueError("Could not interpret initializer identifier")

    monkeypatch.setattr(keras.initializers, "get", get)

    with pytest.raises(RuntimeError) as error:
        keras_inits.enable()

    assert str(error.value) == refusal(f"{answer} for {asked!r}")
    assert not keras_inits.is_enabled()
    assert state() == before


def test_without_the_table_of_names_they_are_known_here(monkeypatch):
    class Lumpy(keras_inits.Zeros):
        """A user's own initializer."""

    before = state()
    monkeypatch.setattr(keras.initializers, "get", other_keras)

    registry._give_keras_the_names_it_lacks()
    for name in PLAIN_NAMES:
        assert isinstance(keras_inits.get(name), keras_inits.Initializer)
    keras_inits.register("bumpy")(Lumpy)
    for name in ("lumpy", "bumpy"):
        assert type(keras_inits.get(name)) is Lumpy
    keras_inits.unregister(Lumpy)

    assert "lumpy" not in keras_inits.names()
    monkeypatch.undo()
    assert state() == before
