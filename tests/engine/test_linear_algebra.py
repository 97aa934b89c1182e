"""No kernel of the linear algebra library and no number of threads shows."""

import hashlib
import itertools

import numpy as np
import pytest

from keras_inits.engine import orthogonal, streams
from keras_inits.engine.host import HostOps
from tests.processes import output

pytestmark = pytest.mark.once

# OpenBLAS, with which NumPy comes, takes the kernels of another processor than the
# one it finds: without fused multiply-adds, with them, and as found.
KERNELS = ("Prescott", "Haswell", None)
SHAPES = ((64, 64), (700, 300))


def digests():
    """SHA-256 of factors of several sizes and both precisions."""
    found = []
    for (rows, columns), dtype in itertools.product(SHAPES, ("float32", "float64")):
        key = streams.from_seed(3)
        matrix = orthogonal.haar(HostOps(), key, rows, columns, dtype=dtype)
        found.append(hashlib.sha256(np.ascontiguousarray(matrix)).hexdigest())
    return " ".join(found)


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_bits_are_those_of_this_process(kernel, threads):
    code = "from tests.engine.test_linear_algebra import digests; print(digests())"
    settings = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": threads}

    assert output("-c", code, **settings).split()[-4:] == digests().split()
