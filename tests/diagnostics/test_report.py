"""The report as a table, as plain data and as pictures."""

import ast
import dataclasses
import io
import pathlib
import re
import sys

import pytest
import rich.console
from matplotlib.backends.backend_agg import FigureCanvasAgg

from keras_inits.diagnostics import diagnose, plots
from tests.diagnostics.networks import normal, plain, set_kernels
from tests.support import GRADIENTS, raises_exactly


def report(depth=3, stddev=0.3):
    model = set_kernels(plain("relu", depth=depth, outputs=4), lambda shape: stddev)
    if not GRADIENTS:
        return diagnose(model, normal((24, 16)))
    return diagnose(model, normal((24, 16)), normal((24, 4)), "mse")


@pytest.mark.usefixtures("wide_terminal")
def test_the_table_has_a_row_for_each_layer():
    found = report()

    text = str(found)

    rows = [line.split() for line in text.splitlines() if re.match(r" *\d+ +\w", line)]
    assert [row[:2] for row in rows if row[0].isdigit()][-4:] == [
        ["0", "l0"],
        ["1", "l1"],
        ["2", "l2"],
        ["3", "head"],
    ]
    assert found.verdict in " ".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_table_fits_the_terminal_and_says_what_is_wrong(width):
    file = io.StringIO()

    rich.console.Console(file=file, width=width).print(report())

    text = file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    for name in ("#", "layer", "stddev", "verdict"):
        assert f" {name} " in text
    assert ("Not shown: " in text) == (width < 160)


@pytest.mark.usefixtures("wide_terminal")
def test_rows_are_all_or_those_with_a_problem():
    found = report(depth=4)
    bad = dataclasses.replace(found[2], problems=["dead"], verdict="dead units")
    found.layers[2] = bad

    table = found.table("troubled")

    assert found.troubled == [bad]
    assert table.row_count == 1
    assert "1 of 5 layers" in str(table)
    assert found.table("all").row_count == found.table().row_count == 5


def test_a_long_model_has_a_summary():
    found = report(depth=40)
    layers = [dataclasses.replace(layer, problems=[]) for layer in found.layers]
    layers[17] = dataclasses.replace(layers[17], problems=["dead"], verdict="dead")
    found = dataclasses.replace(found, layers=layers)

    text = str(found)

    rows = [line.split()[0] for line in text.splitlines() if line[:4].strip().isdigit()]
    assert len(rows) == 30
    assert {"0", "16", "17", "18", "40"} <= set(rows)
    assert '30 of 41 layers, spread evenly; rows "all" has the others' in text


def test_the_report_is_plain_data_with_its_layers():
    found = report()

    data = found.to_dict()

    assert data["layers"][1]["name"] == "l1"
    assert data["layers"][1]["signal"]["stddev"] == found["l1"].signal.stddev
    assert data["layers"][1]["kernels"][0]["shape"] == [32, 32]


def test_numbers_that_json_lacks_become_null():
    model = plain("relu", depth=1)
    found = diagnose(model, normal((24, 16)))
    bad = found.layers[0].signal.__class__(
        **{**vars(found.layers[0].signal), "mean": float("nan")}
    )
    object.__setattr__(found.layers[0], "signal", bad)

    assert found.to_dict()["layers"][0]["signal"]["mean"] is None


def test_a_layer_is_found_by_name_and_place():
    found = report()

    assert found["l2"] is found[2]
    with pytest.raises(KeyError, match=r"^'l9'$"):
        found["l9"]


@pytest.mark.parametrize(("depth", "theme"), [(4, "dark"), (49, "light")])
def test_a_picture_has_a_panel_for_each_layer_and_no_overlap(depth, theme, tmp_path):
    found = report(depth=depth, stddev=0.03)

    figure = found.plot(tmp_path / "picture.png", theme=theme)

    panels = figure.axes[: depth + 1]
    assert len(figure.axes) == depth + (3 if found.loss is not None else 2)
    assert (tmp_path / "picture.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    whole = figure.bbox
    for place, box in enumerate(boxes):
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert whole.y0 <= box.y0
        assert box.y1 <= whole.y1
        # Boxes that share less than a pixel touch but do not overlap.
        for other in boxes[place + 1 :]:
            width = min(box.x1, other.x1) - max(box.x0, other.x0)
            height = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert width < 1 or height < 1
    assert [axes.get_title(loc="left").split("\n")[0] for axes in panels][-1].endswith(
        f"{depth} head"
    )


def test_a_picture_is_saved_as_png_and_svg(tmp_path):
    report().plot(tmp_path / "both")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.png", "both.svg"]
    assert "<svg" in (tmp_path / "both.svg").read_text()


def test_many_layers_share_the_panels():
    layers = list(range(1000))

    chosen = plots._chosen(layers)

    assert len(chosen) == plots.MOST_PANELS
    assert (chosen[0], chosen[-1]) == (0, 999)
    assert chosen == sorted(set(chosen))


@pytest.mark.parametrize(
    ("text", "short"), [("dense", "dense"), ("batch_normalization_12", "batch_…ion_12")]
)
def test_long_names_lose_their_middle(text, short):
    assert plots.short(text, 13) == short


def test_an_unknown_ending_is_refused():
    with raises_exactly(
        "SignalReport.plot: Argument `path` must be a name that ends in .png, .svg or "
        ".pdf, got 'a.bmp'."
    ):
        report().plot("a.bmp")


def test_an_unknown_theme_is_refused():
    with raises_exactly(
        "SignalReport.plot: Invalid `theme` argument: must be one of light, dark, got "
        "'darkk'. Did you mean 'dark'?"
    ):
        report().plot(theme="darkk")


def test_a_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(ImportError) as raised:
        report().plot()

    assert str(raised.value) == (
        "SignalReport.plot: Pictures need matplotlib, which is not installed. Install "
        'it with: pip install "keras_inits[plot]"'
    )


def test_importing_loads_no_plotting_library():
    # Keras loads matplotlib itself where it is installed, so look at the source.
    for file in pathlib.Path(plots.__file__).parent.glob("*.py"):
        for statement in ast.parse(file.read_text()).body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                assert "matplotlib" not in ast.unparse(statement)
