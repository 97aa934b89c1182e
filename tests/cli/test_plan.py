"""`keras-inits plan`."""

import json

import pytest

from keras_inits import cli, recipes

MODULE = """
import keras

def build():
    return keras.Sequential([
        keras.Input((8,)),
        keras.layers.Dense(4, name="body", activation="relu"),
        keras.layers.Dense(2, name="head"),
    ], name="mine")
"""


def plan(*arguments):
    return cli.main(["plan", *arguments])


@pytest.fixture
def target(tmp_path, monkeypatch):
    name = f"model_{abs(hash(str(tmp_path))):x}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return f"{name}:build"


def test_it_prints_what_a_recipe_would_set(target, capsys):
    assert plan(target, "--recipe", "by_activation", "--seed", "3") == 0
    out = capsys.readouterr().out
    assert "mine: initialize would set 4 of 4 weights, seed 3" in out
    assert "HeNormal()" in out
    assert "4 weights, 46 entries." in out


def test_rules_come_before_the_recipe(target, tmp_path, capsys):
    rules = tmp_path / "rules.json"
    text = {"head/kernel": {"class_name": "Sparse", "config": {"sparsity": 0.5}}}
    rules.write_text(json.dumps(text))
    assert plan(target, "--recipe", "pytorch", "--rules", str(rules)) == 0
    assert "Sparse(sparsity=0.5)" in capsys.readouterr().out


def test_rules_alone_and_recipes_with_arguments(target, tmp_path, capsys):
    rules = tmp_path / "rules.json"
    rules.write_text('{"kernel": "he_normal"}')
    assert plan(target, "--rules", str(rules)) == 0
    assert "2 weights, 40 entries." in capsys.readouterr().out
    assert plan(target, "--recipe", "pytorch:padding_idx=0") == 0


def test_its_report_is_written_as_json(target, tmp_path, capsys):
    path = tmp_path / "plan.json"
    arguments = ["--recipe", "by_activation", "--seed", "3", "--json", str(path)]

    assert plan(target, *arguments) == 0

    data = json.loads(path.read_text())
    assert (data["seed"], data["dry_run"]) == (3, True)
    assert [row["address"] for row in data["weights"]] == [
        *("body/kernel", "body/bias", "head/kernel", "head/bias")
    ]


def test_only_weights_that_are_set_are_shown_on_request(target, tmp_path, capsys):
    rules = tmp_path / "rules.json"
    rules.write_text('{"body/kernel": "he_normal"}')
    arguments = ["--rules", str(rules)]

    assert plan(target, *arguments) == plan(target, *arguments, "--rows", "changed")

    first, _, second = capsys.readouterr().out.partition("entries.")
    assert "head/kernel" in first
    assert "head/kernel" not in second
    assert "1 of 4 weights" in second


def test_rules_that_are_no_object_are_refused(target, tmp_path, capsys):
    rules = tmp_path / "rules.json"
    rules.write_text('["he_normal"]')
    assert plan(target, "--rules", str(rules)) == 2
    assert capsys.readouterr().err == (
        "keras-inits plan: Argument `--rules` must be a file that holds a JSON object, "
        f"got {str(rules)!r}.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--recipe", "pytorhc"],
            "keras-inits plan: Invalid `--recipe` argument: must be one of "
            f"{', '.join(recipes.__all__)}, got 'pytorhc'. Did you mean 'pytorch'?",
        ),
        (
            ["--recipe", "gpt2"],
            "keras-inits plan: Argument `--recipe` must be given as "
            "gpt2:num_layers=..., got 'gpt2'.",
        ),
        (
            ["--recipe", "gpt2:num_layers=x"],
            "keras-inits plan: Argument `--recipe` must be NAME or "
            "NAME:key=integer,..., got 'gpt2:num_layers=x'.",
        ),
        (
            ["--recipe", "pytorch:padding=1"],
            "keras-inits plan: Argument `--recipe` must be given as "
            "pytorch:padding_idx=..., got 'pytorch:padding=1'.",
        ),
        (
            [],
            "keras-inits plan: Argument `--recipe` must be given, or --rules, or both, "
            "got None.",
        ),
        (
            ["--recipe", "pytorch", "--json", "no/such.json"],
            "keras-inits plan: Argument `--json` must be a path in a directory that "
            "exists, got 'no/such.json'.",
        ),
        (
            ["--rules", "missing.json"],
            "keras-inits plan: Argument `--rules` must be a file that holds a JSON "
            "object, got 'missing.json'. [Errno 2] No such file or directory: "
            "'missing.json'.",
        ),
    ],
    ids=range(7),
)
def test_errors_are_one_sentence_and_exit_status_2(arguments, text, target, capsys):
    assert plan(target, *arguments) == 2
    assert capsys.readouterr().err == f"{text}\n"
