"""Names: what they stand for here and in Keras, registered, enabled, restored."""

import contextlib

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import registry
from keras_inits.initializers import lookup
from tests import cases
from tests.support import as_numpy, raises_exactly

OURS_ALONE = {
    "Dirac": ["dirac"],
    "DeltaOrthogonal": ["delta_orthogonal"],
    "Identity": ["eye"],
    "KaimingNormal": ["kaiming_normal"],
    "KaimingUniform": ["kaiming_uniform"],
    "Sparse": ["sparse"],
    "TruncNormal": ["trunc_normal"],
    "XavierNormal": ["xavier_normal"],
    "XavierUniform": ["xavier_uniform"],
}
KERAS_NAMES = [name for name in keras_inits.names() if registry._is_keras_name(name)]
NEED_ARGUMENTS = ("PerGate", "ZeroRow", "per_gate", "zero_row")
PLAIN_NAMES = [name for name in keras_inits.names() if name not in NEED_ARGUMENTS]


@contextlib.contextmanager
def registered(*names):
    """A user's initializer, registered within."""

    @keras_inits.register(*names, package="tests")
    class SpikyOnes(keras_inits.Initializer):
        """A user's own initializer."""

        def __init__(self, height=1.0):
            self.height = height

        def compute(self, ops, key, shape, dtype):
            return ops.full(shape, self.height, dtype)

    try:
        yield SpikyOnes
    finally:
        keras_inits.unregister(SpikyOnes)


def custom_objects():
    """All that Keras looks names up in, for initializers and for anything."""
    return dict(keras.saving.get_custom_objects()), dict(registry._table())


def test_names_are_sorted_and_cover_every_class():
    names = keras_inits.names()

    assert names == sorted(set(names))
    for name in cases.CASES:
        assert name in names
        assert lookup.snake_case(name) in names


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_get_gives_ours_for_every_name(name):
    initializer = keras_inits.get(name)

    assert type(initializer).__module__ == "keras_inits"
    assert type(initializer) is lookup.BY_NAME[name]


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_without_enable_keras_names_mean_keras_own(name):
    assert not keras_inits.is_enabled()
    # Keras' own Constant cannot be made from its name alone.
    config = {"value": 0.0} if name.lower() == "constant" else {}
    found = keras.initializers.get({"class_name": name, "config": config})
    assert type(found).__module__.startswith("keras.src.")


@pytest.mark.parametrize(("name", "lacking"), OURS_ALONE.items())
def test_the_names_that_keras_lacks_work_in_any_layer(name, lacking):
    for text in (name, *lacking):
        if registry._is_keras_name(text):
            continue
        layer = keras.layers.Dense(4, kernel_initializer=text)
        assert type(layer.kernel_initializer) is getattr(keras_inits, name)
        assert type(keras.initializers.get(text)) is getattr(keras_inits, name)


def test_get_passes_on_what_is_not_a_name():
    instance = keras_inits.HeNormal(seed=1)

    def function(shape, dtype=None):
        return keras.ops.ones(shape, dtype)

    assert keras_inits.get(None) is None
    assert keras_inits.get(instance) is instance
    assert keras_inits.get(function) is function
    assert isinstance(keras_inits.get(keras_inits.Zeros), keras_inits.Zeros)
    array = np.eye(3, dtype="float32")
    np.testing.assert_array_equal(as_numpy(keras_inits.get(array)((3, 3))), array)


@pytest.mark.parametrize("name", ["VarianceScaling", "variance_scaling"])
def test_get_takes_a_config_by_class_name(name):
    config = {"class_name": name, "config": {"scale": 2.0, "mode": "fan_out"}}
    initializer = keras_inits.get(config)

    assert type(initializer) is keras_inits.VarianceScaling
    assert (initializer.scale, initializer.mode) == (2.0, "fan_out")


def test_get_of_a_config_that_keras_wrote_gives_ours_too():
    config = keras.saving.serialize_keras_object(keras.initializers.HeNormal(seed=3))
    found = keras_inits.get(config)

    assert type(found) is keras_inits.HeNormal
    assert found.seed == 3


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_enabled_makes_every_keras_name_ours(name):
    with keras_inits.enabled():
        by_name = keras.initializers.get(name)
        by_config = keras.initializers.get({"class_name": name, "config": {}})
        by_class = keras.initializers.get({"class_name": name})

    assert {type(by_name), type(by_config), type(by_class)} == {lookup.BY_NAME[name]}


