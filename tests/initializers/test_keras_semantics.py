"""Classes that Keras also has: its arguments, configs, fans and distributions."""

import inspect
import random

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.registry import KERAS_ALIASES
from tests.support import as_float64, assert_same_distribution

SHARED = sorted(
    name
    for name in keras_inits.__dict__
    if isinstance(getattr(keras_inits, name), type)
    and hasattr(keras.initializers, name)
    and name != "Initializer"
)
SCALING = [name for name in SHARED if name.endswith(("Uniform", "Normal", "Scaling"))]
SCALING = [n for n in SCALING if not n.startswith(("Random", "Truncated"))]
# Keras has them from 3.15 on; its EinsumDense then fills them in.
AXES = ("input_axes", "output_axes")
FILLED_IN = pytest.mark.skipif(
    "input_axes" not in inspect.signature(keras.initializers.GlorotUniform).parameters,
    reason="this Keras tells no initializer the axes of an EinsumDense kernel",
)
DRAWN = [*SCALING, "RandomUniform", "RandomNormal", "TruncatedNormal"]


def both(name):
    return getattr(keras_inits, name), getattr(keras.initializers, name)


def parameters(cls):
    return list(inspect.signature(cls.__init__).parameters.values())[1:]


def test_every_class_of_keras_is_here():
    keras_classes = {
        cls.__name__
        for cls in vars(keras.initializers).values()
        if isinstance(cls, type) and issubclass(cls, keras.Initializer)
    }

    assert keras_classes - {"Initializer"} == set(SHARED)


@pytest.mark.parametrize("name", SHARED)
def test_keras_arguments_come_first_in_keras_order_with_its_defaults(name):
    ours, theirs = map(parameters, both(name))

    first = ours[: len(theirs)]
    assert [(p.name, p.default) for p in first] == [(p.name, p.default) for p in theirs]
    assert [p.kind for p in first] == [p.kind for p in theirs]
    for parameter in ours[len(theirs) :]:
        if parameter.name not in AXES:
            assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is not inspect.Parameter.empty


@pytest.mark.parametrize("name", SHARED)
def test_a_config_has_keras_keys_and_values_and_then_ours(name):
    ours, theirs = (cls().get_config() for cls in both(name))

    assert {key: ours[key] for key in theirs} == theirs
    extra = [p.name for p in parameters(both(name)[0])]
    assert set(ours) - set(theirs) <= set(extra)


@pytest.mark.parametrize("name", SHARED)
def test_ours_can_be_made_from_keras_config(name):
    ours, theirs = both(name)
    config = theirs().get_config()

    assert ours.from_config(config).get_config().items() >= config.items()


@pytest.mark.parametrize("name", SCALING)
def test_the_scaling_family_is_a_subclass_of_keras(name):
    assert issubclass(both(name)[0], keras.initializers.VarianceScaling)


@pytest.mark.parametrize("name", SHARED)
def test_ours_is_a_keras_initializer(name):
    assert issubclass(both(name)[0], keras.Initializer)


@pytest.mark.parametrize("name", DRAWN)
def test_a_sample_has_the_distribution_of_keras_own(name):
    ours, theirs = both(name)
    shape = (3, 3, 16, 50)

    assert_same_distribution(
        as_float64(ours(seed=3)(shape, "float32")),
        as_float64(theirs(seed=4)(shape, "float32")),
    )


@pytest.mark.parametrize("name", ["Zeros", "Ones"])
def test_constants_equal_keras_own(name):
    ours, theirs = both(name)

    np.testing.assert_array_equal(
        as_float64(ours()((3, 4), "float32")), as_float64(theirs()((3, 4), "float32"))
    )


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
def test_the_identity_equals_keras_own(shape):
    ours, theirs = both("Identity")

    np.testing.assert_array_equal(
        as_float64(ours(2.0)(shape, "float32")),
        as_float64(theirs(2.0)(shape, "float32")),
    )


def test_distribution_normal_means_truncated_as_in_keras():
    made = [cls(distribution="normal") for cls in both("VarianceScaling")]

    assert [found.distribution for found in made] == ["truncated_normal"] * 2


@FILLED_IN
def test_einsum_dense_fills_in_the_axes_of_ours():
    layer = keras.layers.EinsumDense(
        "abc,cde->abde",
        output_shape=(None, 4, 8),
        kernel_initializer=keras_inits.GlorotUniform(seed=1),
    )
    layer.build((None, 3, 50))

    limit = np.sqrt(6.0 / (50 + 32))  # fans of (50, 4 * 8), not of (50 * 4, 50 * 8)
    largest = np.abs(as_float64(layer.kernel)).max()
    # The largest of 1600 is 1 - 1/1600 of the limit on average.
    assert 0.98 * limit < largest < limit


@FILLED_IN
@pytest.mark.parametrize("seed", [5, "generator"])
def test_multi_head_attention_builds_with_ours_and_their_seed(seed):
    if seed == "generator":
        seed = keras.random.SeedGenerator(5)
    layer = keras.layers.MultiHeadAttention(
        2, 8, kernel_initializer=keras_inits.LecunNormal(seed=seed)
    )
    layer.build((None, 4, 16), (None, 4, 16))

    stddev = as_float64(layer.query_dense.kernel).std()
    assert stddev == pytest.approx(np.sqrt(1 / 16), rel=5 / np.sqrt(2 * 256))


def test_no_seed_takes_one_draw_of_pythons_random_as_keras_does():
    seeds = []
    for cls in both("RandomNormal"):
        random.seed(0)
        seeds.append((cls().seed, random.random()))

    assert seeds[0] == seeds[1]


def test_set_random_seed_fixes_initializers_without_a_seed():
    def draw():
        keras.utils.set_random_seed(17)
        return [as_float64(keras_inits.HeNormal()((4, 4))) for _ in range(2)]

    first, second = draw(), draw()
    np.testing.assert_array_equal(first, second)
    assert np.any(first[0] != first[1])


@pytest.mark.parametrize("seed", [None, 0, -3])
def test_a_call_does_not_depend_on_calls_before_it(seed):
    initializer = keras_inits.GlorotNormal(seed=seed)
    first = as_float64(initializer((4, 4)))
    initializer((3,))

    np.testing.assert_array_equal(as_float64(initializer((4, 4))), first)


def test_a_seed_generator_gives_new_values_at_each_call():
    def draws():
        initializer = keras_inits.RandomNormal(seed=keras.random.SeedGenerator(3))
        return [as_float64(initializer((50,))) for _ in range(3)]

    first, second = draws(), draws()
    np.testing.assert_array_equal(first, second)
    assert len({values.tobytes() for values in first}) == 3


def test_the_aliases_of_keras_are_known():
    for alias in KERAS_ALIASES:
        theirs = keras.initializers.get(alias)
        assert type(keras_inits.get(alias)).__name__ == type(theirs).__name__
