"""A call that ends early says what it did, and leaves no state between two."""

import re

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.model import initialize, reinitialize
from tests.interrupts import interrupted_at
from tests.model.models import as_numpy, dense, values
from tests.support import raises_exactly

NOTE = re.compile(
    r"(?P<action>\w+): (?P<done>\d+) of (?P<count>\d+) weights were set"
    r"(?:, the last one '(?P<last>[\w/]+)')?(?:, and perhaps '(?P<next>[\w/]+)')?\. "
    r"Run it again with seed=8 for the full result\."
)


class Ending(keras.initializers.Initializer):
    """Ends the call when it draws; the first time it is only checked."""

    def __init__(self, error):
        self.error = error
        self.checked = False

    def __call__(self, shape, dtype=None):
        if self.checked:
            raise self.error
        self.checked = True
        return keras.ops.zeros(shape, dtype=dtype)


def changed(before, after):
    """The addresses whose values differ, in the model's order."""
    return [name for name in before if not np.array_equal(before[name], after[name])]


def assert_note_tells(error, action, before, after):
    """The one note says which weights were set, and is right about it."""
    (note,) = error.__notes__
    found = changed(before, after)
    if note == f"{action}: No weight was set.":
        assert found == []
        return
    said = NOTE.fullmatch(note)
    assert said, note
    assert said["action"] == action
    names = list(before)
    assert int(said["count"]) == len(names)
    done = int(said["done"])
    assert said["last"] == (names[done - 1] if done else None)
    sure, perhaps = names[:done], [said["next"]] if said["next"] else []
    assert perhaps in ([], names[done : done + 1])
    assert found in (sure, sure + perhaps)


@pytest.mark.parametrize("function", [initialize, reinitialize])
def test_an_interrupt_before_any_step_is_told_what_was_set(function):
    model = dense(["a", "b"], width=2)
    initialize(model, {"*": "ones"}, seed=1)
    before = values(model)

    def call():
        function(model, rules={"*": "random_normal"}, seed=8)

    ends = 0
    files = [f"model/{name}.py" for name in ("account", "plan", "initialize")]
    files += ["model/reinitialize.py"]
    while (error := interrupted_at(ends, call, files)) is not None:
        if ends > 1:
            assert_note_tells(error, function.__name__, before, values(model))
        else:  # with the first two lines the account begins
            assert changed(before, values(model)) == []
        for variable, value in zip(model.weights, before.values(), strict=True):
            variable.assign(value)
        ends += 1

    assert ends > 40
    assert len(changed(before, values(model))) == len(before)


def test_a_dry_run_that_is_interrupted_has_set_nothing():
    with pytest.raises(KeyboardInterrupt) as caught:
        initialize(dense(), {"*": Ending(KeyboardInterrupt())}, dry_run=True)

    assert caught.value.__notes__ == ["initialize: No weight was set."]


def test_a_call_that_is_refused_has_no_note():
    with pytest.raises(ValueError, match="matches no weight") as caught:
        initialize(dense(), {"nowhere": "zeros"})

    assert not hasattr(caught.value, "__notes__")


def test_a_call_within_a_call_has_an_account_of_its_own():
    inner, outer = dense(["x"], width=2), dense(["a", "b"], width=2)

    class Nested(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            initialize(inner, {"*": "ones"}, seed=1)
            return keras.ops.ones(shape, dtype=dtype)

    rules = [
        ("b/bias", Ending(RuntimeError("broken"))),
        ("b/kernel", Nested()),
        ("a/*", "zeros"),
    ]
    with pytest.raises(RuntimeError, match="broken") as caught:
        initialize(outer, rules, seed=8)

    assert caught.value.__notes__ == [
        "initialize: 3 of 4 weights were set, the last one 'b/kernel'. Run it again "
        "with seed=8 for the full result."
    ]


class Infinite(keras.initializers.Initializer):
    """Finite in float32, in which it is checked, and infinite in float16."""

    def __call__(self, shape, dtype=None):
        value = 1.0 if dtype == "float32" else float("inf")
        return keras.ops.full(shape, value, dtype=dtype)


def test_values_that_are_not_finite_are_found_before_they_are_set():
    inputs = keras.Input((4,))
    model = keras.Model(
        inputs, keras.layers.Dense(4, dtype="float16", name="a")(inputs)
    )
    before = values(model)

    with raises_exactly(
        "initialize: The weight 'a/kernel' cannot be drawn by Infinite(): its "
        "values are not finite in float16."
    ):
        initialize(model, {"kernel": Infinite()})

    assert changed(before, values(model)) == []


def trained(optimizer="adam"):
    """A model whose optimizer has a state, and the names of its weights."""
    model = dense(["a", "b"], width=2)
    model.compile(optimizer, "mse")
    model.optimizer.build(model.trainable_variables)
    for variable in model.optimizer.variables:
        if variable is not model.optimizer._learning_rate:
            variable.assign(keras.ops.ones_like(variable.value))
    return model


def states(model):
    rate = model.optimizer._learning_rate
    return [
        np.array(as_numpy(v.value)) for v in model.optimizer.variables if v is not rate
    ]


def test_an_optimizer_goes_with_the_weights_whatever_ends_the_call():
    """At each place: no new weight beside an old state, nor half a state."""
    ends, resets = 0, 0
    files = ["model/account.py", "model/plan.py", "model/optimizers.py"]
    model = trained()
    old, before = states(model), values(model)

    def call():
        reinitialize(model, seed=8, optimizer=True)

    while interrupted_at(ends, call, files) is not None:
        new = [
            not np.array_equal(a, b) for a, b in zip(old, states(model), strict=True)
        ]
        assert len(set(new)) == 1
        if changed(before, values(model)):
            assert all(new)
        resets += new[0]
        for variable, value in zip(model.weights, before.values(), strict=True):
            variable.assign(value)
        rest = iter(old)
        for variable in model.optimizer.variables:
            if variable is not model.optimizer._learning_rate:
                variable.assign(next(rest))
        ends += 1

    assert 0 < resets < ends


def test_an_optimizer_is_left_alone_by_a_call_that_sets_nothing():
    model = trained()
    before = states(model)

    with pytest.raises(RuntimeError, match="broken"):
        reinitialize(
            model,
            seed=8,
            optimizer=True,
            rules={"a/kernel": Ending(RuntimeError("broken"))},
        )

    for one, other in zip(before, states(model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_seed_generator_that_was_used_has_moved_on():
    """What some weights were drawn from is not given to others."""
    generator = keras.random.SeedGenerator(3)
    own = keras_inits.RandomNormal(seed=generator)

    with pytest.raises(RuntimeError, match="broken"):
        initialize(
            dense(["a"], width=2),
            {"kernel": own, "bias": Ending(RuntimeError("broken"))},
        )

    assert as_numpy(generator.state.value).tolist() == [3, 1]
