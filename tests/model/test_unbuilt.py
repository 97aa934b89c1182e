"""Weights are asked for, not `built`: models that only `train_step` trains work."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.model import detach, fans_of, initialize, reinitialize
from keras_inits.model.unbuilt import without_weights_yet
from tests.model.models import values
from tests.support import raises_exactly

layers = keras.layers


class Sampling(layers.Layer):
    """A layer that never gets weights and stays without being built."""

    def call(self, x):
        return x


class Shaped(layers.Layer):
    """The same, with a `build` that makes no weight."""

    def build(self, shape):
        self.width = shape[-1]
        self.prepare()

    def prepare(self):
        self.drop = layers.Dropout(0.5)


class Gan(keras.Model):
    """Two parts and no `call`."""

    def __init__(self, generator, discriminator, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.others = [
            *(Sampling(), Shaped(), layers.Dropout(0.5), layers.Add()),
            keras.Sequential([layers.RandomFlip(), layers.Rescaling(2.0)]),
        ]

    def train_step(self, data):
        return {}


def perceptron(*, built, name=None):
    """Two dense layers, which have weights if `built`."""
    start = [keras.Input((4,))] if built else []
    return keras.Sequential([*start, layers.Dense(5), layers.Dense(4)], name=name)


def gan():
    """A model that was never built as a whole, though all its parts are."""
    model = Gan(perceptron(built=True), perceptron(built=True), name="gan")
    assert not model.built
    return model


def test_a_model_without_call_is_initialized():
    model = gan()
    report = initialize(model, {"kernel": "he_normal", "bias": "zeros"}, seed=1)

    assert [row.address for row in report.drawn][::2] == [
        *("sequential/dense/kernel", "sequential/dense_1/kernel"),
        *("sequential_1/dense/kernel", "sequential_1/dense_1/kernel"),
    ]
    assert reinitialize(model, seed=1).left_alone == []
    assert fans_of(model, model.generator.weights[0]) == (4, 5)
    assert detach(model).kept == []


def test_its_fingerprint_is_that_of_its_values():
    one, other = gan(), gan()
    for model in (one, other):
        reinitialize(model, seed=3)
    assert keras_inits.fingerprint(one) == keras_inits.fingerprint(other)
    reinitialize(other, seed=4)
    assert keras_inits.fingerprint(one) != keras_inits.fingerprint(other)


@pytest.mark.parametrize("built", [False, True])
def test_a_part_without_weights_yet_is_named(built):
    model = Gan(
        perceptron(built=True),
        perceptron(built=False, name="discriminator"),
        name="gan",
    )
    model.built = built  # as code that never builds the model as a whole may say
    before = values(model.generator)
    for name, function in (
        ("initialize", lambda: initialize(model, {"*": "zeros"})),
        ("reinitialize", lambda: reinitialize(model)),
        ("fingerprint", lambda: keras_inits.fingerprint(model)),
    ):
        with raises_exactly(
            f"{name}: Argument `model` must be built, got 'gan', in which these layers "
            "have no weights yet: 'discriminator'. Call it, or each of these, on a "
            "batch of data or call its `build` with the input's shape."
        ):
            function()
    for address, value in values(model.generator).items():
        np.testing.assert_array_equal(value, before[address])


@pytest.mark.filterwarnings("ignore:.build.*on layer 'cyclic'")
def test_a_part_that_only_the_training_step_uses_is_named_too():
    class Cyclic(Gan):
        def call(self, x):
            return self.generator(x)

    model = Cyclic(
        perceptron(built=False), perceptron(built=False, name="critic"), name="cyclic"
    )
    model(np.zeros((1, 4), "float32"))
    assert model.built
    assert without_weights_yet(model) == ["critic"]


class Lazy(layers.Layer):
    """Makes its part only when it is built."""

    def build(self, shape):
        self.inner = make_part(shape)


class Direct(layers.Layer):
    """Makes a variable in a method that `build` calls."""

    def build(self, shape):
        super().build(shape)
        self.make()

    def make(self):
        self.scale = self.add_weight(shape=(2,))


class Attribute(layers.Layer):
    """Names the class of its part as a part of a module."""

    def build(self, shape):
        self.inner = keras.layers.Dense(2)


class Inherited(Direct):
    """Adds to the `build` of another class."""

    def build(self, shape):
        self.width = shape[-1]
        super().build(shape)


class Comprehended(layers.Layer):
    """Makes its parts in a comprehension."""

    def build(self, shape):
        self.parts = [layers.Dense(size) for size in shape[1:]]


class Block(layers.Layer):
    """Has no `build`, and makes its part before it is built."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(2)


class OfBlocks(layers.Layer):
    """Makes a layer that makes another."""

    def build(self, shape):
        self.block = Block()


def make_part(shape):
    """A function outside of the class."""
    part = layers.Dense(2)
    part.build(shape)
    return part


@pytest.mark.parametrize(
    "kind", [Lazy, Direct, Attribute, Inherited, Comprehended, OfBlocks]
)
def test_a_layer_that_makes_weights_when_built_is_waited_for(kind):
    model = Gan(perceptron(built=True), kind(name="late"))

    assert without_weights_yet(model) == ["late"]
    model.discriminator.build((None, 2))
    if kind is Direct:
        assert without_weights_yet(model) == []


@pytest.mark.parametrize(
    "layer", [Sampling, Shaped, layers.Dropout, layers.Concatenate, layers.RandomZoom]
)
def test_a_layer_that_never_gets_weights_is_not_waited_for(layer):
    made = layer(0.1) if layer in (layers.Dropout, layers.RandomZoom) else layer()
    model = Gan(perceptron(built=True), made)

    assert without_weights_yet(model) == []


def test_parts_are_named_within_the_parts_that_have_weights():
    part = Gan(perceptron(built=True), layers.LSTM(3, name="late"), name="inner")
    model = Gan(perceptron(built=True), part)

    assert without_weights_yet(model) == ["inner/late"]


@pytest.mark.filterwarnings("ignore:.build.*on layer 'unused'")
def test_a_layer_that_a_built_model_does_not_use_is_no_obstacle():
    class Unused(keras.Model):
        def __init__(self):
            super().__init__()
            self.used = layers.Dense(2)
            self.unused = layers.Dense(3)

        def call(self, x):
            return self.used(x)

    model = Unused()
    model(np.zeros((1, 2), "float32"))
    assert list(values(model)) == ["dense/kernel", "dense/bias"]


def test_a_model_whose_parts_are_built_need_not_be():
    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = perceptron(built=True)

        def call(self, x):
            return self.encoder(x)

    assert len(values(Autoencoder())) == 4


@pytest.mark.parametrize("look", [keras_inits.diagnose, keras_inits.lsuv])
def test_a_diagnosis_needs_a_model_that_can_be_called(look):
    with raises_exactly(
        f"{look.__name__}: Argument `model` must have a `call`, got 'gan' of the class "
        "Gan, which has none. Look at its parts one by one."
    ):
        look(gan(), np.ones((2, 4), "float32"))
