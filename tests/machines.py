"""Settings under which this machine computes as other machines do.

Each one is a session of nox, named `machines(...)`: the golden digests and the numeric
tests in a process of its own, on the backend that the setting concerns. A digest that
differs is thus reported under the setting's name.

To add one: a row in `SETTINGS`, and how its being in force shows in
`tests/test_machines.py`.
"""

import os
from typing import NamedTuple

import numpy as np

IN_FORCE = "tests/test_machines.py"
GOLDEN = "tests/test_golden.py"
SUMS = (
    *("tests/diagnostics/test_statistics.py", "tests/diagnostics/test_signal.py"),
    "tests/diagnostics/test_structure.py",
    "tests/diagnostics/test_data_dependent.py",
)
# For what NumPy computes, for what a backend does, and for what a compiler does.
HOST = [
    *(IN_FORCE, GOLDEN, *SUMS, "tests/test_gains.py"),
    *("tests/engine/test_moments.py", "tests/engine/test_elementwise.py"),
    *("tests/engine/test_normal.py", "tests/engine/test_quantile.py"),
    *("tests/initializers/test_orthogonal.py", "tests/engine/test_haar.py"),
    *("tests/initializers/test_constants.py", "tests/model/test_reinitialize.py"),
]
GRAPHS = [IN_FORCE, GOLDEN, *SUMS, "tests/initializers/test_orthogonal.py"]
TRACED = [IN_FORCE, GOLDEN, "tests/initializers/test_traced_draws.py"]


class Setting(NamedTuple):
    """One row of the table.

    Attributes:
        backend: The backend that it concerns.
        environment: Environment variables that make it; `ONE_CORE` is this file's.
        tests: What runs under it.
        needs: The processor feature that it needs, as NumPy names it: an older and
            a newer name.
    """

    backend: str
    environment: dict
    tests: list
    needs: tuple = ()


def _umath():
    try:
        from numpy._core import _multiarray_umath
    except ImportError:  # NumPy 1
        from numpy.core import _multiarray_umath
    return _multiarray_umath


FEATURES = {name for name, found in _umath().__cpu_features__.items() if found}
# What NumPy has compiled code for beyond what it was compiled for as a whole.
DISPATCHED = [name for name in _umath().__cpu_dispatch__ if name in FEATURES]
SSE, AVX = ("SSE42", "X86_V2"), ("AVX", "X86_V3")
AVX2, AVX512 = ("AVX2", "X86_V3"), ("AVX512_SKX", "X86_V4")


def _blas(core, threads, needs):
    environment = {"OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": str(threads)}
    return Setting("numpy", environment, HOST, needs=needs)


def _torch(capability, needs=()):
    # Two threads, of which the other sessions have one.
    environment = {"ATEN_CPU_CAPABILITY": capability, "OMP_NUM_THREADS": "2"}
    return Setting("torch", environment, GRAPHS, needs=needs)


SETTINGS = {
    "blas-prescott": _blas("Prescott", 1, SSE),
    "blas-sandybridge": _blas("Sandybridge", 2, AVX),
    "blas-haswell": _blas("Haswell", 1, AVX2),
    "blas-skylakex": _blas("SkylakeX", 2, AVX512),
    "numpy-baseline": Setting(
        "numpy", {"NPY_DISABLE_CPU_FEATURES": " ".join(DISPATCHED)}, HOST
    ),
    "one-core": Setting("torch", {"ONE_CORE": "1"}, HOST),
    "torch-default": _torch("default"),
    "torch-avx2": _torch("avx2", needs=AVX2),
    # With less than AVX, XLA has no conversion to float16.
    "xla-avx": Setting(
        "jax", {"XLA_FLAGS": "--xla_cpu_max_isa=AVX"}, TRACED, needs=AVX
    ),
    "xla-avx2": Setting(
        "jax", {"XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}, GRAPHS, needs=AVX2
    ),
    "onednn-off": Setting("tensorflow", {"TF_ENABLE_ONEDNN_OPTS": "0"}, GRAPHS),
}


def refusal(setting):
    """Why this machine cannot take a setting, or an empty string."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    if "OPENBLAS_CORETYPE" in setting.environment and "openblas" not in blas:
        return f"NumPy's BLAS is {blas}"
    if setting.needs and not FEATURES.intersection(setting.needs):
        return f"the processor lacks {setting.needs[0]}"
    if setting.environment.get("NPY_DISABLE_CPU_FEATURES") == "":
        return "NumPy has one kind of code for this processor"
    if "ONE_CORE" in setting.environment and not hasattr(os, "sched_setaffinity"):
        return "the system cannot keep a process on one core"
    return ""


# What `python -c` runs to call a module on one core, as `taskset` would.
ON_ONE_CORE = """
import os, runpy, sys
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def command(setting):
    """The arguments of `python` that run pytest under the setting."""
    if "ONE_CORE" in setting.environment:
        return ("-c", ON_ONE_CORE, "pytest")
    return ("-m", "pytest")
