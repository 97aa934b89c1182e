"""Values of any library as Python's own."""

import keras
import numpy as np

from keras_inits import _convert


def test_a_variable_has_the_entries_of_its_value():
    found = _convert.entries(keras.Variable(np.float32([1.0, 2.0, 3.0])))
    assert list(map(_convert.number, found)) == [1.0, 2.0, 3.0]


def test_a_variable_is_the_number_that_it_holds():
    assert _convert.number(keras.Variable(np.float32(2.5))) == 2.5
