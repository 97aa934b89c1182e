"""Arguments that a constructor does not take are told by the names that it has."""

import inspect

import pytest

import keras_inits as ki
from tests.support import raises_exactly

NAMES_HINT = "keras_inits.names() lists them all."


class Later(ki.RandomNormal):
    """A subclass with a constructor of its own."""

    def __init__(self, stddev=1.0, *, delay, seed=None):
        super().__init__(0.0, stddev, seed)
        self.delay = delay


# What is called, and the whole text of its TypeError.
CALLS = [
    (
        lambda: ki.HeNormal(sed=3),
        "HeNormal() got an unexpected keyword argument 'sed'. Did you mean 'seed'?",
    ),
    (
        lambda: ki.LecunUniform(scale=2.0),
        "LecunUniform() got an unexpected keyword argument 'scale'. Its arguments are "
        "seed, input_axes, output_axes, batch_axes.",
    ),
    (lambda: ki.Identity(1, 2), "Identity() too many positional arguments."),
    (lambda: ki.PerGate(), "PerGate() missing a required argument: 'inner'."),
    (
        lambda: ki.ZeroRow("zeros", indx=1),
        "ZeroRow() got an unexpected keyword argument 'indx'. Did you mean 'index'?",
    ),
    (
        lambda: Later(dely=1),
        "Later() got an unexpected keyword argument 'dely'. Did you mean 'delay'?",
    ),
    (
        lambda: Later(1.0, stddev=2.0, delay=1),
        "Later() multiple values for argument 'stddev'.",
    ),
]


@pytest.mark.parametrize(("call", "text"), CALLS, ids=range(len(CALLS)))
def test_arguments_that_a_class_does_not_take_are_told_by_its_name(call, text):
    with pytest.raises(TypeError) as error:
        call()

    assert str(error.value) == text


@pytest.mark.parametrize("cls", sorted(map(ki.__dict__.get, ki.__all__), key=repr))
def test_every_class_is_named_by_its_own_name(cls):
    if not (isinstance(cls, type) and "__init__" in dir(cls)):
        return
    with pytest.raises(TypeError) as error:
        cls(sed=3)

    assert cls.__name__ in str(error.value)


def test_an_error_inside_a_constructor_is_left_as_it_is():
    class Fails(ki.Zeros):
        def __init__(self):
            len(3)

    with pytest.raises(TypeError, match=r"^object of type 'int' has no len\(\)$"):
        Fails()


def test_a_constructor_keeps_its_signature():
    parameters = inspect.signature(ki.VarianceScaling).parameters.values()
    found = [(parameter.name, parameter.default) for parameter in parameters]

    assert found[:2] == [("scale", 1.0), ("mode", "fan_in")]


IDENTIFIERS = [
    (
        lambda: ki.PerGate("typo"),
        f"PerGate: Argument `inner` must be the name of an initializer, got 'typo'. "
        f"{NAMES_HINT}",
    ),
    (
        lambda: ki.PerGate({"class_name": "Typo", "config": {}}),
        f"PerGate: Argument `inner` must be the name of an initializer, got 'Typo'. "
        f"{NAMES_HINT}",
    ),
    (
        lambda: ki.ZeroRow(3),
        "ZeroRow: Argument `inner` must be an initializer, its name or its config, got "
        "3.",
    ),
    (
        lambda: ki.get(3),
        "get: Argument `identifier` must be an initializer, its name or its config, "
        "got 3.",
    ),
]


@pytest.mark.parametrize(("call", "text"), IDENTIFIERS, ids=range(len(IDENTIFIERS)))
def test_an_identifier_is_named_as_its_argument_is(call, text):
    with raises_exactly(text):
        call()
