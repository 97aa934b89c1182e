"""Peak memory of a draw: the result and a few megabytes."""

import math
import tracemalloc

import pytest

from keras_inits.engine import draws, host, quantile

pytestmark = pytest.mark.once

SHAPE = (4096, 2048)
# Each thread holds about ten arrays of one block of 2**16 half-words at a time,
# of 8 bytes at most: 5 MB for each of two threads.
ALLOWANCE = 2 * 10 * 8 * (1 << 16)
DRAWS = {
    "uniform": lambda dtype: draws.uniform(
        host.HostOps(), (1, 2), SHAPE, low=-1.0, high=2.0, dtype=dtype
    ),
    "normal": lambda dtype: draws.normal(
        host.HostOps(), (1, 2), SHAPE, mean=1.0, stddev=0.5, dtype=dtype
    ),
    "truncated": lambda dtype: draws.truncated_normal(
        host.HostOps(), (1, 2), SHAPE, 0.0, 1.0, (-2.0, 2.0), (-2.0, 2.0), dtype=dtype
    ),
}


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("draw", DRAWS)
def test_peak_memory_is_the_result_and_a_few_megabytes(draw, dtype, monkeypatch):
    monkeypatch.setattr(host, "_threads", lambda: 2)
    quantile.table()
    quantile.table(-2.0, 2.0)
    size = math.prod(SHAPE) * host.numpy_dtype(dtype).itemsize

    tracemalloc.start()
    try:
        DRAWS[draw](dtype)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size <= peak < size + ALLOWANCE
