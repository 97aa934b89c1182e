"""Runs the tests, two sessions at a time.

    python -m nox                   what everybody runs before a change goes in
    python -m nox -t long           other versions, backends and processors
    python -m nox -s jax torch      these sessions only; `-l` lists them all
    python -m nox -s torch -- -x    what follows `--` goes to pytest

The short sessions, `machines` and `hub` run in the environment that nox is installed
in. The others make their own from `tests/requirements/`, one file each; where the
variable `CI` is set, a session that ends well deletes it.

To add one: a function below, and its line in CONTRIBUTING.md.
"""

import functools
import glob
import os
import shutil
import sys

import nox
from python_discovery import get_interpreter

from tests import machines

nox.needs_version = ">=2026.10.20"  # sessions in parallel
nox.options.parallel = 2
nox.options.allow_parallel = True
# Not uv: it reads none of pip's settings, which may name a PyTorch without CUDA.
nox.options.default_venv_backend = "virtualenv"

HERE = {"venv_backend": "none"}
LONG = {"default": False, "tags": ["long"]}

# Markers say in which sessions a test runs; pyproject.toml has them all.
PER_BACKEND = "not (once or cross or hub or guide)"

# JAX compiles most of what the tests compute for a single use. The draws whose bits
# are at stake are compiled as users' are, in the session `traced`.
QUICK_JAX = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}


# Looks for what keeps somebody from reading a page.
AXE = "axe-core@4.14.1"


def run_pytest(
    session, backend, markers, *paths, command=("-m", "pytest"), **environment
):
    """Runs the tests that have the markers, on a backend, where the session runs."""
    fixed = {
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # Threads that wait for one another keep the other session from its core.
        "OMP_NUM_THREADS": "1",
    }
    here = session.venv_backend == "none"
    session.run(
        *(sys.executable if here else "python", *command),
        *("-q", "-p", "no:cacheprovider", "-m", markers, *paths, *session.posargs),
        env={**fixed, **environment},
    )


def run_per_backend(session, *backends, markers=PER_BACKEND):
    """Runs the tests that every backend passes."""
    for backend in backends:
        if backend == "jax":
            run_pytest(session, "jax", f"{markers} and not traced", **QUICK_JAX)
        else:
            run_pytest(session, backend, markers)


# The short sessions, the longest first.


@nox.session(**HERE)
def cross(session):
    """Backends, devices and processes compared with each other."""
    run_pytest(session, "jax", "cross")


for name in ("jax", "tensorflow", "torch", "numpy"):

    @nox.session(**HERE, name=name)
    def backend(session, name=name):
        """The tests on one backend."""
        run_per_backend(session, name, markers=f"{PER_BACKEND} and not long")


@nox.session(**HERE)
def once(session):
    """What concerns no one backend."""
    run_pytest(session, "numpy", "once")


@nox.session(**HERE)
def traced(session):
    """What is compiled, compiled as users compile it."""
    run_pytest(session, "jax", "traced")


@nox.session(**HERE)
def lint(session):
    """Style, format and types of the sources."""
    for command in ("ruff check .", "ruff format --check .", "mypy"):
        session.run(sys.executable, "-m", *command.split())


# The long sessions, the longest first.


def install(session, *packages):
    """Installs packages; what is imported is compiled then: a small part of it."""
    session.install("--no-compile", *packages)


def long_session(**options):
    """A long session in an environment of its own: gigabytes, together a full disk."""

    def decorate(function):
        @functools.wraps(function)
        def run(session):
            function(session)
            if os.environ.get("CI"):
                shutil.rmtree(session.virtualenv.location)

        return nox.session(**LONG, **options)(run)

    return decorate


@long_session()
def lowest(session):
    """The tests on the lowest versions that pyproject.toml declares."""
    install(session, "-r", "tests/requirements/lowest.txt", "-e", ".")
    run_per_backend(session, "torch", "jax", "tensorflow")


@long_session(name="next")
def next_keras(session):
    """The tests on a nightly of Keras."""
    install(session, "-r", "tests/requirements/next.txt")
    # Its distribution is not called keras, which the package requires.
    install(session, "--no-deps", "-e", ".")
    run_per_backend(session, "torch", "jax")


# pyenv's shims hide every version that is not the active one.
PYENV = glob.glob(os.path.expandvars("$PYENV_ROOT/versions/3.13*/bin/python"))
PYTHON_3_13 = get_interpreter("3.13", try_first_with=PYENV)


@long_session(python=PYTHON_3_13.executable if PYTHON_3_13 else None)
def newest(session):
    """The tests on the newest versions there are, on Python 3.13 where there is one."""
    install(session, "-r", "tests/requirements/newest.txt", "-e", ".")
    run_per_backend(session, "jax")


@long_session()
def docs(session):
    """The guide: its examples, its pages, and how a browser shows them."""
    install(session, "-c", "constraints.txt", "-e", ".", "--group", "docs")
    examples = ("docs/reference", "--doctest-glob=*.md")
    run_pytest(session, "jax", "", *examples, **QUICK_JAX)

    pages = os.path.abspath("docs/_build/html")
    # Three at once, for some wait: a part is as long as its slowest pages.
    built = ("-W", "--keep-going", "-q", "-E", "-j", "3", "docs", pages)
    session.run("python", "-m", "sphinx", *built, env={"KERAS_BACKEND": "torch"})

    packages = session.create_tmp()
    axe = os.path.abspath(f"{packages}/node_modules/axe-core/axe.min.js")
    if npm := shutil.which("npm"):
        asked = ("install", "--no-save", "--prefix", packages, AXE)
        # Without it, as without a network, the tests that need it say so.
        codes = range(256)
        session.run(npm, *asked, external=True, silent=True, success_codes=codes)
    run_pytest(session, "jax", "guide", "tests/guide", GUIDE=pages, AXE=axe)


@long_session()
def openvino(session):
    """The tests on a backend that only infers."""
    install(session, "-r", "tests/requirements/openvino.txt", "-e", ".")
    run_per_backend(session, "openvino")


@nox.session(**LONG, **HERE)
def hub(session):
    """The backbones of KerasHub on every backend."""
    run_pytest(session, "jax", "hub")
    run_pytest(session, "torch", "hub", "tests/diagnostics")


@nox.session(**LONG, **HERE, name="machines")
@nox.parametrize("setting", [nox.param(name, id=name) for name in machines.SETTINGS])
def other_machines(session, setting):
    """The golden digests and the numeric tests as other processors compute them."""
    setting = machines.SETTINGS[setting]
    if reason := machines.refusal(setting):
        session.skip(reason)
    run_pytest(
        session,
        setting.backend,
        "",
        *setting.tests,
        command=machines.command(setting),
        **setting.environment,
    )
