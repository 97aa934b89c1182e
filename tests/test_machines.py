"""Each setting does what its name says, or its session would test nothing."""

import os

import pytest
import threadpoolctl

from keras_inits.engine import host
from tests import machines

pytestmark = pytest.mark.once

# OpenBLAS calls a kernel by one of the processors that it serves.
KERNELS = {"Prescott": ("Prescott", "Core2", "Katmai"), "Haswell": ("Haswell", "Zen")}


def setting(name):
    """The value of an environment variable, or a skipped test."""
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set")
    return value


def test_blas_is_the_one_of_that_processor():
    core = setting("OPENBLAS_CORETYPE")
    threads = int(setting("OPENBLAS_NUM_THREADS"))

    for library in threadpoolctl.threadpool_info():
        if library["internal_api"] == "openblas":
            assert library["architecture"] in KERNELS.get(core, (core,))
            assert library["num_threads"] == min(threads, os.cpu_count())


def test_numpy_does_without_the_features():
    disabled = setting("NPY_DISABLE_CPU_FEATURES").split()

    assert not machines.FEATURES.intersection(disabled)


def test_torch_has_the_capability():
    torch = pytest.importorskip("torch")
    wanted = setting("ATEN_CPU_CAPABILITY").upper()
    assert torch.backends.cpu.get_cpu_capability() == wanted


def test_the_process_is_on_one_core():
    setting("ONE_CORE")

    assert host._threads() == 1
