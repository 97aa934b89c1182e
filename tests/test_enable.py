"""`enable`: Keras' names and objects draw what ours draw, until the end."""

import asyncio
import copy
import math
import pickle
import random
import threading

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import registry
from keras_inits.initializers import keras_own
from tests.support import IGNORE_KERAS_ARRAYS, as_numpy

pytestmark = pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)

# What each of Keras' classes is made with here, and a shape that it takes.
OBJECTS = {
    "Zeros": ({}, (3, 4)),
    "Ones": ({}, (3, 4)),
    "Constant": ({"value": 0.3}, (3, 4)),
    "Identity": ({"gain": 2.0}, (3, 4)),
    "STFT": ({"side": "imag"}, (8, 1, 5)),
    "RandomNormal": ({"mean": 1.0, "stddev": 0.2, "seed": 3}, (3, 4)),
    "RandomUniform": ({"minval": 0.0, "maxval": 2.0, "seed": 3}, (3, 4)),
    "TruncatedNormal": ({"mean": 1.0, "stddev": 0.2, "seed": 3}, (3, 4)),
    "VarianceScaling": (
        {"scale": 2.0, "mode": "fan_out", "distribution": "uniform", "seed": 3},
        (3, 4),
    ),
    "GlorotNormal": ({"seed": 3}, (3, 4)),
    "GlorotUniform": ({"seed": 3}, (3, 4)),
    "HeNormal": ({"seed": 3}, (3, 4)),
    "HeUniform": ({"seed": 3}, (3, 4)),
    "LecunNormal": ({"seed": 3}, (3, 4)),
    "LecunUniform": ({"seed": 3}, (3, 4)),
    "Orthogonal": ({"gain": 2.0, "seed": 3}, (3, 4)),
}


def state():
    """All that `enable` may touch, by identity."""
    methods = [vars(cls).get("__call__") for cls in keras_own.classes()]
    methods.append(vars(keras.random.SeedGenerator)["next"])
    methods.append(vars(keras.layers.EinsumDense)["build"])
    tables = keras.saving.get_custom_objects(), registry._table()
    return methods, *(dict(table) for table in tables)


def ours(name):
    config, shape = OBJECTS[name]
    return as_numpy(getattr(keras_inits, name)(**config)(shape))


def test_each_class_of_keras_has_its_object_here():
    assert {cls.__name__ for cls in keras_own.classes()} == set(OBJECTS)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_class_that_replaces_keras_own_is_a_subclass_of_it(name):
    theirs = getattr(keras.initializers, name)
    assert issubclass(getattr(keras_inits, name), theirs)

    with keras_inits.enabled():
        config = {"class_name": name, "config": OBJECTS[name][0]}
        assert isinstance(keras.initializers.get(config), theirs)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_of_keras_draws_ours_while_enabled(name):
    config, shape = OBJECTS[name]
    theirs = getattr(keras.initializers, name)(**config)
    before = theirs.get_config()
    with keras_inits.enabled():
        made_within = getattr(keras.initializers, name)(**config)
        for initializer in (theirs, made_within):
            assert type(initializer) is getattr(keras.initializers, name)
            assert initializer.get_config() == before
            found = as_numpy(initializer(shape, dtype="float32"))
            np.testing.assert_array_equal(found, ours(name))


def test_after_it_an_object_of_keras_is_keras_own_again():
    theirs = keras.initializers.RandomNormal(seed=3)
    before, expected = state(), as_numpy(theirs((3, 4)))

    def fail_within():
        with keras_inits.enabled():
            assert not np.array_equal(as_numpy(theirs((3, 4))), expected)
            raise KeyError("on purpose")

    with pytest.raises(KeyError, match=r"^'on purpose'$"):
        fail_within()

    assert state() == before
    np.testing.assert_array_equal(as_numpy(theirs((3, 4))), expected)


def test_unseeded_objects_take_the_numbers_of_pythons_random_alike():
    random.seed(4)
    theirs = keras.initializers.HeNormal()
    with keras_inits.enabled():
        found = as_numpy(theirs((3, 4)))
        again = as_numpy(theirs((3, 4)))
    random.seed(4)
    np.testing.assert_array_equal(found, as_numpy(keras_inits.HeNormal()((3, 4))))
    np.testing.assert_array_equal(found, again)


