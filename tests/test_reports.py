"""What all reports have: rows, HTML for notebooks, plain data as JSON."""

import dataclasses
import itertools
import json
import math

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _html, _reports, _tables, parity
from keras_inits.diagnostics import comparison
from tests.diagnostics.networks import normal, plain
from tests.support import raises_exactly

LONG_SEED = 10**5000 - 1  # more digits than Python writes


def initialized(**options):
    return keras_inits.initialize(plain("relu"), {"kernel": "he_normal"}, **options)


def detached():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.layers[0].kernel_initializer = keras_inits.HeNormal()
    return keras_inits.detach(model)


REPORTS = {
    "initialize": lambda: initialized(seed=3),
    "reinitialize": lambda: keras_inits.reinitialize(plain("relu"), seed=3),
    "detach": detached,
    "diagnose": lambda: keras_inits.diagnose(plain("relu"), normal((24, 16))),
    "lsuv": lambda: keras_inits.lsuv(plain("relu"), normal((24, 16)), seed=1),
    "compare": lambda: comparison.Comparison(
        ["a"], 1, [comparison.Run("a", 0, [math.nan], [2.0, 1.0], {}, 0.1)], False
    ),
    "parity": lambda: parity.ParityReport(
        "ResNet50", 0, True, [parity.Built("jax", "a" * 64, 1.0, 2, 8, None)], []
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_plain_data_and_json(name, tmp_path):
    report = REPORTS[name]()

    data = report.to_dict()

    assert list(data) == [field.name for field in dataclasses.fields(report)]
    assert json.loads(report.to_json(tmp_path / "report.json")) == data
    text = (tmp_path / "report.json").read_text()
    assert text == report.to_json() + "\n"
    assert "NaN" not in text
    assert "\n" not in report.to_json(indent=None)


def test_parts_of_a_report_keep_their_names():
    assert REPORTS["parity"]().to_dict()["backends"] == [
        {
            "backend": "jax",
            "fingerprint": "a" * 64,
            "seconds": 1.0,
            "weights": 2,
            "values": 8,
            "difference": None,
        }
    ]
    assert REPORTS["compare"]().to_dict()["runs"][0]["losses"] == [None]


def test_a_seed_that_python_does_not_write_in_digits_can_be_used_again():
    data = json.loads(initialized(seed=LONG_SEED).to_json())

    assert data["seed"] == hex(LONG_SEED)
    again = initialized(seed=int(data["seed"], 16))
    assert again.to_dict() == data


@pytest.mark.parametrize("name", REPORTS)
def test_a_notebook_shows_the_rows(name):
    report = REPORTS[name]()

    text = report._repr_html_()

    assert text.count("<tr") == 1 + report.table().row_count
    assert text.count('scope="row"') == report.table().row_count
    assert "<script" not in text
    assert text.startswith('<div tabindex="0" ')  # the keyboard reaches what scrolls


def test_markup_in_names_is_text():
    made = _tables.Table('<b>"x" & y</b>')
    made.texts("<i>")
    made.add_row("<img src=x onerror=alert(1)>")

    text = _html.fragment(made)

    assert "<b>" not in text
    assert "&lt;b&gt;&quot;x&quot; &amp; y&lt;/b&gt;" in text
    assert '<th scope="col">&lt;i&gt;</th>' in text
    assert '<th scope="row">&lt;img src=x onerror=alert(1)&gt;</th>' in text


@pytest.mark.parametrize("count", [0, 1, 2, 7, 60])
def test_entries_are_chosen_evenly_with_both_ends(count):
    entries = list(range(1000))

    chosen = _reports.evenly(entries, count)

    assert len(chosen) == count
    assert chosen == sorted(set(chosen))
    assert chosen[:1] == entries[: min(count, 1)]
    if count > 1:
        assert chosen[-1] == 999
        gaps = {b - a for a, b in itertools.pairwise(chosen)}
        assert max(gaps) - min(gaps) <= 1
    assert _reports.evenly(entries[:count], count) == entries[:count]


def test_a_summary_has_the_rows_where_something_changes():
    labels = ["ok"] * 100
    labels[40:42] = ["dead", "dead"]
    labels[70] = "exploding"

    chosen = _reports.stand_ins(labels)

    assert len(chosen) == _reports.MOST_ROWS
    assert {0, 39, 40, 41, 42, 69, 70, 71, 99} <= set(chosen)
    assert chosen == sorted(set(chosen))


def test_a_summary_in_which_every_row_changes_is_as_long():
    assert len(_reports.stand_ins(list(range(100)))) == _reports.MOST_ROWS


def deep(depth):
    return keras_inits.initialize(
        plain("relu", depth=depth),
        {"kernel": "he_normal", "l0/bias": "zeros"},
        seed=3,
        dry_run=True,
    )


@pytest.mark.usefixtures("wide_terminal")
def test_a_long_model_is_summarized_by_kinds_of_weights():
    lines = [line.split() for line in str(deep(20)).splitlines()]

    row = next(line for line in lines if line[:3] == ["20", "Dense", "kernel"])
    # The first layer has 16 inputs, the others 32.
    assert row[3] == "HeNormal()"
    assert row[-2:] == [f"{16 * 32 + 19 * 32 * 32:,}", "l0/kernel"]
    assert ["1", "Dense", "bias", "Zeros()", "0", "32", "l0/bias"] in lines
    assert ["40", "weights;", "rows", '"all"', "lists", "them"] in lines


def test_rows_are_all_or_those_that_changed():
    report = deep(20)

    assert report.table("all").row_count == 40
    changed = report.table("changed")
    assert changed.row_count == 21
    assert changed.note == "21 of 40 weights"
    assert deep(15).table().row_count == 30  # not more than a terminal shows


def test_other_rows_are_refused():
    with raises_exactly(
        "InitializationReport.table: Invalid `rows` argument: must be one of all, "
        "changed, summary, got 'chnged'. Did you mean 'changed'?"
    ):
        deep(1).table("chnged")


IDENTITY = keras_inits.Constant(np.eye(5))
AS_TEXT = "Constant(value=array of shape (5, 5))"


@pytest.mark.usefixtures("wide_terminal")
@pytest.mark.parametrize("action", ["initialize", "reinitialize", "from a list"])
def test_an_array_that_a_weight_is_set_to_is_named_by_its_shape(action):
    model = keras.Sequential([keras.Input((5,), name="x")])
    model.add(keras.layers.Dense(5, kernel_initializer=IDENTITY, name="a"))
    run = {
        "initialize": lambda: keras_inits.initialize(model, {"kernel": IDENTITY}),
        "reinitialize": lambda: keras_inits.reinitialize(model),
        "from a list": lambda: keras_inits.initialize(
            model, {"kernel": np.eye(5).tolist()}
        ),
    }

    report = run[action]()

    assert report["a/kernel"].initializer == AS_TEXT
    assert AS_TEXT in str(report.table("summary"))


def test_an_array_in_a_layer_that_is_detached_is_named_by_its_shape():
    model = keras.Sequential([keras.Input((5,))])
    model.add(keras.layers.Dense(5, kernel_initializer=IDENTITY))

    (found,) = keras_inits.detach(model).replacements

    assert (found.before, found.after) == (AS_TEXT, f"keras.initializers.{AS_TEXT}")


def test_an_array_among_those_compared_is_named_by_its_shape():
    assert comparison._name_of(IDENTITY) == AS_TEXT
