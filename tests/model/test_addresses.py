"""Addresses: found from the model alone, unique, and as the user named them."""

import keras
import numpy as np
import pytest

from keras_inits.model.addresses import addresses
from tests.support import IGNORE_KERAS_ARRAYS

pytestmark = pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)


class Block(keras.layers.Layer):
    """Two layers of its own and one that it is given."""

    def __init__(self, shared=None, **kwargs):
        super().__init__(**kwargs)
        self.first = keras.layers.Dense(4)
        self.second = keras.layers.Dense(4, name="named")
        self.shared = shared

    def build(self, shape):
        for layer in (self.first, self.second, self.shared):
            if layer is not None and not layer.built:
                layer.build(shape)

    def call(self, x):
        x = self.second(self.first(x))
        return x if self.shared is None else self.shared(x)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.entry = keras.layers.Dense(4)
        self.blocks = [Block(), Block()]

    def call(self, x):
        x = self.entry(x)
        for block in self.blocks:
            x = block(x)
        return x


def sequential():
    return keras.Sequential(
        [keras.Input((4,)), *(keras.layers.Dense(4) for _ in range(3))]
    )


def nested():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Dense(2)(other(inner(x))))


def shared():
    layer = keras.layers.Dense(4)
    x = keras.Input((4,))
    return keras.Model(x, layer(keras.layers.Dense(4)(layer(x))))


def bidirectional():
    return keras.Sequential(
        [
            keras.Input((5, 3)),
            keras.layers.Bidirectional(
                keras.layers.LSTM(2, return_sequences=True), merge_mode="sum"
            ),
            keras.layers.Bidirectional(keras.layers.LSTM(2)),
        ]
    )


def subclassed():
    model = Subclassed()
    model(np.zeros((1, 4), "float32"))
    return model


def colliding():
    """A convolution that a user named as Keras would name a Dense layer."""
    x = keras.Input((4, 4))
    y = keras.layers.Conv1D(4, 1, name="dense")(x)
    return keras.Model(x, keras.layers.Dense(4)(keras.layers.Dense(4)(y)))


def normalized():
    return keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2D(2, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
        ]
    )


MODELS = [sequential, nested, shared, bidirectional, subclassed, colliding, normalized]


def names_of(model):
    return [address for address, _, _ in addresses(model)]


@pytest.mark.parametrize("make", MODELS)
def test_a_model_built_twice_has_the_same_addresses(make):
    first = names_of(make())
    keras.layers.Dense(3, name=None)  # moves Keras' count on
    second = names_of(make())

    assert first == second
    assert len(set(first)) == len(first)


@pytest.mark.parametrize("make", MODELS)
def test_every_weight_has_one_address_in_the_models_order(make):
    model = make()
    found = [variable for _, _, variable in addresses(model)]

    assert len(found) == len({id(v) for v in model.weights})
    order = {id(variable): place for place, variable in enumerate(model.weights)}
    assert [order[id(v)] for v in found] == sorted(order[id(v)] for v in found)


@pytest.mark.parametrize("make", MODELS)
def test_the_owner_holds_the_weight_and_no_part_of_it_does(make):
    for _, layer, variable in addresses(make()):
        assert any(variable is weight for weight in layer.weights)
        parts = [part for part in layer._flatten_layers() if part is not layer]
        assert not any(variable is w for part in parts for w in part.weights)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (sequential, ["dense/kernel", "dense/bias", "dense_1/kernel"]),
        (nested, ["sequential/dense/kernel", "sequential/dense/bias"]),
        (colliding, ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]),
        (subclassed, ["dense/kernel", "dense/bias", "block/dense/kernel"]),
        (
            bidirectional,
            ["bidirectional/forward_lstm/lstm_cell/kernel"],
        ),
        (normalized, ["conv2d/kernel", "conv2d/bias", "batch_normalization/gamma"]),
    ],
)
def test_addresses_count_from_the_models_front(make, expected):
    assert names_of(make())[: len(expected)] == expected


def test_the_second_of_a_kind_is_number_1():
    names = names_of(nested())

    assert names[2] == "sequential_1/dense/kernel"
    assert names_of(sequential())[2] == "dense_1/kernel"


def test_a_name_that_the_user_chose_is_given_to_no_other_layer():
    names = names_of(colliding())

    assert [name for name in names if "kernel" in name] == [
        "dense/kernel",
        "dense_1/kernel",
        "dense_2/kernel",
    ]


def test_a_chosen_name_that_looks_like_keras_own_is_numbered_like_one():
    x = keras.Input((4,))
    model = keras.Model(
        x, keras.layers.Dense(4)(keras.layers.Dense(4, name="dense_9")(x))
    )

    assert names_of(model)[::2] == ["dense/kernel", "dense_1/kernel"]


def test_parts_of_two_blocks_are_told_apart():
    names = names_of(subclassed())

    assert "block/named/kernel" in names
    assert "block_1/named/kernel" in names


def test_a_shared_layer_has_one_address():
    names = [name for name in names_of(shared()) if name.endswith("kernel")]

    assert len(names) == 2


def test_weights_of_one_path_are_numbered():
    class Replicas(keras.layers.Layer):
        def build(self, shape):
            self.one = self.add_weight(shape=(2,), name="scale")
            self.other = self.add_weight(shape=(2,), name="scale")

    layer = Replicas()
    layer.build((None, 2))
    assert names_of(layer) == ["scale", "scale~2"]


def test_the_models_own_name_does_not_count():
    one = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="one")
    two = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="two")

    assert names_of(one) == names_of(two) == ["dense/kernel", "dense/bias"]


def test_a_model_that_has_been_called_keeps_its_addresses():
    model = subclassed()
    before = names_of(model)
    model(np.zeros((1, 4), "float32"))

    assert names_of(model) == before
