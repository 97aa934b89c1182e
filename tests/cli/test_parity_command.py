"""`keras-inits parity` and the ResNet50 example, on several backends at once.

What the command prints of every backend, also of weights that differ, is in a page's
transcripts: `tests/project/test_pages.py` runs them.
"""

import re

import pytest

from keras_inits import cli
from tests.processes import ROOT, output

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


def test_equal_weights_have_one_fingerprint(command):
    status, out, err = command("models:build", "--backends", "torch", "numpy")

    table = rows(out)
    assert (status, err) == (0, "")
    assert list(table) == ["torch", "numpy"]
    assert len({digest for digest, _ in table.values()}) == 1
    assert {difference for _, difference in table.values()} == {"none"}
    # 4 * 24 + 6 * 24 + 24 values in the LSTM, 6 * 3 + 3 in the head.
    assert "models:build with seed 0 has 5 weights of 285 values.\n" in out
    assert "The same bits on 2 backends.\n" in out
    assert re.search(r"^Fingerprint: [0-9a-f]{64}$", out, re.MULTILINE)


def test_a_mistake_in_the_target_is_one_sentence_of_the_module(command):
    status, out, err = command("models:buidl", "--backends", "numpy")

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
    # Keras' own initializers compile on JAX, each for a single use.
    quick = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    found = output("examples/same_weights_everywhere.py", backend="numpy", **quick)

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
