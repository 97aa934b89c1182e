"""Fingerprints: equal where addresses, dtypes, shapes and bits are, else not."""

import hashlib

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.engine.host import numpy_dtype
from tests.support import as_numpy


def model(seed=0, units=4, dtype="float32", name=None):
    with keras_inits.enabled():
        keras.utils.set_random_seed(seed)
        return keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(units, dtype=dtype, name=name),
                keras.layers.Dense(2, dtype=dtype),
            ]
        )


def test_a_fingerprint_is_the_documented_hash():
    array = np.array([[1.0, -2.0]], "float32")
    text = b"0\nfloat32\n(1, 2)\n" + array.astype("<f4").tobytes()

    assert keras_inits.fingerprint([array]) == hashlib.sha256(text).hexdigest()


def test_a_model_built_twice_has_one_fingerprint():
    assert keras_inits.fingerprint(model()) == keras_inits.fingerprint(model())


def test_seed_shape_and_name_count():
    found = {
        keras_inits.fingerprint(made)
        for made in (model(), model(seed=1), model(units=5), model(name="first"))
    }

    assert len(found) == 4


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_dtype_counts_though_the_values_be_equal(dtype):
    narrow, wide = model(dtype=dtype), model()
    for one, other in zip(narrow.weights, wide.weights, strict=True):
        other.assign(as_numpy(one).astype("float32"))

    assert keras_inits.fingerprint(narrow) != keras_inits.fingerprint(wide)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_a_fingerprint_is_that_of_the_weights_own_dtype(dtype):
    made = model(dtype=dtype)
    digest = hashlib.sha256()
    for address, weight in (
        ("dense/bias", made.weights[1]),
        ("dense/kernel", made.weights[0]),
        ("dense_1/bias", made.weights[3]),
        ("dense_1/kernel", made.weights[2]),
    ):
        digest.update(f"{address}\n{dtype}\n{tuple(weight.shape)}\n".encode())
        digest.update(as_numpy(weight).astype(numpy_dtype(dtype)).tobytes())

    assert keras_inits.fingerprint(made) == digest.hexdigest()


def test_one_changed_bit_changes_it():
    made = model()
    before = keras_inits.fingerprint(made)
    bias = as_numpy(made.weights[1]).copy()
    bias[0] = -0.0
    made.weights[1].assign(bias)

    assert keras_inits.fingerprint(made) != before


def test_states_of_seed_generators_and_metrics_do_not_count():
    with_dropout = keras.Sequential([model(), keras.layers.Dropout(0.5)])
    without = keras.Sequential([model(), keras.layers.ReLU()])
    expected = keras_inits.fingerprint(without)

    assert keras_inits.fingerprint(with_dropout) == expected
    with_dropout.compile(metrics=["accuracy"], loss="mse")
    assert keras_inits.fingerprint(with_dropout) == expected


def test_variables_tensors_and_arrays_of_equal_values_have_one_fingerprint():
    variables = model().weights
    tensors = [variable.value for variable in variables]
    arrays = [as_numpy(variable) for variable in variables]

    found = {keras_inits.fingerprint(x) for x in (variables, tensors, arrays)}
    assert len(found) == 1


def test_the_order_of_a_list_counts():
    arrays = [np.zeros(2), np.ones(2)]

    assert keras_inits.fingerprint(arrays) != keras_inits.fingerprint(arrays[::-1])


def test_a_layer_has_a_fingerprint_too():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))

    assert len(keras_inits.fingerprint(layer)) == 64


def test_a_strided_array_is_hashed_row_by_row():
    array = np.arange(12.0).reshape(3, 4)

    assert keras_inits.fingerprint([array.T]) == keras_inits.fingerprint(
        [np.ascontiguousarray(array.T)]
    )
