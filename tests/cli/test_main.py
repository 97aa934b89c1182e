"""What all commands share: help, the exit status, one sentence on an error."""

import importlib
import pathlib
import re

import pytest

from keras_inits import cli


def test_help_names_every_command(run):
    status, out, err = run("--help")

    assert (status, err) == (0, "")
    found = re.findall(r"^    (\w+) ", out, re.MULTILINE)
    assert found == list(cli.COMMANDS)


def test_every_file_of_the_folder_is_a_command_or_has_an_underscore():
    files = {path.stem for path in pathlib.Path(cli.__file__).parent.glob("*.py")}

    assert {name for name in files if name[0] != "_"} == set(cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_the_help_of_a_command_says_what_it_does(command, run):
    status, out, err = run(command, "--help")

    assert (status, err) == (0, "")
    assert out.startswith(f"usage: keras-inits {command} ")
    description = importlib.import_module(f"keras_inits.cli.{command}").DESCRIPTION
    assert " ".join(description.split()) in " ".join(out.split())


def test_a_long_message_loses_its_middle():
    text = cli.shortened("a" * 1000 + "\n" + "b" * 5000)

    assert text == "a" * 400 + " ... " + "b" * 400


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError("Unable to allocate."), "There is not enough memory. Unable to"),
        (RecursionError("deep"), "Something is nested too deeply."),
        (RuntimeError("one\n  two"), "one two"),
        (ImportError("Plots need matplotlib."), "Plots need matplotlib."),
    ],
)
def test_what_a_command_raises_is_one_sentence(error, sentence, run, monkeypatch):
    def raises(_):
        raise error

    monkeypatch.setattr("keras_inits.cli.list.run", raises)

    status, out, err = run("list")

    assert (status, out) == (2, "")
    assert err.startswith(f"keras-inits list: {sentence}")
    assert err.count("\n") == 1


def test_ctrl_c_ends_a_command_in_silence(run, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_inits.cli.list.run", stop)

    assert run("list") == (cli.INTERRUPTED, "", "")