def test_enabled_covers_all_of_keras():
    with keras_inits.enabled():
        kept = {
            name
            for name, cls in registry._table().items()
            if not issubclass(cls, keras_inits.Initializer)
        }

    assert kept == {"Initializer", "initializer"}


def test_enabled_covers_the_layers_defaults():
    with keras_inits.enabled():
        layers = [
            keras.layers.Dense(2),
            keras.layers.LSTM(2),
            keras.layers.BatchNormalization(),
            keras.layers.Embedding(3, 2),
            keras.layers.MultiHeadAttention(1, 2),
            keras.layers.SeparableConv2D(2, 3),
        ]

    for layer in layers:
        for owner in (layer, getattr(layer, "cell", layer)):
            for name, value in vars(owner).items():
                if name.endswith("_initializer"):
                    assert isinstance(value, keras_inits.Initializer), name


def test_enabled_nests_and_restores():
    before = custom_objects()
    with keras_inits.enabled():
        with keras_inits.enabled():
            assert keras_inits.is_enabled()
        assert keras_inits.is_enabled()
        assert type(keras.initializers.get("zeros")) is keras_inits.Zeros
    assert not keras_inits.is_enabled()
    assert custom_objects() == before


def test_enabled_inside_enable_leaves_it_on():
    before = custom_objects()
    keras_inits.enable()
    try:
        with keras_inits.enabled():
            pass
        assert keras_inits.is_enabled()
        keras_inits.enable()
    finally:
        keras_inits.disable()
    assert custom_objects() == before
    keras_inits.disable()
    assert custom_objects() == before


def test_an_exception_restores_too():
    before = custom_objects()
    with pytest.raises(KeyError, match=r"^'on purpose'$"), keras_inits.enabled():
        raise KeyError("on purpose")
    assert custom_objects() == before
    assert not keras_inits.is_enabled()


def test_disable_inside_enabled_ends_it_for_good():
    before = custom_objects()
    with keras_inits.enabled():
        keras_inits.disable()
        assert type(keras.initializers.get("zeros")) is keras.initializers.Zeros
    assert custom_objects() == before


def test_a_users_own_custom_object_stays():
    class Mine(keras.initializers.Zeros):
        pass

    with keras.saving.custom_object_scope({}):
        custom = keras.saving.get_custom_objects()
        custom["glorot_uniform"] = Mine
        try:
            with keras_inits.enabled():
                assert custom["glorot_uniform"] is Mine
            assert custom["glorot_uniform"] is Mine
        finally:
            del custom["glorot_uniform"]


@pytest.mark.parametrize("name", [*keras_inits.names(), "constant", "normal"])
def test_a_word_in_a_config_stays_a_word_under_enabled(name):
    with keras_inits.enabled():
        for data in (name, [name], {"kind": name}, {"mode": {"name": [name]}}):
            assert keras.saving.deserialize_keras_object(data) == data


def test_a_saved_keras_config_stays_keras_own_under_enabled():
    config = keras.saving.serialize_keras_object(keras.initializers.HeNormal(seed=3))
    with keras_inits.enabled():
        revived = keras.saving.deserialize_keras_object(config)

    assert type(revived) is keras.initializers.HeNormal


def test_a_registered_initializer_is_known_everywhere():
    with registered("spiky") as cls:
        for name in ("spiky", "SpikyOnes", "spiky_ones"):
            assert name in keras_inits.names()
            assert type(keras_inits.get(name)) is cls
            layer = keras.layers.Dense(2, kernel_initializer=name)
            assert type(layer.kernel_initializer) is cls
            data = {"kind": name}
            assert keras.saving.deserialize_keras_object(data) == data
        config = keras.saving.serialize_keras_object(cls(2.0))
        revived = keras.saving.deserialize_keras_object(config)
        assert revived.get_config() == {"height": 2.0}
        np.testing.assert_array_equal(as_numpy(revived((2,))), [2.0, 2.0])
        assert type(keras_inits.PerGate("spiky").inner) is cls


def test_unregister_takes_everything_back():
    names, custom = keras_inits.names(), custom_objects()
    with registered("spiky"):
        assert custom_objects() != custom

    assert keras_inits.names() == names
    assert custom_objects() == custom


def test_register_works_without_arguments():
    @keras_inits.register
    class Lumpy(keras_inits.Zeros):
        """A user's own initializer."""

    try:
        assert type(keras_inits.get("lumpy")) is Lumpy
        assert keras.saving.get_registered_name(Lumpy) == "Custom>Lumpy"
    finally:
        keras_inits.unregister(Lumpy)


