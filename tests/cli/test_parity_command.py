"""`keras-inits parity` and the ResNet50 example, on every backend at once."""

import re

import pytest

from keras_inits import cli
from tests.processes import ROOT, output, run

pytestmark = pytest.mark.cross

MODULE = """
import keras

def build():
    inputs = keras.Input((5, 4))
    hidden = keras.layers.LSTM(6)(inputs)
    return keras.Model(inputs, keras.layers.Dense(3)(hidden))

def stop():
    import os, sys
    sys.stderr.write("no memory left")
    sys.stderr.flush()
    os._exit(1)
"""


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the command in a directory that holds the module `models`."""
    (tmp_path / "models.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the processes it starts

    def run(*arguments):
        status = cli.main(["parity", *arguments])
        return status, *capsys.readouterr()

    return run


def rows(out):
    """The table as `{backend: (fingerprint, difference)}`."""
    found = re.findall(
        r"^ (\w+) +([0-9a-f]{16})\.\.\. +[\d.]+ s +(.+?) *$", out, re.MULTILINE
    )
    return {backend: (digest, difference) for backend, digest, difference in found}


def test_one_fingerprint_on_every_backend(command):
    status, out, err = command("models:build")

    table = rows(out)
    assert (status, err) == (0, "")
    assert list(table) == ["tensorflow", "jax", "torch", "numpy"]
    assert len({digest for digest, _ in table.values()}) == 1
    assert {difference for _, difference in table.values()} == {"none"}
    # 4 * 24 + 6 * 24 + 24 values in the LSTM, 6 * 3 + 3 in the head.
    assert "models:build with seed 0 has 5 weights of 285 values.\n" in out
    assert "The same bits on 4 backends.\n" in out
    assert re.search(r"^Fingerprint: [0-9a-f]{64}$", out, re.MULTILINE)


def test_keras_own_initializers_differ(command):
    status, out, _ = command(
        "models:build", "--no-enable", "--backends", "numpy", "torch"
    )

    table = rows(out)
    assert status == 1
    assert table["numpy"][0] != table["torch"][0]
    assert float(table["torch"][1]) > 0
    assert "Not the weights of numpy: torch.\n" in out


def test_a_mistake_in_the_target_is_one_sentence_of_the_module(tmp_path):
    (tmp_path / "models.py").write_text(MODULE)
    status, out, err = run(
        *("-m", "keras_inits", "parity", "models:buidl"),
        cwd=tmp_path,
        backend="numpy",
    )

    assert (status, out) == (2, "")
    assert err == (
        "keras-inits parity: Argument `TARGET` must be a function that the module "
        "'models' has, got 'models:buidl'. Did you mean 'models:build'?\n"
    )


def test_a_process_that_dies_is_quoted(command):
    status, _, err = command("models:stop", "--backends", "numpy")

    assert status == 2
    assert err == (
        "keras-inits parity: Argument `TARGET` must be a model that builds on numpy, "
        "got 'models:stop'. Its process said: no memory left\n"
    )


def test_resnet50_has_one_fingerprint_everywhere():
    found = output("examples/same_weights_everywhere.py", backend="numpy")

    digests = re.findall(
        r"^(?:tensorflow|jax|torch) +([0-9a-f]{12}) .* ([0-9a-f]{12}) ",
        found,
        re.MULTILINE,
    )
    assert len(digests) == 3
    assert len({ours for ours, _ in digests}) == 1
    assert len({theirs for _, theirs in digests}) == 3
    last = found.splitlines()[-1]
    assert last.startswith(f"One fingerprint everywhere: {digests[0][0]}")
