"""What `reinitialize` does with layers that are frozen."""

import keras
import numpy as np

from keras_inits.model import reinitialize
from tests.model.models import assert_same, changed, values
from tests.support import raises_exactly

layers = keras.layers


def nines(model):
    """The model with every weight 9."""
    for variable in model.weights:
        variable.assign(np.full(variable.shape, 9.0))
    return model


def with_frozen_base():
    """A head, and a batch normalization that trains, on a frozen base."""
    base = keras.Sequential(
        [keras.Input((8,)), layers.Dense(8), layers.BatchNormalization()], name="base"
    )
    base.trainable = False
    norm = layers.BatchNormalization(name="norm")
    head = layers.Dense(2, name="head")
    return nines(keras.Sequential([keras.Input((8,)), base, norm, head]))


def test_frozen_layers_are_left_alone_and_moving_statistics_of_others_are_reset():
    model = with_frozen_base()
    before = values(model)

    report = reinitialize(model, seed=1)

    found = values(model)
    frozen = [key for key in before if key.startswith("base/")]
    assert len(frozen) == 6
    assert [(row.address, row.note) for row in report.left_alone] == [
        (key, "frozen") for key in frozen
    ]
    assert all(np.all(found[key] == 9.0) for key in frozen)
    assert np.all(found["norm/moving_mean"] == 0.0)
    assert np.all(found["norm/moving_variance"] == 1.0)
    assert len(changed(before, found)) == 6


def test_frozen_layers_are_drawn_where_that_is_said():
    model = with_frozen_base()

    report = reinitialize(model, seed=1, frozen=True)

    assert report.left_alone == []
    found = values(model)
    model.get_layer("base").trainable = True
    reinitialize(nines(model), seed=1)
    assert_same(found, values(model))


def test_a_layer_that_was_thawed_inside_a_frozen_one_is_drawn():
    base = keras.Sequential([keras.Input((8,)), layers.Dense(8), layers.Dense(8)])
    base.trainable = False
    base.layers[-1].trainable = True
    model = keras.Sequential([keras.Input((8,)), base, layers.Dense(2, name="head")])
    # Keras trains it, so it would carry what it learned from fold to fold.
    assert len(model.trainable_weights) == 4

    report = reinitialize(model, seed=1)

    assert [row.note for row in report.weights] == ["frozen"] * 2 + [""] * 4


def test_a_frozen_model_and_a_kernel_frozen_by_lora_are_left_alone():
    model = with_frozen_base()
    model.trainable = False
    assert {row.note for row in reinitialize(model, seed=1).weights} == {"frozen"}
    model.get_layer("head").trainable = True
    assert model.trainable_weights == []  # so it is frozen all the same
    assert {row.note for row in reinitialize(model, seed=1).weights} == {"frozen"}
    layer = layers.Dense(4)
    layer.build((None, 4))
    layer.enable_lora(2)
    notes = {row.address: row.note for row in reinitialize(layer, seed=1).weights}
    assert notes.pop("kernel") == "frozen"
    assert set(notes.values()) == {""}


def test_a_rule_of_none_may_choose_frozen_weights():
    model = with_frozen_base()
    report = reinitialize(model, seed=1, rules={"base/*": None})
    notes = {row.note for row in report.weights if row.address.startswith("base/")}
    assert notes == {"kept by a rule"}


def test_rules_do_not_reach_frozen_weights_and_one_that_would_only_is_refused():
    model = with_frozen_base()
    before = values(model)
    with raises_exactly(
        "reinitialize: The rule 'base/*' chooses only weights of frozen layers, which "
        "are left alone. Pass frozen=True to draw them, or leave the rule out."
    ):
        reinitialize(model, seed=1, rules={"base/*": "zeros"})
    assert_same(before, values(model))

    reinitialize(model, seed=1, rules={"kernel": "zeros"})

    found = values(model)
    assert not np.any(found["head/kernel"])
    assert np.all(found["base/dense/kernel"] == 9.0)
    reinitialize(model, seed=1, rules={"base/*": "zeros"}, frozen=True)
    assert not np.any(values(model)["base/dense/kernel"])
