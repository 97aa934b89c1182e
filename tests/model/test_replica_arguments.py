"""From what a layer is made again: its config, its attributes, layers around it."""

import keras
import numpy as np
import pytest

from keras_inits.model import reinitialize
from tests.model.models import as_numpy

layers = keras.layers


class Partial(layers.Layer):
    """A layer whose config lacks what its weight's shape depends on."""

    def __init__(self, width=None, stddev=1.0, **keywords):
        super().__init__(**keywords)
        self.width = width
        self.stddev = stddev

    def build(self, input_shape):
        start = keras.initializers.Constant(self.stddev)
        self.w = self.add_weight((self.width or input_shape[-1],), start, name="w")

    def get_config(self):
        return super().get_config()


@pytest.mark.parametrize("width", [None, 3])
def test_a_config_is_filled_up_with_attributes(width):
    layer = Partial(width, stddev=2.5)
    layer.build((None, 4))
    layer.w.assign(np.zeros(layer.w.shape))

    reinitialize(layer, seed=1)

    # By the config alone it would be 1, and of the width 4.
    assert np.all(as_numpy(layer.w.value) == 2.5)


def test_a_config_that_the_class_does_not_take_is_read_argument_by_argument():
    class Narrow(layers.Layer):
        def __init__(self, width):
            super().__init__()
            self.w = self.add_weight((width,), "ones", name="w")

        def get_config(self):
            return {**super().get_config(), "width": self.w.shape[0]}

    layer = Narrow(3)
    layer.build((None, 3))
    layer.w.assign(np.zeros(3))

    reinitialize(layer, seed=1)

    assert np.all(as_numpy(layer.w.value) == 1.0)


def test_an_argument_is_found_where_its_attribute_is_the_layer_made_from_it():
    class Dropping(layers.Layer):
        def __init__(self, drop, start):
            super().__init__()
            self.drop_rate = drop
            self.start_value = start

        def build(self, input_shape):
            self.drop = layers.Dropout(self.drop_rate)
            start = keras.initializers.Constant(self.start_value)
            self.w = self.add_weight((2,), start, name="w")

        def get_config(self):
            return {**super().get_config(), "drop": self.drop, "other": 1}

    layer = Dropping(0.5, 2.0)
    layer.build((None, 4))
    layer.w.assign(np.zeros(2))

    reinitialize(layer, seed=1)

    assert np.all(as_numpy(layer.w.value) == 2.0)


def test_what_a_config_has_comes_before_an_attribute_that_is_otherwise():
    class Doubling(layers.Layer):
        def __init__(self, start):
            super().__init__()
            self.start = 2.0 * start

        def build(self, input_shape):
            start = keras.initializers.Constant(self.start)
            self.w = self.add_weight((2,), start, name="w")

        def get_config(self):
            return {"start": 0.5 * self.start, "of no use": 1}

    layer = Doubling(3.0)
    layer.build((None, 4))
    layer.w.assign(np.zeros(2))

    reinitialize(layer, seed=1)

    assert np.all(as_numpy(layer.w.value) == 6.0)


class Hidden(layers.Layer):
    """A layer that cannot be made again: it keeps nothing that it was given."""

    def __init__(self, start, **keywords):
        super().__init__(**keywords)
        self.w = self.add_weight((2,), keras.initializers.Constant(start), name="w")

    def get_config(self):
        raise NotImplementedError

    def call(self, x):
        return x * self.w


class Knowing(layers.Layer):
    """A layer that can be made again and makes one that cannot, in its call alone."""

    def __init__(self, start=1.0, **keywords):
        super().__init__(**keywords)
        self.start = start
        self.hidden = Hidden(2.0 * start, name="hidden")
        self.last = layers.Dense(2)

    def call(self, x):
        return self.last(self.hidden(x))


@pytest.mark.parametrize("nested", [False, True])
def test_a_layer_around_tells_for_one_that_cannot_be_made_again(nested):
    if nested:
        layer = keras.Sequential([keras.Input((2,)), Knowing(start=3.0)])
    else:
        layer = Knowing(start=3.0)
        layer(np.ones((1, 2), "float32"))
    weight = next(weight for weight in layer.weights if weight.name == "w")
    weight.assign(np.zeros(2))

    reinitialize(layer, seed=1)

    assert np.all(as_numpy(weight.value) == 6.0)


def test_a_replica_with_a_default_for_an_unknown_argument_comes_last():
    class Guessing(layers.Layer):
        def __init__(self, start=1.0, **keywords):
            super().__init__(**keywords)
            self.w = self.add_weight((), keras.initializers.Constant(start), name="w")

        def get_config(self):
            return super().get_config()

        def call(self, x):
            return x * self.w

    class Telling(layers.Layer):
        def __init__(self, start, **keywords):
            super().__init__(**keywords)
            self.inner = Guessing(start)

        def call(self, x):
            return self.inner(x)

    alone, inside = Guessing(5.0), Telling(5.0)
    for layer in (alone, inside):
        layer(np.ones((1, 2), "float32"))
        layer.weights[0].assign(0.0)
        reinitialize(layer, seed=1)

    assert float(as_numpy(alone.w.value)) == 1.0
    assert float(as_numpy(inside.inner.w.value)) == 5.0
