"""Names of parts that a class has put its own name, or the one it was given, before."""

import keras
import pytest

from tests.model.address_cases import described
from tests.model.architectures import Derived, Prefixed

layers = keras.layers

PREFIXED = [
    *("entry/kernel", "entry/bias", "dense/kernel", "dense/bias"),
    *("dense_1/kernel", "dense_1/bias"),
    *("projection/dense/kernel", "projection/dense/bias"),
    *("head/head_dense/kernel", "head/head_dense/bias"),
]


class Block(layers.Layer):
    """Dense layers of the names that it is given."""

    def __init__(self, names, name=None):
        super().__init__(name=name)
        self.parts = [layers.Dense(2, name=text) for text in names]
        for part in self.parts:
            part.build((None, 2))
        self.built = True


class Other(Block):
    """The same of another class."""


class Extractor(keras.Model):
    """A functional model over inner features of a base, which it keeps beside."""

    def __init__(self, base=None, **kwargs):
        base = base or Prefixed()
        super().__init__(base.inputs, layers.Dense(3)(base.layers[-2].output), **kwargs)
        self.base = base

    def get_config(self):
        return {"base": keras.saving.serialize_keras_object(self.base)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["base"]))


def texts(model):
    return [address for address, *_ in described(model)]


def parts_of(layer):
    return [text.removesuffix("/kernel") for text in texts(layer)[::2]]


def copy_of(model):
    return type(model).from_config(model.get_config())


def test_a_copy_has_the_plain_names():
    model = Prefixed()
    copy = copy_of(copy_of(model))

    assert copy.layers[1].name == f"{model.name}_entry"
    assert texts(model) == texts(copy) == PREFIXED


def test_a_copy_under_another_name_has_them_too():
    copy = copy_of(Prefixed())
    copy.name = "encoder"
    outer = keras.Sequential([keras.Input((4,)), copy])

    assert texts(copy) == PREFIXED
    assert texts(outer) == [f"encoder/{text}" for text in PREFIXED]


def test_a_name_that_a_user_gave_stays_before_those_of_the_parts():
    model = Prefixed(name="encoder")

    assert texts(model)[0] == "encoder_entry/kernel"
    assert texts(model) == texts(copy_of(model))


def test_a_derived_name_is_what_was_added_to_it():
    layer = Derived()
    layer.build((None, 4))

    assert texts(layer)[1:] == ["inner/kernel", "inner/bias"]


def test_a_layer_of_a_chosen_name_keeps_it_in_its_parts():
    layer = Derived(name="mine")
    layer.build((None, 4))

    assert texts(layer) == ["mine_gain", "mine_inner/kernel", "mine_inner/bias"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # Two would be equal.
        (["conv", "block_conv"], None),
        (["block_conv", "block_7_conv"], None),
        # A user's own numbers differ, or end the name.
        (["block_1_conv", "block_2_norm"], None),
        (["block_0", "block_1", "block_10"], None),
        # No whole word, or nothing else.
        (["blocks_conv", "my_block_conv", "block"], None),
        (["block_conv", "other_conv"], ["conv", "other_conv"]),
        (["block_12_conv", "block_12_norm", "head"], ["conv", "norm", "head"]),
        (["block_conv", "block_block_conv"], ["conv", "block_conv"]),
        (["block_block_conv", "head"], ["conv", "head"]),
        # What is left looks like Keras' own, and is numbered like it.
        (["dense_3", "block_dense_8"], ["dense", "dense_1"]),
    ],
)
@pytest.mark.parametrize("name", [None, "chosen", "block_1", "block_7"])
def test_names_of_parts(names, expected, name):
    assert parts_of(Block(names, name=name)) == (expected or names)


def test_an_outer_classs_name_is_dropped_as_well():
    class Deep(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Block(["deep_block_conv", "deep_norm"], name="deep_inner")

    assert parts_of(Deep()) == ["inner/conv", "inner/norm"]


def test_keras_own_classes_take_the_names_that_a_user_gave():
    recurrent = layers.RNN(layers.LSTMCell(2, name="rnn_cell"))
    recurrent.build((None, 3, 2))
    stack = [keras.Input((2,)), layers.Dense(2, name="sequential_head")]

    assert texts(recurrent)[0] == "rnn_cell/kernel"
    assert parts_of(keras.Sequential(stack)) == ["sequential_head"]


def test_a_model_whose_graph_a_part_stands_in_is_around_it():
    model = Extractor()
    copy = copy_of(model)
    if copy.base not in copy._layers:
        pytest.skip(f"Keras {keras.__version__} tracks no layer beside a graph")

    assert copy.layers[1].name == f"{copy.base.name}_entry"
    assert described(copy) == described(model)
    assert texts(copy)[0] == "entry/kernel"


def test_a_model_that_a_user_keeps_beside_another_changes_no_name():
    base = copy_of(Prefixed())
    model = keras.Model(base.inputs, layers.Dense(3)(base.output))
    before = texts(model)
    model.base = base

    assert texts(model) == before == texts(keras.models.clone_model(model))
