"""What theory predicts, as the table, the page, the data and the picture show it."""

import html
import json
import re

import keras
import pytest

from keras_inits.diagnostics import diagnose, theory
from tests.diagnostics.networks import normal

layers = keras.layers


def normalized(*behind):
    """A normalization whose epsilon is not small beside the data, and the data."""
    parts = [keras.Input((64,)), layers.LayerNormalization(), *behind]
    return keras.Sequential(parts), normal((32, 64), 0.01)


def shown(text, name):
    """The header of a printed table, and the row of a layer."""
    lines = [re.split("   +", line.strip()) for line in text.splitlines()]
    (header,) = (line for line in lines if line[:2] == ["#", "layer"])
    (row,) = (line for line in lines if line[1:2] == [name])
    return header, row


def shown_in_html(text):
    """The header of a table, and its only row."""
    cells = re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", text)
    cells = [html.unescape(re.sub("<.*?>", "", cell)) for cell in cells]
    assert len(cells) % 2 == 0
    return cells[: len(cells) // 2], cells[len(cells) // 2 :]


@pytest.mark.usefixtures("wide_terminal")
def test_a_report_shows_theory_beside_what_was_measured():
    report = diagnose(*normalized())
    (layer,) = report.layers
    (data,) = report.to_dict()["layers"]

    assert data["predicted_stddev"] == layer.predicted_stddev == 1.0
    assert data["failed_assumption"] == layer.failed_assumption == theory.LARGE
    assert json.loads(report.to_json())["layers"] == [data]
    tables = (
        shown(str(report), layer.name),
        shown_in_html(report._repr_html_()),
        shown_in_html(report.to_html()),
    )
    for header, row in tables:
        place = header.index("theory")
        assert header[place - 1] == "stddev"
        assert row[place - 1 : place + 1] == [f"{layer.signal.stddev:.3g}", "1"]
        assert row[header.index("assumption that fails")] == theory.LARGE


def test_80_columns_have_theory_before_what_is_wanted_less(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = str(diagnose(*normalized(layers.Dense(64, "relu", name="dense"))))

    header, _ = shown(text, "dense")
    assert max(map(len, text.splitlines())) <= 80
    assert "theory" in header
    assert {"mean", "assumption that fails", "rank"}.isdisjoint(header)


def test_what_has_no_theory_has_no_column_of_it():
    answer = layers.Dense(64, "softmax", name="answer")
    report = diagnose(keras.Sequential([keras.Input((64,)), answer]), normal((32, 64)))

    for header, _ in (
        shown(str(report), "answer"),
        shown_in_html(report._repr_html_()),
        shown_in_html(report.to_html()),
    ):
        assert {"theory", "assumption that fails"}.isdisjoint(header)
