"""Configs: JSON and nothing else, equal after a round trip, and so the values."""

import json

import keras
import numpy as np
import pytest

import keras_inits
from tests import cases
from tests.support import as_numpy

RANDOM = [
    label for label in cases.LABELS if cases.class_name(label) not in cases.SEEDLESS
]
SEEDED = [label for label in RANDOM if "inner" not in cases.config_of(label)]


def shape_for(label):
    return next(
        shape
        for shape in ((6, 8), (3, 4, 8), (8, 1, 5), (6, 5))
        if cases.takes(label, shape)
    )


def through_json(initializer):
    """Serialized by Keras, written and read as strict JSON, and revived."""
    config = keras.saving.serialize_keras_object(initializer)
    text = json.dumps(config, allow_nan=False)
    return keras.saving.deserialize_keras_object(json.loads(text))


def assert_equal_values(one, other, shape):
    found = as_numpy(other(shape, "float32"))
    assert found.shape == shape
    np.testing.assert_array_equal(found, as_numpy(one(shape, "float32")))


@pytest.mark.parametrize("label", cases.LABELS)
def test_a_round_trip_gives_an_equal_config_and_equal_values(label):
    initializer = cases.build(label)
    revived = through_json(initializer)

    assert type(revived) is type(initializer)
    assert revived.get_config() == initializer.get_config()
    assert_equal_values(initializer, revived, shape_for(label))


@pytest.mark.parametrize("label", cases.LABELS)
def test_from_config_gives_an_equal_config_and_equal_values(label):
    initializer = cases.build(label)
    config = json.loads(json.dumps(initializer.get_config(), allow_nan=False))
    revived = type(initializer).from_config(config)

    assert revived.get_config() == initializer.get_config()
    assert_equal_values(initializer, revived, shape_for(label))


@pytest.mark.parametrize("label", cases.LABELS)
def test_a_clone_gives_equal_values(label):
    initializer = cases.build(label)
    clone = initializer.clone()

    assert clone is not initializer
    assert clone.get_config() == initializer.get_config()
    assert_equal_values(initializer, clone, shape_for(label))


@pytest.mark.parametrize("label", cases.LABELS)
def test_keras_and_our_get_revive_a_config_by_its_class_name(label):
    initializer = cases.build(label)
    config = keras.saving.serialize_keras_object(initializer)
    name = cases.class_name(label)

    assert config["registered_name"] == f"keras_inits>{name}"
    for get in (keras_inits.get, keras.initializers.get):
        revived = get(json.loads(json.dumps(config)))
        assert type(revived) is getattr(keras_inits, name)
        assert revived.get_config() == initializer.get_config()


@pytest.mark.parametrize("label", SEEDED)
def test_no_seed_stays_no_seed(label):
    config = {**cases.config_of(label), "seed": None}
    initializer = getattr(keras_inits, cases.class_name(label))(**config)

    assert initializer.get_config()["seed"] is None
    revived = through_json(initializer)
    assert revived.get_config() == initializer.get_config()


@pytest.mark.parametrize("seed", [0, -1, 2**31, 2**64 + 1, -(10**30)])
def test_a_seed_of_any_size_survives(seed):
    initializer = keras_inits.HeNormal(seed=seed)

    assert through_json(initializer).get_config()["seed"] == seed
    assert_equal_values(initializer, through_json(initializer), (3, 4))


def test_a_numpy_integer_seed_becomes_a_json_integer():
    initializer = keras_inits.HeNormal(seed=np.int64(12))

    assert json.dumps(initializer.get_config()["seed"]) == "12"
    assert_equal_values(keras_inits.HeNormal(seed=12), initializer, (3, 4))


@pytest.mark.parametrize("label", SEEDED)
def test_a_seed_generator_survives(label):
    generator = keras.random.SeedGenerator(seed=5)
    config = {**cases.config_of(label), "seed": generator}
    initializer = getattr(keras_inits, cases.class_name(label))(**config)
    revived = through_json(initializer)

    assert isinstance(revived.seed, keras.random.SeedGenerator)
    assert revived.get_config() == initializer.get_config()
    assert_equal_values(initializer, revived, shape_for(label))


@pytest.mark.parametrize("label", RANDOM)
def test_another_seed_gives_other_values(label):
    shape = shape_for(label)
    one, other = (as_numpy(cases.build(label, seed)(shape)) for seed in (7, 8))

    assert np.any(one != other)


@pytest.mark.parametrize("value", [[1, 2], [[0.5]], np.arange(3), np.float32(0.1)])
def test_a_constant_array_survives(value):
    initializer = keras_inits.Constant(value)
    shape = np.shape(value) or (2,)

    assert_equal_values(initializer, through_json(initializer), shape)


def test_a_callable_nonlinearity_of_keras_survives():
    initializer = keras_inits.KaimingNormal(nonlinearity=keras.activations.gelu, seed=3)
    revived = through_json(initializer)

    assert revived.get_config() == initializer.get_config()
    assert revived.scale == initializer.scale


def test_a_registered_callable_nonlinearity_survives():
    @keras.saving.register_keras_serializable(package="keras_inits_tests")
    def cube(x):
        return x**3

    initializer = keras_inits.KaimingUniform(nonlinearity=cube, seed=3)
    revived = through_json(initializer)

    # E z**6 = 15; the gain, whose square the scale is, has 5 digits.
    assert revived.scale == initializer.scale == float(f"{15**-0.5:.5g}") ** 2
    assert_equal_values(initializer, revived, (3, 4))


def test_a_models_config_survives_with_its_initializers():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            keras.layers.Conv2D(4, 3, kernel_initializer=keras_inits.Dirac()),
            keras.layers.Flatten(),
            keras.layers.Dense(5, kernel_initializer=keras_inits.Sparse(0.5, seed=3)),
            keras.layers.Reshape((5, 1)),
            keras.layers.LSTM(
                4,
                kernel_initializer=keras_inits.PerGate(keras_inits.HeNormal(seed=1)),
                recurrent_initializer=keras_inits.PerGate(
                    keras_inits.Orthogonal(seed=2)
                ),
            ),
        ]
    )
    revived = keras.models.model_from_json(model.to_json())

    assert revived.to_json() == model.to_json()
    for one, other in zip(model.weights, revived.weights, strict=True):
        np.testing.assert_array_equal(as_numpy(other), as_numpy(one))


def test_the_representation_shows_what_differs_from_the_defaults():
    assert repr(keras_inits.Sparse()) == "Sparse()"
    assert repr(keras_inits.Sparse(0.5, seed=3)) == "Sparse(sparsity=0.5, seed=3)"
    inner = keras_inits.HeNormal(seed=1)
    assert (
        repr(keras_inits.PerGate(inner, 3))
        == "PerGate(inner=HeNormal(seed=1), gates=3)"
    )
    assert repr(keras_inits.Constant([1, 2])) == "Constant(value=array([1, 2]))"
    long = "Constant(value=array of shape (3, 4))"
    assert repr(keras_inits.Constant([[0.25] * 4] * 3)) == long
