"""`keras-inits parity`, without building: `test_parity_command` has the rest."""

import json

import numpy as np
import pytest

from keras_inits import _installed, parity


def test_parity_says_that_no_backend_is_installed(run, monkeypatch):
    monkeypatch.setattr(_installed, "missing", lambda backend: backend)

    status, _, err = run("parity", "ResNet50", "--backends", "torch", "jax")

    assert status == 2
    assert err == (
        "keras-inits parity: Argument `--backends` must be a list with a backend that "
        "is installed here, got 'torch jax'.\n"
    )


@pytest.mark.parametrize(
    ("weights", "difference"),
    [
        ({"kernel": [[1.0, 2.0]], "bias": [0.5]}, 0.0),
        ({"kernel": [[1.0, 1.75]], "bias": [0.625]}, 0.25),
        ({"kernel": [[1.0, 2.0, 3.0]], "bias": [0.5]}, None),
        ({"kernel": [[1.0, 2.0]]}, None),
    ],
)
def test_the_difference_is_the_largest_of_like_weights(weights, difference, tmp_path):
    first = {"kernel": [[1.0, 2.0]], "bias": [0.5]}
    places = [tmp_path / "first", tmp_path / "second"]
    for place, arrays in zip(places, (first, weights), strict=True):
        place.mkdir()
        np.savez(place / parity.WEIGHTS, **arrays)

    assert parity._difference(*places) == difference


@pytest.mark.parametrize(
    ("second", "status", "sentence"),
    [
        ("a" * 64, 0, f"The same bits on 2 backends.\nFingerprint: {'a' * 64}\n"),
        ("b" * 64, 1, "Not the weights of jax: tensorflow.\n"),
    ],
)
def test_parity_ends_with_a_verdict(
    second, status, sentence, run, monkeypatch, tmp_path
):
    built = [
        parity.Built("jax", "a" * 64, 1.0, 2, 8, 0.0),
        parity.Built("tensorflow", second, 0.5, 2, 8, 0.125),
    ]
    monkeypatch.setenv("COLUMNS", "80")
    lacks = {"torch": "torch", "numpy": "scipy"}
    monkeypatch.setattr(_installed, "missing", lacks.get)
    monkeypatch.setattr(
        parity, "build_everywhere", lambda *_, **__: (row for row in built)
    )

    backends = ["jax", "torch", "tensorflow", "numpy", "jax"]
    path = tmp_path / "parity.json"
    found = run("parity", "ResNet50", "--backends", *backends, "--json", path)

    assert (found[0], found[2]) == (status, "")
    assert "torch is not installed here, so it was left out.\n" in found[1]
    text = "numpy needs scipy, which is not installed here, so it was left out.\n"
    assert text in found[1]
    assert found[1].endswith(sentence)
    assert ("0.125" in found[1]) == bool(status)
    data = json.loads(path.read_text())
    assert [row["difference"] for row in data["backends"]] == [0.0, 0.125]
    assert (data["target"], data["seed"], data["enabled"]) == ("ResNet50", 0, True)
    assert len(data["left_out"]) == 2
