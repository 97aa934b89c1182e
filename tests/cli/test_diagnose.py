"""`keras-inits diagnose`: the table, the files, the exit status, the mistakes."""

import json

import numpy as np
import pytest

from tests.diagnostics.networks import normal
from tests.support import GRADIENTS

MODULE = """
import keras

def build(stddev=0.2):
    keras.utils.set_random_seed(1)
    start = keras.initializers.RandomNormal(stddev=stddev)
    layers = [keras.layers.Dense(32, "tanh", kernel_initializer=start) for _ in "abc"]
    model = keras.Sequential([keras.Input((16,)), *layers, keras.layers.Dense(4)])
    model.compile(loss="mse")
    return model

def small():
    return build(0.001)

def flat():
    return build(2.0)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_networks.py").write_text(MODULE)
    arrays = {"x": normal((24, 16)), "y": normal((24, 4))}
    if not GRADIENTS:
        del arrays["y"]
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path


def test_a_healthy_model_ends_with_0(here, run):
    status, out, _ = run("diagnose", "my_networks:build", "--data", "data.npz")

    assert status == 0
    assert "healthy" in out


def test_a_healthy_model_with_remarks_ends_with_0(here, run):
    status, out, _ = run("diagnose", "my_networks:flat", "--data", "data.npz")

    assert "healthy, but most values are on a flat part" in " ".join(out.split())
    assert status == 0


def test_the_table_fits_80_columns_and_a_wide_terminal_gets_more(
    here, run, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    _, narrow, _ = run("diagnose", "my_networks:build", "--data", "data.npz")
    monkeypatch.setenv("COLUMNS", "160")
    _, wide, _ = run("diagnose", "my_networks:build", "--data", "data.npz")

    assert max(map(len, narrow.splitlines())) <= 80
    assert "…" not in narrow
    for name in ("#", "layer", "stddev", "verdict", "ok"):
        assert f" {name} " in narrow
    assert "Not shown: " in narrow
    assert "rank" in wide
    assert "Not shown: " not in wide


def test_only_layers_with_a_problem_are_shown_on_request(here, run):
    arguments = ["--data", "data.npz", "--rows", "troubled", "--json", "out.json"]

    _, out, _ = run("diagnose", "my_networks:small", *arguments)

    layers = json.loads((here / "out.json").read_text())["layers"]
    names = [layer["name"] for layer in layers if layer["problems"]]
    shown = [line.split()[1] for line in out.splitlines() if line[:4].strip().isdigit()]
    assert 0 < len(names) < len(layers)
    assert shown == names
    assert f"{len(names)} of {len(layers)} layers" in out


def test_a_seed_makes_weights_the_same_in_every_run(here, run):
    (here / "unseeded.py").write_text(MODULE.replace("keras.utils.set", "# "))
    found = []
    for seed in (5, 5, 6):
        arguments = ["--data", "data.npz", "--seed", seed, "--json", "out.json"]
        run("diagnose", "unseeded:build", *arguments)
        report = json.loads((here / "out.json").read_text())
        found.append(report["layers"][0]["signal"]["stddev"])

    assert found[0] == found[1] != found[2]


def test_a_model_in_trouble_ends_with_1_and_writes_its_files(here, run):
    arguments = ["--data", "data.npz", "--plot", "out.png"]
    arguments += ["--json", "out.json", "--html", "out.html"]

    status, out, _ = run("diagnose", "my_networks:small", *arguments)

    assert status == 1
    assert "not healthy: vanishing from layer" in " ".join(out.split())
    found = json.loads((here / "out.json").read_text())
    assert not found["healthy"]
    assert out.endswith(f"\n{found['advice']}\n")
    assert (here / "out.html").read_text().startswith("<!DOCTYPE html>")
    assert (here / "out.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((here / "out.json").read_text())["samples"] == 24


def test_a_picture_has_one_scale_on_request(here, run):
    arguments = ["diagnose", "my_networks:small", "--data", "data.npz", "--plot"]

    run(*arguments, "own.png")
    run(*arguments, "same.png", "--same-scale")

    assert (here / "own.png").read_bytes() != (here / "same.png").read_bytes()


def test_the_batch_is_taken_from_the_front(here, run):
    arguments = ["--data", "data.npz", "--samples", "10", "--json", "out.json"]

    run("diagnose", "my_networks:build", *arguments)

    assert json.loads((here / "out.json").read_text())["samples"] == 10


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--data", "none.npz"],
            "Argument `--data` must be a NumPy archive (.npz) with an array "
            "'x', got 'none.npz'. There is no such file.",
        ),
        (
            ["--data", "text.npz"],
            "Argument `--data` must be a NumPy archive (.npz) with an array "
            "'x', got 'text.npz'. It is broken or none.",
        ),
        (
            ["--data", "single.npy"],
            "Argument `--data` must be a NumPy archive (.npz) with an array "
            "'x', got 'single.npy'. It holds a single array.",
        ),
        (
            ["--data", "other.npz"],
            "Argument `--data` must be a NumPy archive (.npz) with an array "
            "'x', got 'other.npz'. It holds images.",
        ),
        (
            ["--data", "data.npz", "--samples", "0"],
            "Argument `--samples` must be an integer, 1 or above, got 0.",
        ),
        (
            ["--data", "data.npz", "--seed", "-1"],
            "Argument `--seed` must be from 0 to 4294967295, got -1.",
        ),
        (
            ["--data", "data.npz", "--json", "no/such.json"],
            "Argument `--json` must be a path in a directory that exists, "
            "got 'no/such.json'.",
        ),
        (
            ["--data", "data.npz", "--html", "no/such.html"],
            "Argument `--html` must be a path in a directory that exists, "
            "got 'no/such.html'.",
        ),
        (
            ["--data", "data.npz", "--plot", "out.bmp"],
            "Argument `--plot` must be a name that ends in .png, .svg or .pdf, "
            "got 'out.bmp'.",
        ),
    ],
)
def test_mistakes_end_with_2_and_one_sentence(here, run, arguments, text):
    (here / "text.npz").write_text("no archive")
    np.save(here / "single.npy", normal((3, 3)))
    np.savez(here / "other.npz", images=normal((3, 3)))

    status, out, err = run("diagnose", "my_networks:build", *arguments)

    assert (status, out, err) == (2, "", f"keras-inits diagnose: {text}\n")
