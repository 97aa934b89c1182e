"""A weight has one address, by whatever way its model came to be."""

import copy
import pickle

import keras
import numpy as np
import pytest

from keras_inits.model.addresses import addresses
from tests.model.architectures import (
    ARCHITECTURES,
    Containers,
    GraphBesideLayers,
    Tied,
    TiedHeadFirst,
    TiedVariable,
    TiedVariableHeadFirst,
    ran,
)
from tests.model.models import assert_same, values
from tests.model.test_reinitialize import every_layer
from tests.support import IGNORE_KERAS_ARRAYS

pytestmark = pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)

# Keras copies a layer that stands in two models, once for each.
NOT_COPIED = ("shared between models",)


def described(model):
    """Address, class of the owner and shape of each weight, in their order."""
    return [
        (address, type(layer).__name__, tuple(variable.shape))
        for address, layer, variable in addresses(model)
    ]


def as_model(layer):
    """A functional model of one layer that has been built."""
    shapes = layer.get_build_config() or {}
    shapes = shapes.get("shapes_dict", shapes)
    if "query_shape" in shapes:
        query, value = (
            keras.Input(shapes[key][1:]) for key in ("query_shape", "value_shape")
        )
        return keras.Model([query, value], layer(query, value))
    shape = shapes.get("input_shape")
    if shape is None:
        tokens = keras.Input((3,), dtype="int32")
        return keras.Model(tokens, layer(tokens))
    if isinstance(shape[0], (list, tuple)):
        inputs = [keras.Input(one[1:]) for one in shape]
    else:
        inputs = keras.Input(shape[1:])
    return keras.Model(inputs, layer(inputs))


def loaded(model, directory):
    path = directory / "model.keras"
    model.save(path)
    return keras.saving.load_model(path)


COPIES = {
    "cloned": lambda model, _: keras.models.clone_model(model),
    "saved and loaded": loaded,
    "pickled": lambda model, _: pickle.loads(pickle.dumps(model)),
    "copied": lambda model, _: copy.deepcopy(model),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_built_again_under_a_name_scope_after_other_models(name):
    expected = described(ARCHITECTURES[name]())
    keras.layers.Dense(1, name=None)  # moves Keras' count on
    with keras.name_scope("outer"):
        found = described(ARCHITECTURES[name]())

    assert found == expected
    texts = [address for address, _, _ in expected]
    assert len(set(texts)) == len(texts) > 0


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n not in NOT_COPIED])
def test_a_copy_has_the_addresses_of_its_original(name, way, tmp_path):
    model = ARCHITECTURES[name]()

    assert described(COPIES[way](model, tmp_path)) == described(model)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_part_of_another_model_has_a_prefix(name):
    class Outer(keras.Model):
        def __init__(self, part):
            super().__init__()
            self.other = keras.layers.Dense(3)
            self.part = part

    model = ARCHITECTURES[name]()
    expected = described(model)
    model.name = "part"
    outer = Outer(model)
    outer.other.build((None, 3))
    found = described(outer)

    assert [entry[0] for entry in found[:2]] == ["dense/kernel", "dense/bias"]
    assert found[2:] == [(f"part/{text}", *rest) for text, *rest in expected]


@pytest.mark.parametrize(
    ("make", "shape", "dtype"),
    [
        (Containers, (4,), "float32"),
        (GraphBesideLayers, (6, 6, 4), "float32"),
        (Tied, (5,), "int32"),
        (TiedHeadFirst, (5,), "int32"),
        (TiedVariable, (5,), "int32"),
        (TiedVariableHeadFirst, (5,), "int32"),
    ],
)
def test_built_by_a_call_or_by_a_shape(make, shape, dtype):
    eager = make()
    eager.build((None, *shape))

    assert described(eager) == described(ran(make(), shape, dtype=dtype))


@pytest.fixture(scope="module")
def one_layer_models():
    """A model of each layer of Keras that has weights."""
    return [as_model(layer) for layer in every_layer()]


def test_every_layer_of_keras_built_again(one_layer_models):
    again = [described(as_model(layer)) for layer in every_layer()]

    assert again == [described(model) for model in one_layer_models]


def test_every_layer_of_keras_alone_has_the_address_without_its_own_name():
    for layer in every_layer():
        inside = [address.split("/", 1)[1] for address, *_ in described(as_model(layer))]
        assert [address for address, *_ in described(layer)] == inside


@pytest.mark.parametrize("way", COPIES)
def test_every_layer_of_keras_copied(way, one_layer_models, tmp_path):
    for model in one_layer_models:
        found = COPIES[way](model, tmp_path)
        assert described(found) == described(model), model.layers[-1]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_weights_loaded_into_a_fresh_build_stand_where_they_stood(name, tmp_path):
    model, fresh = ARCHITECTURES[name](), ARCHITECTURES[name]()
    for place, variable in enumerate(model.weights):
        variable.assign(np.full(variable.shape, place, "float32"))
    model.save_weights(tmp_path / "model.weights.h5")
    fresh.load_weights(tmp_path / "model.weights.h5")

    assert_same(values(model), values(fresh))
