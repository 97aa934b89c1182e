"""What a user may type into a command: bounded, and refused in its own words."""

import numpy as np
import pytest

from keras_inits import _installed, cli, gains
from keras_inits.cli import _documents

MODULE = """
import keras

def build():
    layers = [keras.Input((16,)), keras.layers.Dense(4, name="body")]
    return keras.Sequential(layers, name="mine")

def leaves():
    raise SystemExit("no memory left")

def too_deep():
    return too_deep()
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory with a user's module and rules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "bounded_models.py").write_text(MODULE)
    rules = {
        "typo": '{"kernl": "zeros"}',
        "deep": "[" * 100_000 + "]" * 100_000,
        "nested": '{"a":' * 40 + "1" + "}" * 40,
        "large": "{}" + " " * _documents.LARGEST,
    }
    for name, text in rules.items():
        (tmp_path / f"{name}.json").write_text(text)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    np.savez(tmp_path / "data.npz", x=np.ones((4, 16)), y=np.ones((4, 4)))
    return tmp_path


PLAN = ("plan", "bounded_models:build", "--rules")
SHOW = ("show", "he_normal", "--shape")
CONFIG = ("show", "per_gate", "--shape", "4,4", "--config")
DIAGNOSE = ("diagnose", "bounded_models:build", "--data", "data.npz")
OBJECT = "a file that holds a JSON object"
FUNCTION = "Argument `TARGET` must be a function that builds a model without arguments"
NAMES_OF_BACKENDS = ", ".join(_installed.BACKENDS)
MISTAKES = {
    "unknown initializer": (
        ("show", "he_norml", "--shape", "3,4"),
        "Argument `NAME` must be the name of an initializer, "
        "got 'he_norml'. Did you mean 'he_normal'?",
    ),
    "two dashes for a value": (
        ("show", "he_normal", "--shape=--"),
        "Argument `--shape` must have a value, got '--'.",
    ),
    "shape of words": (
        ("show", "he_normal", "--shape", "3,x"),
        "Argument `--shape` must be integers separated by commas, "
        "such as 3,3,64,128, got '3,x'.",
    ),
    "negative shape": (
        ("show", "he_normal", "--shape", "3,-4"),
        "HeNormal: Argument `--shape` must be a tuple of integers, "
        "each 0 or above, got (3, -4).",
    ),
    "unknown activation": (
        ("show", "he_normal", "--shape", "3,4", "--activation", "rleu"),
        "Invalid `--activation` argument: must be one of "
        f"{', '.join(gains.NAMES)}, got 'rleu'. Did you mean 'relu'?",
    ),
    "config that is no JSON": (
        ("show", "sparse", "--shape", "3,4", "--config", "sparsity=1"),
        "Argument `--config` must be a JSON object, such as "
        "'{\"sparsity\": 0.5}', got 'sparsity=1'. It is no JSON: Expecting value: line "
        "1 column 1 (char 0).",
    ),
    "unknown argument": (
        ("show", "sparse", "--shape", "3,4", "--config", '{"sparsty": 0.5}'),
        "Invalid `--config` argument: must be one of sparsity, "
        "stddev, axis, seed, got 'sparsty'. Did you mean 'sparsity'?",
    ),
    "unknown backend": (
        ("parity", "ResNet50", "--backends", "jaxx"),
        "Invalid `--backends` argument: must be one of "
        f"{NAMES_OF_BACKENDS}, got 'jaxx'. Did you mean 'jax'?",
    ),
    "unknown application": (
        ("parity", "ResNet5"),
        "Argument `TARGET` must be `module:function` or the name of a model in "
        "keras.applications, got 'ResNet5'. Did you mean 'ResNet50'?",
    ),
    "shape forgotten": (
        ("show", "he_normal"),
        "the following arguments are required: --shape",
    ),
    "rules that are nested without end": (
        (*PLAN, "deep.json"),
        "Argument `--rules` must be JSON that is nested at most 32 deep, got "
        "'deep.json'.",
    ),
    "rules that are nested too deeply": (
        (*PLAN, "nested.json"),
        "Argument `--rules` must be JSON that is nested at most 32 deep, got "
        "'nested.json'.",
    ),
    "rules that are too large": (
        (*PLAN, "large.json"),
        f"Argument `--rules` must be {OBJECT}, of at most 16 MiB, got 'large.json'.",
    ),
    "rules without an end": (
        (*PLAN, "/dev/zero"),
        f"Argument `--rules` must be {OBJECT}, of at most 16 MiB, got '/dev/zero'.",
    ),
    "rules that are no text": (
        (*PLAN, "bytes.json"),
        f"Argument `--rules` must be {OBJECT}, got 'bytes.json'. 'utf-8' codec can't "
        "decode byte 0xff in position 0: invalid start byte.",
    ),
    "a rule that matches nothing": (
        (*PLAN, "typo.json"),
        "The rule 'kernl' matches no weight of the model. Nearest are 'kernel', "
        "'body/kernel'. Correct it, or pass --no-strict.",
    ),
    "a function that ends the process": (
        ("plan", "bounded_models:leaves", "--recipe", "pytorch"),
        f"{FUNCTION}, got 'bounded_models:leaves'. It raised SystemExit: no memory "
        "left (bounded_models.py, line 9).",
    ),
    "a function that never returns": (
        ("diagnose", "bounded_models:too_deep", "--data", "data.npz"),
        f"{FUNCTION}, got 'bounded_models:too_deep'. It raised RecursionError: maximum "
        "recursion depth exceeded (bounded_models.py, line 12).",
    ),
    "a function with arguments": (
        ("plan", "json:dumps", "--recipe", "pytorch"),
        f"{FUNCTION}, got 'json:dumps'. It raised TypeError: dumps() missing 1 "
        "required positional argument: 'obj'.",
    ),
    "a shape of too many values": (
        (*SHOW, "100000,100000"),
        "Argument `--shape` must be a shape of at most 100,000,000 values, got "
        "'100000,100000'.",
    ),
    "a shape that is empty and too long": (
        (*SHOW, "0,9000000000000000000"),
        "Argument `--shape` must be a shape of at most 100,000,000 values, got "
        "'0,9000000000000000000'.",
    ),
    "a shape with a hole": (
        (*SHOW, "3,,4"),
        "Argument `--shape` must be integers separated by commas, such as 3,3,64,128, "
        "got '3,,4'.",
    ),
    "a config that is nested too deeply": (
        (*CONFIG, '{"inner": ' + "[" * 32 + "]" * 32 + "}"),
        "Argument `--config` must be JSON that is nested at most 32 deep, got "
        f"""'{'{"inner": ' + "[" * 32 + "]" * 32 + "}"}'.""",
    ),
    "a config without what is required": (
        CONFIG[:-1],
        "Argument `--config` must be given with 'inner', as '{\"inner\": ...}', got "
        "'{}'.",
    ),
    "a dtype": (
        (*SHOW, "3,4", "--dtype", "int32"),
        "HeNormal: Argument `--dtype` must be one of float16, bfloat16, float32, "
        "float64, got 'int32'. Did you mean 'float32'?",
    ),
    "a name like none": (
        ("show", "qqq", "--shape", "3,4"),
        "Argument `NAME` must be the name of an initializer, got 'qqq'. `keras-inits "
        "list` shows them all.",
    ),
    "a negative seed of a process": (
        ("parity", "bounded_models:build", "--seed=-1"),
        "Argument `--seed` must be from 0 to 4294967295, got -1.",
    ),
    "a seed that is a word": (
        (*SHOW, "3,4", "--seed", "x"),
        "Argument `--seed` must be an integer, got 'x'.",
    ),
    "a seed that is a word and long": (
        (*SHOW, "3,4", "--seed", "7" * 700 + "x"),
        f"Argument `--seed` must be an integer, got '{'7' * 700}x'.",
    ),
    "a seed between integers": (
        ("plan", "bounded_models:build", "--recipe=pytorch", "--seed", "1.5"),
        "Argument `--seed` must be an integer, got '1.5'.",
    ),
    "a seed of a process that is a word": (
        ("parity", "bounded_models:build", "--seed", ""),
        "Argument `--seed` must be an integer, got ''.",
    ),
    "a number of samples in words": (
        (*DIAGNOSE, "--samples", "four"),
        "Argument `--samples` must be an integer, got 'four'.",
    ),
    "a file in no directory": (
        (*DIAGNOSE, "--json", "none/out.json"),
        "Argument `--json` must be a path in a directory that exists, got "
        "'none/out.json'.",
    ),
    "a picture in no directory": (
        (*DIAGNOSE, "--plot", "none/out.png"),
        "Argument `--plot` must be a path in a directory that exists, got "
        "'none/out.png'.",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence_of_the_command_line(case, here, run):
    given, sentence = MISTAKES[case]

    status, out, err = run(*given)

    assert (status, out) == (2, "")
    assert err == f"{cli.shortened(f'keras-inits {given[0]}: {sentence}')}\n"


def test_a_rule_that_matches_nothing_passes_where_that_is_asked_for(here, run):
    status, out, err = run(*PLAN, "typo.json", "--no-strict")

    assert (status, err) == (0, "")
    assert "0 weights, 0 entries." in out
