"""Layers of a user's own: how they tell the initializers of their weights."""

import math

import keras
import numpy as np
import pytest
from scipy import stats

from keras_inits.model import initialize, recipes, reinitialize
from tests.model.models import as_numpy, assert_same, changed, values
from tests.support import assert_law, raises_exactly

layers = keras.layers


class Silent(layers.Layer):
    """A layer that keeps no initializer of its weights."""

    def __init__(self, units=3, **keywords):
        super().__init__(**keywords)
        self.units = units
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.inner = layers.Dense(units)

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1], self.units), name="w")
        self.b = self.add_weight(
            (self.units,), keras.initializers.Constant(0.5), name="b"
        )
        self.inner.build((None, self.units))

    def call(self, x):
        return self.inner(x @ self.w * self.scale + self.b)


class Untold(Silent):
    """One that cannot be made again: an argument is neither in a config nor kept."""

    def __init__(self, function, **keywords):
        super().__init__(**keywords)
        self.kept = function


def test_what_a_layer_passes_to_add_weight_is_heard():
    model = keras.Sequential([keras.Input((64,)), Silent(48, name="mine")])
    initialize(model, {"*": "zeros"}, seed=1)

    report = reinitialize(model, seed=1)

    found = values(model)
    assert set(found) == {
        *("mine/w", "mine/scale", "mine/b"),
        *("mine/dense/kernel", "mine/dense/bias"),
    }
    assert report.left_alone == []
    assert np.all(found["mine/scale"] == 1.0)
    assert np.all(found["mine/b"] == 0.5)
    limit = math.sqrt(6.0 / (64 + 48))
    assert_law(found["mine/w"], stats.uniform(-limit, 2.0 * limit))
    assert len(model.layers[0].weights) == 5


def test_a_layer_that_does_not_tell_is_named_and_rules_may_tell():
    model = keras.Sequential(
        [keras.Input((8,)), Untold(len, name="mine"), layers.Dense(2, name="head")]
    )
    before = values(model)
    with raises_exactly(
        "reinitialize: The layers do not tell the initializers of these weights: "
        "'mine/scale' of Untold, 'mine/w' of Untold, 'mine/b' of Untold. Name "
        "them in `rules`, as in rules={'mine/scale': 'zeros'}."
    ):
        reinitialize(model, seed=1)
    assert_same(before, values(model))
    own = {"w": "ones", "b": "zeros", "scale": "ones"}
    reinitialize(model, seed=1, rules={Untold: own})
    after = values(model)
    assert np.all(after["mine/w"] == 1.0)
    assert changed(before, after) == [
        *("mine/w", "mine/b", "mine/dense/kernel", "head/kernel"),
    ]


def test_a_layer_without_a_config_is_made_from_its_attributes():
    class Scale(layers.Layer):
        def __init__(self, start, function, offset=0.0, **keywords):
            super().__init__(**keywords)
            self.start = start
            self.function = function
            self._offset = offset

        def build(self, input_shape):
            start = keras.initializers.Constant(self.start + self._offset)
            self.w = self.add_weight((input_shape[-1],), start, name="w")

    layer = Scale(2.0, len, offset=0.5, dtype=keras.DTypePolicy("mixed_bfloat16"))
    with pytest.raises(NotImplementedError):
        layer.get_config()
    layer.build((None, 4))
    layer.w.assign(np.zeros(4))

    reinitialize(layer, seed=1)

    assert np.all(as_numpy(layer.w.value) == 2.5)


def test_a_layer_inside_that_a_twin_would_share_is_left_as_it_was():
    class Around(layers.Layer):
        def __init__(self, inner, function, **keywords):
            super().__init__(**keywords)
            self.inner = inner
            self.function = function

        def build(self, input_shape):
            self.w = self.add_weight((2,), "ones", name="w")
            self.inner.build(input_shape)

    layer = Around(layers.Dense(2), len)
    layer.build((None, 4))
    before = list(map(id, layer.weights))

    with pytest.raises(ValueError, match="'w' of Around"):
        reinitialize(layer, seed=1)

    assert list(map(id, layer.weights)) == before


def test_a_weight_made_without_add_weight_is_not_taken_for_another():
    class Mixed(layers.Layer):
        built_times = 0

        def build(self, input_shape):
            Mixed.built_times += 1
            self.v = keras.Variable(np.full(4, 5.0), name="v")
            self.w = self.add_weight((4,), "ones", name="w")
            self.u = self.add_weight((4,), "zeros", name="u")

    layer = Mixed(name="mixed")
    layer.build((None, 4))

    with raises_exactly(
        "reinitialize: The layers do not tell the initializers of these weights: "
        "'v' of Mixed. Name them in `rules`, as in rules={'v': 'zeros'}."
    ):
        reinitialize(layer, seed=1)
    assert Mixed.built_times == 2  # one rehearsal for all of its weights
    reinitialize(layer, seed=1, rules={"v": "zeros"})
    found = [as_numpy(weight.value) for weight in (layer.v, layer.w, layer.u)]
    np.testing.assert_array_equal(found, np.array([[0.0], [1.0], [0.0]]) * np.ones(4))


def test_a_weight_is_not_taken_for_the_argument_of_its_name():
    class Gain(layers.Layer):
        def __init__(self, gain, function):
            super().__init__(name="layer")
            self.start = gain
            self.function = function

        def build(self, input_shape):
            start = keras.initializers.Constant(self.start)
            self.gain = self.add_weight((), start, name="gain")

    layer = Gain(0.5, len)
    layer.build((None, 4))

    with pytest.raises(ValueError, match="weights: 'gain' of Gain"):
        reinitialize(layer, seed=1)


def test_the_defaults_of_keras_leave_a_silent_layer_to_the_rules_after_them():
    layer = Silent(units=3)
    layer.build((None, 8))

    report = initialize(layer, [*recipes.keras(), ("*", "zeros")], seed=1)

    drawn = {row.address.split("/")[-1]: row.initializer for row in report.drawn}
    assert drawn["w"] == drawn["scale"] == "Zeros()"


def test_a_layer_that_is_made_otherwise_the_second_time_does_not_tell():
    class Fickle(layers.Layer):
        made = 0

        def build(self, input_shape):
            Fickle.made += 1
            self.w = self.add_weight((Fickle.made, 2), name="w")

    layer = Fickle()
    layer.build((None, 4))

    with pytest.raises(ValueError, match="'w' of Fickle"):
        reinitialize(layer, seed=1)


def test_a_layer_of_the_users_own_tells_by_its_attributes():
    class Told(layers.Layer):
        def __init__(self, w_initializer, **kwargs):
            super().__init__(**kwargs)
            self.w_initializer = keras.initializers.get(w_initializer)

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(8, 3), name="w", initializer=self.w_initializer
            )

    layer = Told(keras.initializers.Constant(3.0))
    layer.build((None, 8))
    layer.w.assign(np.zeros((8, 3)))
    reinitialize(layer, seed=1)
    assert np.all(as_numpy(layer.w.value) == 3.0)
