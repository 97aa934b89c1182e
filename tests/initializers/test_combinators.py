"""PerGate and ZeroRow: what they hand to the inner initializer and what they add."""

import itertools
import math

import keras
import numpy as np
import pytest
from scipy import stats

import keras_inits
from tests.support import (
    as_float64,
    assert_distribution,
    assert_orthonormal,
    assert_uncorrelated,
)

INNERS = [
    keras_inits.GlorotUniform(seed=3),
    keras_inits.HeNormal(seed=3),
    keras_inits.XavierNormal(seed=3),
    keras_inits.Orthogonal(seed=3),
    keras_inits.Sparse(0.5, seed=3),
]


def gates_of(inner, shape, gates=4):
    values = as_float64(keras_inits.PerGate(inner, gates)(shape, "float32"))
    return np.split(values, gates, axis=-1)


@pytest.mark.parametrize("gates", [1, 3, 4])
def test_each_gate_has_the_distribution_and_the_fans_of_a_matrix_of_its_own(gates):
    shape = (60, 90 * gates)
    limit = math.sqrt(6.0 / (60 + 90))

    for gate in gates_of(keras_inits.GlorotUniform(seed=3), shape, gates):
        assert gate.shape == (60, 90)
        assert_distribution(gate, stats.uniform(-limit, 2 * limit))


def test_each_gate_is_orthogonal():
    for gate in gates_of(keras_inits.Orthogonal(seed=3), (32, 128)):
        assert_orthonormal(gate)


def test_each_gate_has_its_own_zeros():
    for gate in gates_of(keras_inits.Sparse(0.25, seed=3), (16, 128)):
        np.testing.assert_array_equal((gate == 0).sum(axis=0), 4)


@pytest.mark.parametrize("inner", INNERS)
def test_gates_are_drawn_apart(inner):
    gates = gates_of(inner, (30, 120))

    for one, other in itertools.combinations(gates, 2):
        assert np.any(one != other)
        assert_uncorrelated(one, other)


def test_an_inner_that_draws_nothing_gives_equal_gates():
    for gate in gates_of(keras_inits.Identity(), (5, 20)):
        np.testing.assert_array_equal(gate, np.eye(5))


def test_the_seed_is_the_inners():
    inner = keras_inits.HeNormal(seed=3)
    wrapped = keras_inits.PerGate(inner)
    first = as_float64(wrapped((4, 8)))

    assert wrapped.seed == 3
    np.testing.assert_array_equal(as_float64(wrapped((4, 8))), first)
    other = keras_inits.PerGate(keras_inits.HeNormal(seed=4))
    assert np.any(as_float64(other((4, 8))) != first)


def test_an_inner_with_a_seed_generator_gives_new_gates_at_each_call():
    generator = keras.random.SeedGenerator(1)
    wrapped = keras_inits.PerGate(keras_inits.HeNormal(seed=generator))

    assert np.any(as_float64(wrapped((4, 8))) != as_float64(wrapped((4, 8))))


@pytest.mark.parametrize(
    ("layer", "gates"), [(keras.layers.LSTM, 4), (keras.layers.GRU, 3)]
)
def test_a_recurrent_layer_builds_with_it(layer, gates):
    recurrent = layer(
        8,
        kernel_initializer=keras_inits.PerGate("glorot_uniform", gates),
        recurrent_initializer=keras_inits.PerGate("orthogonal", gates),
    )
    recurrent.build((None, 5, 6))

    for gate in np.split(as_float64(recurrent.cell.recurrent_kernel), gates, axis=1):
        assert_orthonormal(gate)
    assert np.abs(as_float64(recurrent.cell.kernel)).max() < math.sqrt(6 / 14)


@pytest.mark.parametrize("index", [0, 3, 9, -1, -10])
def test_zero_row_is_the_inners_table_with_one_row_of_zeros(index):
    inner = keras_inits.RandomNormal(seed=2)
    table = as_float64(keras_inits.ZeroRow(inner, index)((10, 6)))
    expected = as_float64(inner((10, 6)))
    expected[index] = 0.0

    np.testing.assert_array_equal(table, expected)


def test_zero_row_takes_tables_of_other_ranks():
    inner = keras_inits.Ones()
    for shape in ((4,), (4, 2, 3)):
        values = as_float64(keras_inits.ZeroRow(inner, 1)(shape))
        assert not values[1].any()
        assert np.delete(values, 1, axis=0).all()


def test_an_embedding_builds_with_it():
    layer = keras.layers.Embedding(
        12, 4, embeddings_initializer=keras_inits.ZeroRow("uniform", index=0)
    )
    layer.build(())
    table = as_float64(layer.embeddings)

    assert not table[0].any()
    assert table[1:].all()


def test_wrappers_nest():
    inner = keras_inits.ZeroRow(keras_inits.HeNormal(seed=1), index=-1)
    values = as_float64(keras_inits.PerGate(inner, 2)((4, 6)))

    assert not values[-1].any()
    assert values[:-1].all()
