"""Models that several tests work on, and values read from them."""

import keras
import numpy as np

from keras_inits import _backend
from keras_inits.model.addresses import addresses
from keras_inits.model.fingerprint import fingerprint

layers = keras.layers


def dense(names=("first", "second", "head"), width=8):
    """Dense layers with the given names; None lets Keras name one."""
    inputs = keras.Input((width,))
    x = inputs
    for name in names:
        x = layers.Dense(width, name=name)(x)
    return keras.Model(inputs, x)


def mixed():
    """One layer of most kinds."""
    inputs = keras.Input((12, 8))
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(inputs)
    x = layers.MultiHeadAttention(2, 4, name="attention")(x, x)
    x = layers.GroupQueryAttention(4, 4, 2)(x, x)
    x = layers.Dropout(0.1)(x)
    x = layers.Conv1D(8, 3, strides=2, groups=2, activation="gelu")(x)
    y = layers.BatchNormalization()(x)
    y = layers.ReLU()(y)
    y = layers.SeparableConv1D(8, 3, padding="same", name="last")(y)
    x = layers.Add()([x, y])
    x = layers.PReLU(shared_axes=[1])(x)
    x = layers.GRU(5)(x)
    x = layers.LayerNormalization()(x)
    return keras.Model(inputs, layers.Dense(3, name="head")(x))


def as_numpy(tensor):
    """A tensor's values, without the conversion of Keras that NumPy 2 warns of."""
    return np.asarray(_backend.to_numpy(tensor))


def as_float64(tensor):
    """A tensor's values in double precision."""
    return as_numpy(tensor).astype(np.float64)


def values(model):
    """The model's weights as arrays, by address."""
    return {
        address: as_numpy(variable.value).copy()
        for address, _, variable in addresses(model)
    }


def digest(model):
    """One hash for the values of all weights."""
    return fingerprint(list(values(model).values()))


def assert_same(one, other):
    """Two mappings of `values` are equal, bit for bit."""
    assert one.keys() == other.keys()
    for address, array in one.items():
        np.testing.assert_array_equal(array, other[address], err_msg=address)


def changed(before, after):
    """Addresses whose values differ."""
    return [key for key in before if not np.array_equal(before[key], after[key])]