def test_an_objects_seed_generator_moves_on():
    one, other = keras.random.SeedGenerator(5), keras.random.SeedGenerator(5)
    theirs = keras.initializers.RandomNormal(seed=one)
    mine = keras_inits.RandomNormal(seed=other)
    with keras_inits.enabled():
        found = [as_numpy(theirs((3, 4))) for _ in range(2)]
    np.testing.assert_array_equal(found, [as_numpy(mine((3, 4))) for _ in range(2)])
    assert not np.array_equal(*found)


def test_a_subclass_draws_ours_where_it_asks_keras_class():
    class Doubled(keras.initializers.HeNormal):
        def __call__(self, shape, dtype=None):
            return 2.0 * super().__call__(shape, dtype)

        def get_config(self):
            return {"nothing": "of Keras'"}

    with keras_inits.enabled():
        found = as_numpy(Doubled(seed=3)((3, 4)))
    np.testing.assert_array_equal(found, 2.0 * ours("HeNormal"))


@pytest.mark.parametrize(
    ("theirs", "dtype"),
    [
        (keras.initializers.Constant(-np.inf), "float32"),
        (keras.initializers.Zeros(), "bool"),
        (keras.initializers.RandomUniform(0.5, 0.5, seed=1), "float32"),
    ],
    ids=["infinite", "bool", "one point"],
)
def test_what_only_keras_takes_it_draws_as_before(theirs, dtype):
    expected = as_numpy(theirs((3,), dtype=dtype))
    with keras_inits.enabled():
        found = as_numpy(theirs((3,), dtype=dtype))
    np.testing.assert_array_equal(found, expected)


def test_enabling_takes_no_number_of_pythons_random():
    random.seed(9)
    expected = random.random()
    random.seed(9)
    with keras_inits.enabled():
        assert random.random() == expected


def model():
    """A model whose layers name initializers in each of Keras' ways."""
    return keras.Sequential(
        [
            keras.Input((4, 6)),
            keras.layers.Dense(5, kernel_initializer="he_normal"),
            keras.layers.Dense(5, kernel_initializer=keras.initializers.HeUniform(3)),
            keras.layers.LSTM(5),
            keras.layers.Dense(
                5,
                kernel_initializer={
                    "class_name": "VarianceScaling",
                    "config": {"mode": "fan_out", "seed": 2},
                },
            ),
        ]
    )


def drawn(built):
    """What the layers' initializers draw, whatever their seeds are."""
    found = []
    for layer in built.layers:
        for name, value in vars(getattr(layer, "cell", layer)).items():
            if name.endswith("_initializer") and callable(value):
                seeded = type(value).from_config(
                    {
                        **value.get_config(),
                        **({"seed": 3} if "seed" in vars(value) else {}),
                    }
                )
                found.append(as_numpy(seeded((6, 6))))
    return found


ROADS = {
    "from_config": lambda m, _: type(m).from_config(m.get_config()),
    "clone_model": lambda m, _: keras.models.clone_model(m),
    "json": lambda m, _: keras.models.model_from_json(m.to_json()),
    "keras file": lambda m, path: saved(m, path / "model.keras"),
    "h5 file": lambda m, path: saved(m, path / "model.h5"),
    "pickle": lambda m, _: pickle.loads(pickle.dumps(m)),
    "deepcopy": lambda m, _: copy.deepcopy(m),
}


def saved(built, path):
    built.save(path)
    return keras.models.load_model(path)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.parametrize("made", ["ours", "Keras' own", "without enable"])
@pytest.mark.parametrize("road", ROADS)
def test_what_keras_writes_itself_draws_the_same(road, made, tmp_path):
    if made == "without enable":
        expected = drawn(model())
        found = drawn(ROADS[road](model(), tmp_path))
    elif made == "ours":
        with keras_inits.enabled():
            expected = drawn(model())
            found = drawn(ROADS[road](model(), tmp_path))
    else:
        theirs = model()
        with keras_inits.enabled():
            expected = drawn(model())
            found = drawn(ROADS[road](theirs, tmp_path))

    assert len(expected) == 9
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_entry_that_somebody_changed_meanwhile_stays(monkeypatch):
    class Mine(keras.initializers.Zeros):
        pass

    table = registry._table()
    own = table["he_normal"]
    try:
        with keras_inits.enabled():
            table["he_normal"] = Mine
        assert table["he_normal"] is Mine
        assert table["glorot_uniform"] is keras.initializers.GlorotUniform
    finally:
        table["he_normal"] = own