def test_a_subclass_of_keras_initializer_can_be_registered():
    @keras_inits.register("sevens")
    class Sevens(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return keras.ops.full(shape, 7.0, dtype)

    try:
        assert as_numpy(keras_inits.get("sevens")((2,))).tolist() == [7.0, 7.0]
    finally:
        keras_inits.unregister(Sevens)


def test_a_function_can_be_registered():
    names, custom = keras_inits.names(), custom_objects()

    @keras_inits.register("sevens", package="tests")
    def all_sevens(shape, dtype=None):
        return keras.ops.full(shape, 7.0, dtype)

    try:
        for name in ("sevens", "all_sevens"):
            assert keras_inits.get(name) is all_sevens
            assert keras.initializers.get(name) is all_sevens
            config = {"class_name": name, "config": {}}
            assert keras.initializers.get(config) is all_sevens
            layer = keras.layers.Dense(2, kernel_initializer=name)
            assert layer.kernel_initializer is all_sevens
            revived = keras.layers.Dense.from_config(layer.get_config())
            assert revived.kernel_initializer is all_sevens
        model = keras.Sequential([keras.Input((3,)), layer])
        keras_inits.initialize(model, {"bias": "sevens"})
        assert as_numpy(layer.bias).tolist() == [7.0, 7.0]
    finally:
        keras_inits.unregister(all_sevens)
    assert keras_inits.names() == names
    assert custom_objects() == custom


def test_defining_a_class_anew_replaces_it():
    def define(value):
        @keras_inits.register("again")
        class Again(keras_inits.Initializer):
            """A user's own initializer."""

            def compute(self, ops, key, shape, dtype):
                return ops.full(shape, value, dtype)

        return Again

    define(1.0)
    second = define(2.0)
    try:
        assert type(keras_inits.get("again")) is second
        assert as_numpy(keras.initializers.get("Again")((1,))).tolist() == [2.0]
    finally:
        keras_inits.unregister(second)


@pytest.mark.parametrize(
    "name", ["glorot_uniform", "normal", "Zeros", "kaiming_normal"]
)
def test_a_name_that_is_taken_is_refused(name):
    names, custom = keras_inits.names(), custom_objects()
    rule = "register: Argument `names` must be a name that is not taken, got"
    with raises_exactly(f"{rule} {name!r}."), registered(name):
        pass

    assert keras_inits.names() == names
    assert custom_objects() == custom


def test_a_class_named_like_one_of_ours_is_refused():
    rule = "register: Argument `names` must be a name that is not taken, got"
    with raises_exactly(f"{rule} 'Sparse'."):

        @keras_inits.register
        class Sparse(keras_inits.Zeros):
            """Not the package's."""


def test_a_name_that_the_user_gave_keras_is_refused():
    custom = keras.saving.get_custom_objects()
    custom["spiky"] = object
    try:
        rule = "register: Argument `names` must be a name that is not taken, got"
        with raises_exactly(f"{rule} 'spiky'."), registered("spiky"):
            pass
    finally:
        del custom["spiky"]
    assert "spiky" not in keras_inits.names()


@pytest.mark.parametrize("value", [int, None, 3, [], keras_inits.Zeros()])
def test_only_initializer_classes_and_functions_are_registered(value):
    text = (
        "register: Argument `initializer` must be a subclass of "
        f"keras.initializers.Initializer or a function, got {value!r}."
    )
    with raises_exactly(text):
        keras_inits.register("spiky")(value)
    with raises_exactly(text):
        keras_inits.register(value)


@pytest.mark.parametrize("cls", [keras_inits.Zeros, int])
def test_only_what_was_registered_can_be_unregistered(cls):
    text = (
        "unregister: Argument `initializer` must be what `register` was given, "
        f"got {cls!r}."
    )
    with raises_exactly(text):
        keras_inits.unregister(cls)


def test_a_model_built_under_enabled_loads_without_it():
    with keras_inits.enabled():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    revived = keras.models.model_from_json(model.to_json())

    assert type(revived.layers[0].kernel_initializer) is keras_inits.GlorotUniform


def test_a_variable_stands_for_its_value_as_in_keras_on_every_backend():
    values = keras_inits.get(keras.Variable([1.0, 2.0]))

    np.testing.assert_array_equal(as_numpy(values((2,))), [1.0, 2.0])
