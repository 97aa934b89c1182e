"""Anybody's initializer: its values follow the seed and the weight's address."""

import functools
import os
import random

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.model import initialize, reinitialize
from tests.model.models import as_numpy, assert_same, dense, values

layers = keras.layers


class Twice(keras.initializers.Initializer):
    """Wraps another one, as ICNR does."""

    def __init__(self, inner):
        self.inner = keras.initializers.get(inner)

    def __call__(self, shape, dtype=None):
        return 2.0 * self.inner(shape, dtype=dtype)

    def get_config(self):
        return {"inner": keras.initializers.serialize(self.inner)}


class Icnr(Twice):
    """Draws a smaller tensor and repeats it, as for pixels that are shuffled."""

    def __call__(self, shape, dtype=None):
        half = self.inner((*shape[:-1], shape[-1] // 2), dtype=dtype)
        return keras.ops.repeat(half, 2, axis=-1)


class WithSeed(keras.initializers.Initializer):
    """Draws by itself, from a seed that its config does not tell."""

    def __init__(self, seed):
        self._own_seed = seed

    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, seed=self._own_seed, dtype=dtype)


class WithGenerator(keras.initializers.Initializer):
    def __init__(self):
        self.generator = keras.random.SeedGenerator(3)

    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, seed=self.generator, dtype=dtype)


class WithNumPy:
    """No initializer of Keras', but callable like one."""

    def __init__(self):
        self.draw = {"generators": [np.random.default_rng(3)]}

    def __call__(self, shape, dtype=None):
        array = self.draw["generators"][0].normal(size=shape)
        return keras.ops.convert_to_tensor(array, dtype=dtype)


class OwnCall(keras_inits.HeNormal):
    """One of ours whose `__call__` is overridden."""

    def __call__(self, shape, dtype=None):
        return 2.0 * super().__call__(shape, dtype)


class OwnDraw(keras_inits.RandomNormal):
    """One of ours that draws by Keras, from the seed that it has."""

    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, seed=self.seed, dtype=dtype)


GLOBAL = keras.random.SeedGenerator(11)


def by_keras(shape, dtype=None):
    return keras.random.normal(shape, dtype=dtype)


def by_a_global_generator(shape, dtype=None):
    return keras.random.normal(shape, seed=GLOBAL, dtype=dtype)


def by_python(shape, dtype=None):
    array = [random.gauss(0.0, 1.0) for _ in range(int(np.prod(shape)))]
    return keras.ops.convert_to_tensor(np.reshape(array, shape), dtype=dtype)


def by_numpy(shape, dtype=None):
    return keras.ops.convert_to_tensor(np.random.normal(size=shape), dtype=dtype)


def by_default(shape, dtype=None, seed=3):
    return keras.random.normal(shape, seed=seed, dtype=dtype)


def closure(inner):
    def draw(shape, dtype=None):
        return 3.0 * inner(shape, dtype=dtype)

    return draw


def by_keyword(shape, dtype=None, *, options):
    return keras.random.normal(shape, seed=options["seed"], dtype=dtype)


FOLLOWING = {
    "a wrapper of Keras' own": lambda: Twice(keras.initializers.HeNormal(seed=1)),
    "a wrapper of ours": lambda: Twice(keras_inits.HeNormal(seed=1)),
    "a wrapper that repeats": lambda: Icnr(keras.initializers.HeNormal(seed=1)),
    "a wrapper of a wrapper": lambda: Twice(Twice("he_normal")),
    "a seed in an attribute": lambda: WithSeed(3),
    "no seed": lambda: WithSeed(None),
    "a seed generator": WithGenerator,
    "a generator of NumPy": WithNumPy,
    "one of ours, own call": lambda: OwnCall(seed=1),
    "one of ours, own draw": lambda: OwnDraw(seed=1),
    "Keras' global state": lambda: by_keras,
    "a global generator": lambda: by_a_global_generator,
    "Python's random": lambda: by_python,
    "NumPy's global state": lambda: by_numpy,
    "a default": lambda: by_default,
    "a closure": lambda: closure(WithSeed(4)),
    "a bound method": lambda: WithSeed(4).__call__,
    "a partial": lambda: functools.partial(by_keyword, options={"seed": 4}),
    "a partial's seed": lambda: functools.partial(by_default, seed=4),
}


def kernels(model):
    return [array for key, array in values(model).items() if key.endswith("kernel")]


def through_initialize(initializer, seed):
    """A model and its report, every kernel set by a rule."""
    model = dense()
    return model, initialize(model, {"kernel": initializer}, seed=seed)


def through_reinitialize(initializer, seed):
    """A model and its report, every kernel's layer configured with it."""
    shared = keras.Sequential(
        [
            keras.Input((8,)),
            *(
                layers.Dense(8, kernel_initializer=initializer, name=name)
                for name in ("first", "second", "head")
            ),
        ]
    )
    return shared, reinitialize(shared, seed=seed)