def test_contexts_of_two_threads_are_counted():
    entered, leave = threading.Event(), threading.Event()
    before = state()

    def other():
        with keras_inits.enabled():
            entered.set()
            leave.wait(20)

    thread = threading.Thread(target=other)
    with keras_inits.enabled():
        thread.start()
        assert entered.wait(20)
    # The first to enter has left; the other is still inside.
    assert type(keras.initializers.get("zeros")) is keras_inits.Zeros
    leave.set()
    thread.join()
    assert not keras_inits.is_enabled()
    assert state() == before


def test_contexts_of_two_asyncio_tasks_are_counted():
    before = state()

    async def hold(entered, leave):
        with keras_inits.enabled():
            entered.set()
            await leave.wait()

    async def overlap():
        entered, leave = ([asyncio.Event(), asyncio.Event()] for _ in range(2))
        tasks = []
        for events in zip(entered, leave, strict=True):
            tasks.append(asyncio.create_task(hold(*events)))
            await events[0].wait()
        for event, task in zip(leave, tasks, strict=True):
            # The first to enter leaves first; the other is still inside.
            assert type(keras.initializers.get("zeros")) is keras_inits.Zeros
            event.set()
            await task

    asyncio.run(overlap())
    assert not keras_inits.is_enabled()
    assert state() == before


def test_what_is_registered_and_unregistered_within_a_context_stays_so():
    class Lumpy(keras_inits.Zeros):
        """A user's own initializer."""

    before = state()
    with keras_inits.enabled():
        keras_inits.register(Lumpy)
    assert type(keras.initializers.get("lumpy")) is Lumpy
    with keras_inits.enabled():
        keras_inits.unregister(Lumpy)
    assert state() == before


class Padding(keras.layers.Layer):
    """Takes a word when it is called, which Keras saves and reads as any object."""

    def call(self, x, mode="edge"):
        return keras.ops.pad(x, ((0, 0), (1, 1)), mode=mode)


def test_a_saved_model_that_has_a_name_for_a_word_loads(tmp_path):
    x = keras.Input((4,))
    keras.Model([x], Padding()(x, mode="constant")).save(tmp_path / "model.keras")
    with keras_inits.enabled():
        loaded = keras.models.load_model(
            tmp_path / "model.keras", custom_objects={"Padding": Padding}
        )

    padded = loaded([np.ones((1, 4), "float32")])
    assert as_numpy(padded).tolist() == [[0, 1, 1, 1, 1, 0]]


def test_enable_inside_a_context_outlives_it():
    with keras_inits.enabled():
        keras_inits.enable()
    try:
        assert keras_inits.is_enabled()
    finally:
        keras_inits.disable()
    assert not keras_inits.is_enabled()


def attention():
    """The kernels of an attention layer built from names and seeded from Python."""
    keras.utils.set_random_seed(3)
    layer = keras.layers.MultiHeadAttention(4, 24)
    layer.build((None, 5, 64), (None, 5, 64))
    return {v.path.split("/")[-2]: as_numpy(v) for v in layer.weights if v.ndim == 3}


def test_attention_is_built_with_its_fans_on_every_keras():
    """Before 3.15, Keras tells an initializer nothing of the axes of its kernels."""
    with keras_inits.enabled():
        kernels = attention()

    # GlorotUniform's bound is sqrt(6 / (fan_in + fan_out)), here between 64 and
    # 4 * 24. Of 6144 values the largest falls short of it by less than a share of
    # 20 / 6144 but once in e**20.
    bound = math.sqrt(6.0 / (64 + 96))
    assert set(kernels) == {"query", "key", "value", "attention_output"}
    for values in kernels.values():
        assert bound * (1.0 - 20.0 / values.size) < np.max(np.abs(values)) <= bound


@pytest.mark.parametrize("given", ["name", "own", "theirs"])
def test_an_einsum_kernel_is_drawn_as_from_keras_315_on(given):
    made = {
        "name": "he_normal",
        "own": keras_inits.HeNormal(seed=2),
        "theirs": keras.initializers.HeNormal(seed=2),
    }
    with keras_inits.enabled():
        random.seed(4)
        layer = keras.layers.EinsumDense(
            "abc,cde->abde", (None, 2, 7), kernel_initializer=made[given]
        )
        initializer = layer.kernel_initializer
        layer.build((None, 3, 5))

    assert layer.kernel_initializer is initializer
    expected = keras_inits.HeNormal(initializer.seed, [0], [1, 2])((5, 2, 7))
    np.testing.assert_array_equal(as_numpy(layer.kernel), as_numpy(expected))
