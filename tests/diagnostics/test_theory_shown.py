"""What theory predicts, as the table, the page, the data and the picture show it."""

import html
import json
import math
import re

import keras
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

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


def pooled():
    """Two layers, one without theory, one that fails it, and one."""
    parts = [keras.Input((8, 64))]
    parts += [layers.Dense(64, "relu", name=f"l{i}") for i in range(2)]
    parts += [layers.MaxPooling1D(), layers.LayerNormalization(name="fails")]
    parts += [layers.Dense(64, "relu", name="last")]
    model = keras.Sequential(parts)
    for place, name in enumerate(("l0", "l1", "last")):
        kernel = model.get_layer(name).kernel
        kernel.assign(normal(kernel.shape, 2**-2.5, seed=place + 1))
    model.get_layer("fails").epsilon = 1e3
    return diagnose(model, normal((32, 8, 64)))


def drawn(axes):
    """The points of each mark that a panel shows, by its label."""
    lines = {line.get_label(): line for line in axes.lines}
    return {
        label: (line, [*zip(*line.get_data(), strict=True)])
        for label, line in lines.items()
    }


def test_a_picture_has_a_dashed_line_of_theory_beside_what_was_measured():
    report = pooled()
    assert [layer.failed_assumption for layer in report.layers] == [
        *(None, None, None),
        *(theory.LARGE, None),
    ]

    axes = report.plot().axes[-1]

    found = drawn(axes)
    (dots, measured) = found["measured"]
    known = [layer for layer in report.layers if layer.index != 2]
    assert measured == [(layer.index, layer.signal.stddev) for layer in known]
    assert dots.get_linestyle() == "None"
    line, predicted = found["theory"]
    assert line.get_linestyle() == "--"
    heights = [height for _, height in predicted]
    expected = [layer.predicted_stddev for layer in report.layers]
    # Without theory, and where it fails, the line breaks.
    assert heights[:2] + heights[4:] == expected[:2] + expected[4:]
    assert [math.isnan(height) for height in heights] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert found["theory, an assumption fails"][1] == [(3, expected[3])]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [*found]
    low, high = axes.get_ylim()
    assert low < min(layer.signal.stddev for layer in known) < max(expected[:2]) < high


def test_panels_by_depth_give_a_layer_one_place():
    figure = pooled().plot()
    figure.draw(FigureCanvasAgg(figure).get_renderer())

    *_, outputs, predicted = figure.axes
    places = [axes.transData.transform((3.0, 1.0))[0] for axes in (outputs, predicted)]
    assert places[0] == pytest.approx(places[1], abs=0.01)  # pixels


def test_a_picture_without_theory_has_no_panel_of_it():
    answer = layers.Dense(64, "softmax")
    report = diagnose(keras.Sequential([keras.Input((64,)), answer]), normal((32, 64)))

    assert len(report.plot().axes) == 2  # one histogram, and the outputs by depth
