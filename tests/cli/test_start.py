"""What the command line does before Keras: help, and a backend that is installed."""

import json
import os

import pytest

import keras_inits
from keras_inits.cli import _start
from tests import processes

pytestmark = pytest.mark.once

EVERY = "tensorflow jax torch"
# What pip writes into the file `keras-inits`.
SCRIPT = """
import sys
from keras_inits.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""
# A process in which modules are not installed, as Python and `find_spec` see it.
HIDES = """
import os, sys
sys.modules.update(dict.fromkeys(os.environ["HIDDEN"].split()))
"""


@pytest.fixture
def command(tmp_path):
    """Runs the program without some modules, and with one Keras configuration."""
    (tmp_path / "sitecustomize.py").write_text(HIDES)
    script = tmp_path / "keras-inits"
    script.write_text(SCRIPT)

    def run(*arguments, hidden="", backend=None, configured=None, module=False):
        if configured is not None:
            text = json.dumps({"backend": configured})
            (tmp_path / "keras.json").write_text(text)
        return processes.run(
            *(["-m", "keras_inits"] if module else [script]),
            *arguments,
            HIDDEN=hidden,
            KERAS_BACKEND=backend,
            KERAS_HOME=tmp_path,
            PYTHONPATH=os.pathsep.join([str(tmp_path), str(processes.ROOT)]),
        )

    return run


@pytest.mark.parametrize("module", [False, True])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--help"], "usage: keras-inits [-h] [--version] COMMAND ..."),
        (["show", "--help"], "usage: keras-inits show [-h] --shape SHAPE"),
        (["--version"], f"keras-inits {keras_inits.__version__}\n"),
    ],
    ids=["help", "help of a command", "version"],
)
def test_help_and_version_need_no_backend(arguments, text, module, command):
    status, out, err = command(*arguments, hidden=f"{EVERY} keras", module=module)

    assert (status, err) == (0, "")
    assert out.startswith(text)


def test_a_mistake_needs_no_backend(command):
    status, out, err = command("shwo", hidden=f"{EVERY} keras")

    assert (status, out) == (2, "")
    assert err.startswith("keras-inits: argument COMMAND: invalid choice: 'shwo'")
    assert err.count("\n") == 1


SHOW = ("show", "zeros", "--shape", "2")
RUNS_ON = (
    "keras-inits: Keras' backend {} is not installed, so this runs on {}; "
    "KERAS_BACKEND chooses another.\n"
)


@pytest.mark.parametrize("module", [False, True])
def test_an_installed_backend_is_taken_where_none_is_chosen(module, command):
    status, out, err = command(*SHOW, hidden="tensorflow", module=module)

    assert (status, err) == (0, RUNS_ON.format("'tensorflow'", "jax"))
    assert "Zeros()" in out


@pytest.fixture
def choose(tmp_path, monkeypatch, capsys):
    """`choose_backend` under a configuration, where some backends are installed."""

    def run(installed, *, configured, chosen=None):
        (tmp_path / "keras.json").write_text(json.dumps({"backend": configured}))
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        if chosen is not None:
            monkeypatch.setenv("KERAS_BACKEND", chosen)
        lacks = {name: name for name in _start.BACKENDS if name not in installed}
        monkeypatch.setattr(_start, "missing", lacks.get)
        mistake = _start.choose_backend()
        return mistake, os.environ.get("KERAS_BACKEND"), capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("configured", "chosen", "taken"),
    [
        ("torch", None, None),
        ("torch", "", ""),
        ("tensorflow", "torch", "torch"),
        # One that only Keras knows is left to Keras.
        ("mlx", None, None),
        ("torch", "openvino", "openvino"),
    ],
)
def test_an_installed_backend_is_left_as_it_is(configured, chosen, taken, choose):
    found = choose(["torch", "jax"], configured=configured, chosen=chosen)

    assert found == (None, taken, "")


@pytest.mark.parametrize("chosen", [None, ""])
def test_the_configured_backend_is_the_one_that_is_replaced(chosen, choose):
    found = choose(["torch", "numpy"], configured="jax", chosen=chosen)

    assert found == (None, "torch", RUNS_ON.format("'jax'", "torch"))


def test_the_chosen_backend_is_never_replaced(command):
    status, out, err = command(*SHOW, hidden="torch", backend="torch")

    assert (status, out) == (2, "")
    assert err == (
        "keras-inits: KERAS_BACKEND is 'torch', which is not installed here. Set it to "
        "tensorflow or jax or numpy.\n"
    )


def test_what_a_backend_lacks_is_named(command):
    status, _, err = command(*SHOW, hidden="scipy torch", backend="numpy")

    assert status == 2
    assert err == (
        "keras-inits: KERAS_BACKEND is 'numpy', which needs scipy, which is not "
        "installed here. Set it to tensorflow or jax.\n"
    )


def test_no_backend_is_one_sentence(command):
    status, out, err = command(*SHOW, hidden=EVERY)

    assert (status, out) == (2, "")
    assert err == (
        "keras-inits: Keras needs a backend, and none is installed. Run `pip install "
        "jax`, torch or tensorflow.\n"
    )


def test_a_backend_that_keras_does_not_know_is_one_sentence(command):
    status, _, err = command(*SHOW, backend="jaxx")

    assert status == 2
    assert err == (
        "keras-inits: Keras cannot run on 'jaxx': ValueError: Unable to import backend "
        ": jaxx\n"
    )


def test_a_reader_that_has_seen_enough_is_neither_a_mistake_nor_an_answer():
    end, start = os.pipe()
    os.close(end)
    status, _, err = processes.run(
        *("-m", "keras_inits", "list"), backend="numpy", stdout=start
    )
    os.close(start)

    assert (status, err) == (141, "")


@pytest.mark.parametrize(
    ("argv", "original", "expected"),
    [
        (["-m", "list"], ["python", "-m", "keras_inits", "list"], True),
        (["-m", "list"], ["python", "-W", "ignore", "-mkeras_inits", "list"], True),
        (["-m"], ["python", "-m", "keras_inits"], True),
        (["-m", "t"], ["python", "-m", "keras_inits.parity", "t"], False),
        (["-m", "keras_inits"], ["python", "-m", "pdb", "keras_inits"], False),
        (["/venv/bin/keras-inits", "list"], [], True),
        (["keras-inits.exe"], [], True),
        (["keras-inits.py"], [], False),
        (["/home/keras-inits/train.py"], [], False),
        (["-c"], ["python", "-c", "import keras_inits"], False),
        ([""], ["python"], False),
        ([], [], False),
    ],
)
def test_only_the_program_itself_is_the_command_line(argv, original, expected):
    assert _start.is_command_line(argv, original) is expected


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"backend": "tensorflow"}', "[" * 100_000]
)
def test_what_keras_falls_back_to(text, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert _start.configured() == "tensorflow"

    (tmp_path / "keras.json").write_text(text)

    assert _start.configured() == "tensorflow"


def test_where_keras_looks_for_its_configuration(tmp_path, monkeypatch):
    """Keras' own answer, by a process with that home."""
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"backend": "numpy"}')
    program = "import keras; print(keras.config.backend())"

    keras_says = processes.output("-c", program, KERAS_BACKEND=None)

    assert _start.configured() == keras_says.strip() == "numpy"