@pytest.mark.parametrize("through", [through_initialize, through_reinitialize])
@pytest.mark.parametrize("make", FOLLOWING.values(), ids=FOLLOWING)
def test_values_follow_the_seed_and_the_address_alone(make, through):
    initializer = make()
    one, report = through(initializer, 1)
    again, _ = through(initializer, 1)
    anew, _ = through(make(), 1)
    other, _ = through(initializer, 2)

    assert [row.note for row in report.drawn] == [""] * len(report.drawn)
    assert_same(values(one), values(again))
    assert_same(values(one), values(anew))
    for first, second in zip(kernels(one), kernels(other), strict=True):
        assert not np.array_equal(first, second)
    by_address = kernels(one)
    assert len(by_address) == 3
    assert len({array.tobytes() for array in by_address if array.shape == (8, 8)}) > 1


@pytest.mark.parametrize("make", FOLLOWING.values(), ids=FOLLOWING)
def test_what_it_draws_otherwise_is_left_as_it_was(make):
    model, initializer = dense(), make()

    def state():
        numbers = random.getstate(), np.random.get_state()[1].tolist()
        # Private: Keras shows its global generator to nobody.
        keras_own = keras.src.random.seed_generator.global_seed_generator().state
        return numbers, as_numpy(keras_own).tolist(), as_numpy(GLOBAL.state).tolist()

    state()  # from here on there is one
    expected = state()
    # A seeded plan takes no number, so what is missing would be the initializer's.
    initialize(model, {"kernel": initializer}, seed=1)

    assert state() == expected


def test_the_backends_global_state_is_followed_and_put_back():
    if keras.backend.backend() == "torch":
        import torch

        draw, reset = (lambda shape: torch.randn(shape)), torch.manual_seed
    elif keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        draw, reset = tf.random.normal, tf.random.set_seed
    else:
        pytest.skip("JAX and NumPy have no global state that is not NumPy's")
    reset(4)
    expected = [as_numpy(draw((3,))) for _ in range(2)]

    reset(4)
    found = [as_numpy(draw((3,)))]
    one, _ = through_initialize(lambda shape, dtype=None: draw(shape), 1)
    other, _ = through_initialize(lambda shape, dtype=None: draw(shape), 1)
    found.append(as_numpy(draw((3,))))

    assert_same(values(one), values(other))
    np.testing.assert_array_equal(found, expected)


def fixed(shape, dtype=None):
    return keras.random.normal(shape, seed=1337, dtype=dtype)


def unreachable(shape, dtype=None):
    array = np.frombuffer(os.urandom(int(np.prod(shape))), np.uint8)
    return keras.ops.convert_to_tensor(np.reshape(array, shape), dtype=dtype)


@pytest.mark.parametrize(
    ("initializer", "note"),
    [(fixed, "the same for every seed"), (unreachable, "differs from call to call")],
)
@pytest.mark.parametrize("through", [through_initialize, through_reinitialize])
@pytest.mark.usefixtures("wide_terminal")
def test_what_does_not_follow_is_reported(initializer, note, through):
    _, report = through(initializer, 1)
    notes = {row.note for row in report.drawn if row.address.endswith("kernel")}
    assert notes == {note}
    assert f"{initializer.__name__} ({note})" in str(report)


def test_a_constant_function_is_no_matter_of_seeds():
    _, report = through_initialize(lambda shape, dtype=None: keras.ops.ones(shape), 1)
    assert {row.note for row in report.drawn} == {""}


def test_a_wrapper_draws_what_its_inner_one_would_at_that_address():
    one, _ = through_initialize(Twice("he_normal"), 1)
    other, _ = through_initialize("he_normal", 1)
    for doubled, single in zip(kernels(one), kernels(other), strict=True):
        np.testing.assert_array_equal(doubled, 2.0 * single)


def test_own_calls_count_in_gates_and_tables():
    gate = as_numpy(keras_inits.PerGate(OwnCall(seed=1), gates=2)((6, 8)))
    plain = as_numpy(keras_inits.PerGate(keras_inits.HeNormal(seed=1), 2)((6, 8)))
    np.testing.assert_array_equal(gate, 2.0 * plain)
    table = as_numpy(keras_inits.ZeroRow(OwnCall(seed=1), index=1)((6, 8)))
    expected = 2.0 * as_numpy(keras_inits.HeNormal(seed=1)((6, 8)))
    expected[1] = 0.0
    np.testing.assert_array_equal(table, expected)


def test_own_calls_are_given_the_fans_of_the_layer():
    model = keras.Sequential(
        [keras.Input((4, 4, 8)), layers.Conv2D(64, 3, groups=4, name="conv")]
    )
    plain = keras_inits.HeNormal()
    initialize(model, {"conv/kernel": plain}, seed=1)
    expected = 2.0 * values(model)["conv/kernel"]
    initialize(model, {"conv/kernel": OwnCall()}, seed=1)
    np.testing.assert_array_equal(values(model)["conv/kernel"], expected)
