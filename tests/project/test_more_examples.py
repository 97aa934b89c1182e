"""The examples that need no test on every backend, run as their users run them."""

import re

import pytest

from tests.processes import ROOT, output

pytestmark = pytest.mark.cross


def run(example, *arguments, cwd):
    settings = {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    program = ROOT / "examples" / example
    return output(program, *arguments, cwd=cwd, backend="torch", **settings)


def test_the_activation_study_draws_its_picture_and_its_conclusions(tmp_path):
    table = run("activation_study.py", "--out", "study", cwd=tmp_path)

    assert (tmp_path / "study.png").stat().st_size > 10_000
    assert (tmp_path / "study.svg").read_text().lstrip().startswith("<?xml")
    rows = [row for row in table.splitlines() if "N(0, 0.01)" in row]
    assert len(rows) == 3
    healthy = [row for row in table.splitlines() if "healthy" in row]
    assert any("relu" in row and "He" in row for row in healthy)
    assert any("tanh" in row and "Xavier" in row for row in healthy)


def test_the_activation_study_draws_the_activations_that_are_asked_for(tmp_path):
    command = ("activation_study.py", "--activations", "tanh", "--out", "tanh")
    table = run(*command, cwd=tmp_path)

    rows = [row.split()[1] for row in table.splitlines() if row.startswith("│ ")]
    assert set(rows) - {"│"} == {"tanh"}


def test_the_ported_network_starts_at_the_loss_of_the_original(tmp_path):
    table = run("port_from_pytorch.py", cwd=tmp_path)

    found = re.findall(r"^│ (torch|Keras with)\D+([\d.]+)", table, re.MULTILINE)
    first = {name: float(loss) for name, loss in found}
    assert set(first) == {"torch", "Keras with"}
    # Ten classes, log 10 = 2.303: logits of a stddev below 0.3, as PyTorch's
    # last layer gives them, move the loss by less than its square.
    assert all(abs(loss - 2.303) < 0.09 for loss in first.values())


def test_cross_validation_gets_its_folds_from_one_model(tmp_path):
    text = run("cross_validation.py", "--folds", "2", "--epochs", "2", cwd=tmp_path)

    found = re.findall(r"(reinitialize|rebuild): accuracy ([\d.]+)", text)
    assert [name for name, _ in found] == ["reinitialize", "rebuild"]
    # Two short epochs: better than one guess in ten for both.
    assert all(float(accuracy) > 0.12 for _, accuracy in found)


def test_the_deep_networks_that_are_called_healthy_are_those_that_learn(tmp_path):
    pytest.importorskip("sklearn", reason="the example reads its images from there")
    text = run("deep_network.py", "--epochs", "4", cwd=tmp_path)

    verdicts = re.findall(r"^([\w(), .-]+): (healthy|vanishing)\b", text, re.MULTILINE)
    losses = dict(re.findall(r"^ (\S.*?)  +1  +[\d.]+  +([\d.]+) ", text, re.MULTILINE))
    called = dict(verdicts)
    assert called == {
        "N(0, 0.01)": "vanishing",
        **dict.fromkeys(["He", "delta-orthogonal", "LSUV"], "healthy"),
    }
    assert set(losses) == set(called)
    least = float(losses.pop("N(0, 0.01)"))
    assert all(float(loss) < least for loss in losses.values()), losses
