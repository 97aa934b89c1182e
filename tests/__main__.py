"""Runs every test: each backend in a process of its own, two at a time.

    python -m tests                 all backends, and what concerns no one backend
    python -m tests jax torch       these jobs only
    python -m tests machines        all jobs whose names begin with machines/
    python -m tests --list          the names of the jobs

Arguments after `--` go to pytest. The exit status is 0 if all jobs passed.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

from tests.machines import settings

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-m"]
PER_BACKEND = ["tests", "keras_inits"]
PER_BACKEND += [f"--ignore=tests/{part}" for part in ("cross", "once", "machines")]

# Where the lowest Keras that pyproject.toml declares is installed for its job.
LOWEST_KERAS = "3.15.0"
LOWEST = str(ROOT / "build" / f"keras-{LOWEST_KERAS}")

# JAX compiles most of what the tests compute for a single use. The draws whose bits
# are at stake are compiled as users' are, in the job `traced`.
QUICK_JAX = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}

# name -> (backend, arguments of `python`, further environment); the long ones first
JOBS: dict[str, tuple] = {
    "cross": ("jax", [*PYTHON, "pytest", "tests/cross"], {}),
    "jax": (
        "jax",
        [*PYTHON, "pytest", *PER_BACKEND, "--ignore=tests/traced"],
        QUICK_JAX,
    ),
    "tensorflow": ("tensorflow", [*PYTHON, "pytest", *PER_BACKEND], {}),
    "torch": ("torch", [*PYTHON, "pytest", *PER_BACKEND], {}),
    "numpy": ("numpy", [*PYTHON, "pytest", *PER_BACKEND], {}),
    "lowest": (
        "torch",
        # The wheel of 3.15.0 ships no tests of Keras' own.
        [*PYTHON, "pytest", *PER_BACKEND, "--ignore=tests/test_keras_own_tests.py"],
        {"PYTHONPATH": LOWEST},
    ),
    "traced": ("jax", [*PYTHON, "pytest", "tests/traced"], {}),
    "once": ("numpy", [*PYTHON, "pytest", "tests/once"], {}),
    "lint": ("numpy", [*PYTHON, "ruff", "check", "."], {}),
    "format": ("numpy", [*PYTHON, "ruff", "format", "--check", "."], {}),
    "types": ("numpy", [*PYTHON, "mypy"], {}),
}
for _name, _setting in settings.SETTINGS.items():
    JOBS[f"machines/{_name}"] = settings.job(_setting)


def install_lowest_keras():
    """Puts the lowest declared Keras beside the newest; returns pip's process."""
    return subprocess.run(
        [
            *PYTHON,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--upgrade",
            "--target",
            LOWEST,
            f"keras=={LOWEST_KERAS}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(name, extra):
    """Runs one job and returns `(name, exit status, seconds, output)`."""
    backend, command, further = JOBS[name]
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **further,
    }
    if "pytest" in command:
        command = [*command, "-q", "-p", "no:cacheprovider", *extra]
    start = time.perf_counter()
    if name == "lowest":
        installed = install_lowest_keras()
        if installed.returncode:
            return name, installed.returncode, 0.0, installed.stdout
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return name, done.returncode, time.perf_counter() - start, done.stdout


def main(arguments):
    """Runs the jobs that are named, or all."""
    extra = []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, extra = arguments[:place], arguments[place + 1 :]
    if arguments == ["--list"]:
        print("\n".join(JOBS))
        return 0
    names = []
    for argument in arguments or JOBS:
        meant = [name for name in JOBS if argument in (name, name.split("/")[0])]
        if not meant:
            print(f"No job is named {argument!r}; there are {', '.join(JOBS)}.")
            return 2
        names += meant
    failed = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(run, name, extra) for name in names]
        for job in concurrent.futures.as_completed(jobs):
            name, status, seconds, output = job.result()
            print(f"\n=== {name}: exit status {status}, {seconds:.0f} s\n{output}")
            sys.stdout.flush()
            if status:
                failed.append(name)
    print(f"Failed: {', '.join(failed)}." if failed else "All jobs passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
