"""Peak memory of an orthogonal factor: at most six times the result."""

import tracemalloc

import pytest

import keras_inits
from keras_inits.engine import host

pytestmark = pytest.mark.once

SIDE = 2048


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_peak_memory_is_at_most_six_results(dtype):
    initializer = keras_inits.Orthogonal(seed=1)
    initializer.compute(host.HostOps(), (1, 2), (8, 8), dtype)
    size = SIDE * SIDE * host.numpy_dtype(dtype).itemsize

    tracemalloc.start()
    try:
        initializer.compute(host.HostOps(), (1, 2), (SIDE, SIDE), dtype)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size <= peak <= 6 * size
