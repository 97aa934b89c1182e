"""Fans, against Keras' own count and by explicit axes."""

import inspect

import numpy as np
import pytest
from keras.src.initializers import random_initializers

from keras_inits import compute_fans
from keras_inits.fans import einsum_operands

SHAPES = [(), (1,), (7,), (3, 5), (3, 7, 9), (3, 3, 5, 8), (2, 3, 4, 5, 6)]


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_are_those_of_keras(shape):
    assert compute_fans(shape) == random_initializers.compute_fans(shape)


@pytest.mark.skipif(
    "input_axes" not in inspect.signature(random_initializers.compute_fans).parameters,
    reason="this Keras counts no fans by axes",
)
@pytest.mark.parametrize(
    ("shape", "inputs", "outputs"),
    [
        ((512, 8, 64), [0], [1, 2]),
        ((512, 8, 64), [0, 1], [2]),
        ((8, 64, 512), [-3, -2], [-1]),
        ((4, 5, 6, 7), [1], [3]),
        ((4, 5), [], [0, 1]),
    ],
)
def test_fans_by_axes_are_the_products_of_those_axes_as_in_keras(
    shape, inputs, outputs
):
    expected = random_initializers.compute_fans(
        shape, input_axes=inputs, output_axes=outputs
    )
    assert compute_fans(shape, inputs, outputs) == expected


def test_batch_axes_are_left_out():
    assert compute_fans((10, 64, 32), batch_axes=[0]) == (64, 32)
    assert compute_fans((3, 10, 64, 32), batch_axes=[1]) == (192, 96)
    assert compute_fans((10, 64), batch_axes=[0]) == (64, 64)
    assert compute_fans((2, 64, 3, 32), [1], [3], batch_axes=[0]) == (64, 32)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((0, 5), (0, 5)), ((3, 0, 5), (0, 15)), ((0, 3, 5), (0, 0)), ((0,), (0, 0))],
)
def test_an_empty_shape_has_its_fans_too(shape, fans):
    assert compute_fans(shape) == fans


def test_fans_are_python_integers():
    found = compute_fans((np.int32(2**19), np.int64(2**19), 2**19))

    assert found == (2**38, 2**38)  # beyond what 32 bits hold
    assert all(type(fan) is int for fan in found)


def test_spaces_in_an_equation_are_no_axes():
    assert einsum_operands("ab, bc -> ac ") == ("ab", "bc", "ac")
