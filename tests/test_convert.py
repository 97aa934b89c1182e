"""Values of any library as Python's own."""

import keras
import numpy as np
import pytest

from keras_inits import _convert


def test_a_variable_has_the_entries_of_its_value():
    found = _convert.entries(keras.Variable(np.float32([1.0, 2.0, 3.0])))
    assert list(map(_convert.number, found)) == [1.0, 2.0, 3.0]


def test_a_variable_is_the_number_that_it_holds():
    assert _convert.number(keras.Variable(np.float32(2.5))) == 2.5


@pytest.mark.parametrize("value", [["a" * 50], [[1.0] * 20, [2.0] * 3], [object()] * 9])
def test_a_list_that_is_no_array_is_shown_as_it_is(value):
    assert _convert.short_text(value) == repr(value)


def test_a_long_array_is_shown_by_its_shape():
    assert _convert.short_text([[1.0] * 9] * 3) == "array of shape (3, 9)"
    assert _convert.short_text(np.zeros((3, 9, 9))) == "array of shape (3, 9, 9)"
