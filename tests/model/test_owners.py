"""A weight has one owner, on which rules, fans and diagnoses agree."""

import re

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.diagnostics import capture
from keras_inits.model import fans_of, initialize, owners, recipes, reinitialize
from keras_inits.model.addresses import addresses, located
from keras_inits.model.rules import weights_of
from tests.model.architectures import (
    ARCHITECTURES,
    Derived,
    Extractor,
    GraphBesideLayers,
    Tied,
    TiedHead,
    TiedVariableHead,
    Unnamed,
    ran,
    small_base,
)
from tests.model.models import values
from tests.support import IGNORE_KERAS_ARRAYS

pytestmark = pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)

layers = keras.layers
TIED = [name for name in ARCHITECTURES if name.startswith("tied")]
GRAPHS = ["graph beside layers", "graph before layers"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_all_agree_on_the_owner(name):
    model = ARCHITECTURES[name]()
    report = initialize(model, {"*": "zeros"}, seed=0)
    for weight in weights_of(model):
        layer, variable = weight.layer, weight.variable
        assert any(variable is own for own in owners.own_variables(layer))
        assert weight.holders[0] is model
        assert weight.holders.count(layer) == 1
        row = report[weight.address]
        assert row.layer == type(layer).__name__
        assert (row.fan_in, row.fan_out) == fans_of(model, variable)
        assert fans_of(model, variable) == fans_of(layer, variable)


@pytest.mark.parametrize("name", TIED)
def test_the_table_of_a_tied_head_is_the_embeddings(name):
    model = ARCHITECTURES[name]()
    rules = {
        TiedHead: keras_inits.Constant(1.0),
        layers.Embedding: keras_inits.Constant(2.0),
        layers.Dense: keras_inits.Constant(3.0),
    }
    report = initialize(model, rules, seed=0)

    assert report["embedding/embeddings"].initializer == "Constant(value=2.0)"
    assert fans_of(model, model.embedding.embeddings) == (1, 16)
    head = next(text for text in values(model) if "head" in text)
    assert np.all(values(model)[head] == 1.0)


@pytest.mark.parametrize("name", TIED)
def test_a_tied_model_is_initialized_anew(name):
    model = ARCHITECTURES[name]()
    initialize(model, {"*": "zeros"}, seed=0)
    report = reinitialize(model, seed=1)

    assert report.left_alone == []
    assert report["embedding/embeddings"].initializer.startswith("RandomUniform")


@pytest.mark.parametrize("name", GRAPHS)
def test_a_grouped_convolution_beside_its_graph_has_the_fans_of_its_groups(name):
    model = ARCHITECTURES[name]()

    assert fans_of(model, model.conv.kernel) == (18, 36)
    report = initialize(model, {layers.Conv2D: "he_normal"}, seed=0)
    assert (report["conv2d/kernel"].fan_in, report["conv2d/kernel"].fan_out) == (18, 36)


@pytest.mark.parametrize("name", [*GRAPHS, "extractor"])
def test_a_recipe_reaches_every_weight_of_a_model_that_keeps_its_graph(name):
    report = initialize(ARCHITECTURES[name](), recipes.pytorch(), seed=0)

    assert report.left_alone == []


def test_the_wrapper_that_reads_a_kernel_does_not_own_it():
    wrapper = layers.SpectralNormalization(layers.Dense(4))
    wrapper.build((None, 3))

    owned = {address: layer for address, layer, _ in addresses(wrapper)}
    assert owned["dense/kernel"] is wrapper.layer
    assert owned["vector_u"] is wrapper


class Giver(layers.Layer):
    """Makes a variable that the layers inside it hold too."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.takers = [Taker(), Taker()]

    def build(self, shape):
        self.table = self.add_weight((4,), "ones", name="table")
        for taker in self.takers:
            taker.table = self.table
            taker.build(shape)


class Taker(layers.Layer):
    """Holds a variable of the layer around it."""

    def build(self, shape):
        self.own = self.add_weight((4,), "ones", name="own")


def test_what_a_layer_hands_to_those_inside_stays_its_own():
    layer = Giver()
    layer.build((None, 4))

    found = {address: owner for address, owner, _ in addresses(layer)}
    assert list(found) == ["table", "taker/own", "taker_1/own"]
    assert found["table"] is layer


class Holder(layers.Layer):
    """Holds a variable that no layer has made."""

    def __init__(self, variable, inner=None, **kwargs):
        super().__init__(**kwargs)
        if inner is not None:
            self.inner = inner
        self.held = variable


def test_a_variable_that_was_made_outside_belongs_to_the_inner_or_nearest_layer():
    variable = keras.Variable(np.ones(3, "float32"), name="made")
    inside = Holder(variable, Holder(variable, name="inner"))
    assert [a for a, *_ in addresses(inside)] == ["inner/made"]

    beside = layers.Layer()
    beside.one, beside.other = Holder(variable), Holder(variable)
    assert [(a, owner) for a, owner, _ in addresses(beside)] == [
        ("holder/made", beside.one)
    ]


def test_the_scope_tells_the_maker_where_names_of_layers_are_equal():
    outer = Holder(None, layers.Dense(2, name="same"), name="same")
    outer.inner.build((None, 3))
    outer.also = outer.inner.kernel

    found = {address: owner for address, owner, _ in addresses(outer)}
    assert found["same/kernel"] is outer.inner


def test_a_class_chooses_what_the_address_passes_through():
    class Block(layers.Layer):
        def __init__(self, shared, **kwargs):
            super().__init__(**kwargs)
            self.own = layers.Dense(4)
            self.shared = shared

        def build(self, shape):
            self.own.build(shape)

        def call(self, x):
            return self.shared(self.own(x))

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            shared = layers.Dense(4, name="shared")
            self.blocks = [Block(shared), Block(shared)]
            self.shared = shared

        def call(self, x):
            return self.blocks[1](self.blocks[0](x))

    model = ran(Model(), (4,))
    report = initialize(model, {Block: "zeros"}, seed=0)
    assert [row.address for row in report.drawn] == [
        *("block/dense/kernel", "block/dense/bias"),
        *("block_1/dense/kernel", "block_1/dense/bias"),
    ]


def test_a_class_of_models_chooses_what_stands_in_its_graph():
    class Base(keras.Model):
        pass

    base = small_base()
    named = Base(base.inputs, base.output)
    model = keras.Model(named.inputs, layers.Dense(3)(named.output))
    model.base = named
    if named not in model._layers:
        pytest.skip(f"Keras {keras.__version__} tracks no layer beside a graph")

    report = initialize(model, {Base: "zeros"}, seed=0)
    assert [row.address for row in report.left_alone] == [
        "dense/kernel",
        "dense/bias",
    ]


def test_an_attribute_beside_a_graph_is_no_shorter_way():
    model = Extractor()

    assert addresses(model)[0][0] == "conv2d/kernel"
    inner = keras.Model(model.inputs, layers.Dense(2)(model(model.inputs)))
    inner.inside = model.layers[1]
    assert addresses(inner)[0][0] == "extractor/conv2d/kernel"


def test_an_attribute_of_a_layer_is_as_near_as_a_part_of_a_graph():
    inputs = keras.Input((4,))
    dense = layers.Dense(4)
    inner = keras.Model(inputs, dense(inputs))
    model = keras.Model()
    model.outer = keras.Model(inputs, inner(inputs), name="outer")
    model.block = Holder(None, dense, name="block")

    assert addresses(model)[0][0] == "block/dense/kernel"


@pytest.mark.parametrize("name", ["tied variable", "tied variable, head first"])
def test_the_diagnosis_sees_a_kernel_at_its_owner(name):
    model = ARCHITECTURES[name]()
    found = capture.kernels(model)

    assert found[id(model.embedding)] == [model.embedding.embeddings]
    assert id(model.head) not in found
    assert isinstance(model.head, TiedVariableHead)


def test_the_matrices_of_a_layer_observed_as_a_whole_are_its_own():
    model = ARCHITECTURES["recurrent"]()
    rnn = model.layers[3]
    assert isinstance(rnn, layers.RNN)

    kernels = capture.kernels(model)[id(rnn)]
    assert [kernel.shape[0] for kernel in kernels] == [4, 2, 2, 3, 3, 2]


def test_layers_without_private_lists_are_asked_in_public():
    class Public:
        """What `own_variables` sees of a layer under another Keras."""

        def __init__(self, layer):
            self.layer = layer
            self.weights = layer.weights
            self.layers = getattr(layer, "layers", [])

    model = Tied()
    model.build((None, 5))
    part = Public(model)
    assert owners.own_variables(part) == []
    assert owners.layers_in(part) == list(model.layers)
    dense = Public(model.mixer)
    assert owners.own_variables(dense) == model.mixer.weights


def test_layers_without_weights_take_no_number():
    model = keras.Model()
    model.unused, model.used = layers.Dense(3), layers.Dense(2)
    model.used.build((None, 2))
    model.built = True
    found = located(owners.Owners(model))

    assert [address for address, *_ in found] == ["dense/kernel", "dense/bias"]


def test_a_bias_has_not_the_fans_of_the_kernel_of_a_layer_inside():
    class Shifted(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(4, use_bias=False)

        def build(self, shape):
            self.inner.build(shape)
            self.bias = self.add_weight((4,), "zeros", name="bias")

    layer = Shifted()
    layer.build((None, 7))
    assert fans_of(layer, layer.inner.kernel) == (7, 4)
    assert fans_of(layer, layer.bias) == (4, 4)


def test_unnamed_weights_are_numbered_as_their_layer_made_them():
    layer = Unnamed()
    layer.build((None, 4))
    found = {id(variable): address for address, _, variable in addresses(layer)}

    made = [layer.offset, layer.scale, layer.shift, layer.slope]
    assert [found[id(v)] for v in made] == [
        *("variable", "variable_1", "variable_2", "variable_3")
    ]
    assert found[id(layer.power)] == "power"


def test_unnamed_weights_can_be_chosen_by_their_names():
    layer = Unnamed()
    layer.build((None, 4))
    rules = {"variable_1": keras_inits.Constant(5.0), re.compile("_3$"): "zeros"}
    initialize(layer, rules, seed=0)

    assert np.all(values(layer)["variable_1"] == 5.0)
    assert np.all(values(layer)["variable_3"] == 0.0)


def test_a_weight_whose_chosen_name_looks_automatic_is_not_met_by_a_number():
    class Odd(layers.Layer):
        def build(self, shape):
            self.one = self.add_weight((2,), name="power_1")
            self.two = self.add_weight((2,), name="power_1~2")
            self.three = self.add_weight((2,), name="power_1")

    layer = Odd()
    layer.build((None, 2))
    texts = [address for address, *_ in addresses(layer)]
    assert texts == ["power_1", "power_1~2", "power_1~3"]


def test_names_made_out_of_the_layers_own_do_not_carry_its_number():
    first, second = Derived(), Derived()
    for layer in (first, second):
        layer.build((None, 4))

    assert second.name != "derived"
    assert [a for a, *_ in addresses(second)] == [a for a, *_ in addresses(first)]
    assert addresses(second)[0][0] == "derived_gain"


def test_weights_that_a_model_lists_though_no_layer_has_them_are_its_own():
    extra = keras.Variable(np.ones(2, "float32"), name="extra")

    class Listing(keras.Model):
        @property
        def weights(self):
            return [*super().weights, extra]

    model = Listing()
    model.inner = layers.Dense(2)
    model.inner.build((None, 2))
    model.built = True

    assert [a for a, *_ in addresses(model)] == ["dense/kernel", "dense/bias", "extra"]
    assert fans_of(model, extra) == (2, 2)


def test_copies_have_equal_values_from_one_seed():
    model = GraphBesideLayers()
    ran(model, (6, 6, 4))
    other = keras.models.clone_model(model)
    for one in (model, other):
        reinitialize(one, seed=3)

    assert keras_inits.fingerprint(model) == keras_inits.fingerprint(other)
