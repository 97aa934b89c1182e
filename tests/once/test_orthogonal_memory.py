"""Peak memory of an orthogonal factor: at most six times the result."""

import tracemalloc

import pytest

from keras_inits.engine import host, orthogonal

SIDE = 2048


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_peak_memory_is_at_most_six_results(dtype):
    orthogonal.haar(host.HostOps(), (1, 2), 8, 8, dtype=dtype)
    size = SIDE * SIDE * host.numpy_dtype(dtype).itemsize

    tracemalloc.start()
    try:
        orthogonal.haar(host.HostOps(), (1, 2), SIDE, SIDE, dtype=dtype)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size <= peak <= 6 * size
