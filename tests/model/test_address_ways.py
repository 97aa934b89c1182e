"""A weight has one address, by whatever way its model came to be."""

import copy
import inspect
import pickle
import re

import keras
import numpy as np
import pytest

from keras_inits.model import initialize, recipes
from keras_inits.model.addresses import layers_of
from tests.model.address_cases import described, one_layer_models
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
from tests.support import IGNORE_KERAS_ARRAYS

pytestmark = pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)

# Keras copies a layer that stands in two models, once for each.
NOT_COPIED = ("shared between models",)


def _code_names(kind):
    build = getattr(inspect.unwrap(getattr(kind, "build", None)), "__code__", None)
    return build.co_names if build else ()


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
    texts = [address for address, *_ in expected]
    assert len(set(texts)) == len(texts) > 0


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n not in NOT_COPIED])
def test_a_copy_has_the_addresses_of_its_original(name, way, tmp_path):
    model = ARCHITECTURES[name]()
    try:
        copied = COPIES[way](model, tmp_path)
    except TypeError as error:
        if (name, way) == ("extractor", "cloned") and "__init__() takes" in str(error):
            pytest.skip(f"Keras {keras.__version__} clones no constructor of one's own")
        raise

    assert described(copied) == described(model)


class Outer(keras.Model):
    """Another model around one."""

    def __init__(self, part):
        super().__init__()
        self.other = keras.layers.Dense(3)
        self.part = part


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_part_of_another_model_has_a_prefix(name):
    model = ARCHITECTURES[name]()
    expected = described(model)
    model.name = "part"
    outer = Outer(model)
    outer.other.build((None, 3))
    found = described(outer)

    assert [entry[0] for entry in found[:2]] == ["dense/kernel", "dense/bias"]
    assert found[2:] == [[f"part/{text}", *rest] for text, *rest in expected]


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
def wrapped_layers():
    """A model of each layer of Keras that has weights."""
    return one_layer_models()


def test_every_layer_of_keras_that_has_weights_is_tried(wrapped_layers):
    tried = {type(part) for model in wrapped_layers for part in layers_of(model)}
    known = {
        kind
        for kind in vars(keras.layers).values()
        if isinstance(kind, type) and "add_weight" in _code_names(kind)
    }

    assert len(known) > 20
    assert not known - tried


def test_every_wrapper_of_keras_is_tried(wrapped_layers):
    tried = {type(part) for model in wrapped_layers for part in layers_of(model)}
    known = {
        kind
        for kind in vars(keras.layers).values()
        if isinstance(kind, type) and issubclass(kind, keras.layers.Wrapper)
    }

    assert known - {keras.layers.Wrapper}
    assert not known - {keras.layers.Wrapper} - tried
    assert not {keras.layers.RNN, keras.layers.StackedRNNCells} - tried


@pytest.fixture(scope="module")
def wrapped_again(wrapped_layers):
    """The same models, built after those and under a name scope."""
    with keras.name_scope("outer"):
        return one_layer_models()


def test_every_layer_of_keras_built_again(wrapped_layers, wrapped_again):
    again = [described(model) for model in wrapped_again]

    assert again == [described(model) for model in wrapped_layers]


def test_every_layer_of_keras_within_another_model(wrapped_layers):
    for model in wrapped_layers:
        expected = [[f"functional/{text}", *rest] for text, *rest in described(model)]
        outer = Outer(model)
        outer.other.build((None, 3))
        assert described(outer)[2:] == expected


def test_weights_of_every_layer_of_keras_loaded_into_a_fresh_build(
    wrapped_layers, wrapped_again, tmp_path
):
    path = tmp_path / "model.weights.h5"
    for model, fresh in zip(wrapped_layers, wrapped_again, strict=True):
        if getattr(model.layers[-1], "lora_enabled", False):
            continue  # Keras saves the kernel with its low-rank part added
        for place, variable in enumerate(model.weights, start=1):
            variable.assign(np.full(variable.shape, place, "float32"))
        model.save_weights(path)
        fresh.load_weights(path)
        assert_same(values(model), values(fresh))


def test_a_layer_alone_has_the_addresses_without_its_own_name(wrapped_layers):
    for model in wrapped_layers:
        inside = [[text.split("/", 1)[1], *rest] for text, *rest in described(model)]
        assert described(model.layers[-1]) == inside


@pytest.mark.parametrize("way", COPIES)
def test_every_layer_of_keras_copied(way, wrapped_layers, tmp_path):
    for model in wrapped_layers:
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


@pytest.mark.parametrize("way", ["built", "cloned"])
def test_recipes_read_a_stack_from_the_address(way, tmp_path):
    def stack(name):
        inputs = keras.Input((4,))
        part = keras.layers.Dense(4, use_bias=False, name="ffn_output")
        return keras.Model(inputs, part(inputs), name=name)

    inputs = keras.Input((4,))
    model = keras.Model(inputs, stack("decoder")(stack("encoder")(inputs)))
    model = COPIES.get(way, lambda model, _: model)(model, tmp_path)
    rules = recipes.deepnorm(3, 5, feed_forward=re.compile("ffn"))
    report = initialize(model, rules, seed=1)

    assert [row.address for row in report.drawn] == [
        *("encoder/ffn_output/kernel", "decoder/ffn_output/kernel")
    ]
    assert report.drawn[0].initializer != report.drawn[1].initializer
