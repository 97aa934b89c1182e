"""The report as a table, as plain data and as pictures."""

import ast
import dataclasses
import io
import math
import pathlib
import re
import sys

import keras
import pytest
import rich.console
from matplotlib.backends.backend_agg import FigureCanvasAgg

from keras_inits.diagnostics import diagnose, labels, plots, verdicts
from tests.diagnostics.networks import normal, plain, set_kernels
from tests.support import GRADIENTS, needs_gradients, raises_exactly


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
    assert found.conclusion() in " ".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_table_fits_the_terminal_and_says_what_is_wrong(width):
    file = io.StringIO()

    rich.console.Console(file=file, width=width).print(report())

    text = file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    for name in ("#", "layer", "stddev", "verdict"):
        assert f" {name} " in text
    assert ("Not shown: " in text) == (width < 160)


def test_whether_it_is_healthy_and_what_to_do_stand_below_the_table(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    healthy, small = report(), report(stddev=1e-3)
    code = "keras_inits.initialize(model, keras_inits.recipes.by_activation())"

    assert (healthy.healthy, healthy.advice) == (True, None)
    assert "\nhealthy: " in str(healthy)
    assert "keras_inits" not in str(healthy)
    assert (small.healthy, small.advice) == (False, code)
    assert "\nnot healthy: vanishing from layer" in str(small)
    assert str(small).endswith(f"\n{code}\n")  # no line of it is folded
    assert f">{code}</pre>" in small._repr_html_()
    assert "not healthy: vanishing" in small._repr_html_()


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

    assert (data["healthy"], data["advice"]) == (found.healthy, found.advice)
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
    assert len(figure.axes) == depth + (4 if found.loss is not None else 3)
    assert (tmp_path / "picture.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert_no_overlap(figure)
    assert [axes.get_title(loc="left").split("\n")[0] for axes in panels][-1].endswith(
        f"{depth} head"
    )


def assert_no_overlap(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)  # which lays it out
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


def points(axes, label, column=0):
    """Where the points with a label in the legend are, or how high they are."""
    return [
        place
        for line in axes.lines
        if line.get_label() == label
        for place in line.get_data()[column]
    ]


def residual(scale=1.0):
    """Three blocks before whose LayerNormalization no layer puts out the sum."""
    x = inputs = keras.Input((16,))
    for block in range(3):
        branch = keras.layers.LayerNormalization(name=f"n{block}")(x)
        x = x + keras.layers.Dense(16, name=f"l{block}")(branch)
    x = keras.layers.LayerNormalization(name="last")(x)
    model = keras.Model(inputs, keras.layers.Dense(4, name="head")(x))
    set_kernels(model, lambda shape: 0.25)
    kernel = model.get_layer("l1").kernel
    kernel.assign(kernel * scale)
    return diagnose(model, normal((24, 16)))


@needs_gradients
def test_a_mark_stands_only_where_the_problem_shows():
    small, steep = report(stddev=1e-3), report(depth=12, stddev=1.0)
    steep_layers = [
        dataclasses.replace(layer, problems=["gradient explodes"] * (layer.index < 2))
        for layer in steep.layers
    ]
    steep = dataclasses.replace(steep, layers=steep_layers)

    *panels, outputs, gradients, _ = small.plot().axes
    assert ["\n! " in axes.get_title(loc="left") for axes in panels] == [
        "vanishing" in layer.problems for layer in small.layers
    ]
    assert points(outputs, "problem") == [
        layer.index for layer in small.layers if "vanishing" in layer.problems
    ]
    assert points(outputs, "problem")
    assert not points(gradients, "problem")

    *panels, outputs, gradients, _ = steep.plot().axes
    assert not any("\n! " in axes.get_title(loc="left") for axes in panels)
    assert not points(outputs, "problem")
    assert points(gradients, "problem") == [0, 1]


def test_what_the_band_is_for_is_drawn():
    found = report()
    layers = [
        dataclasses.replace(
            layer,
            signal=dataclasses.replace(
                layer.signal, stddev=9.0, batch_stddev=layer.index + 1.0
            ),
        )
        for layer in found.layers
    ]
    stream = [
        dataclasses.replace(point, stddev=9.0, batch_stddev=point.layer + 1.0)
        for point in found.stream
    ]
    found = dataclasses.replace(found, layers=layers, stream=stream)

    axes = found.plot().axes[4]

    heights = dict(zip(points(axes, "judged"), points(axes, "judged", 1), strict=True))
    assert heights == {0: 1.0, 1: 2.0, 2: 3.0}
    assert points(axes, "not judged", 1) == [4.0]
    (lines,) = axes.collections
    assert [segment[:, 1].tolist() for segment in lines.get_segments()] == [
        [1.0, 9.0], [2.0, 9.0], [3.0, 9.0], [4.0, 9.0]
    ]  # fmt: skip


def test_the_band_ends_where_nothing_is_judged_by_it():
    found = report()
    judged = [layer.index for layer in verdicts.hidden_path(found.layers)]

    axes = found.plot().axes[4]

    (band,) = axes.patches
    edges = band.get_data().edges
    assert (edges[0], edges[-1]) == (judged[0] - 0.5, judged[-1] + 0.5)
    assert 3 not in judged  # the model's answer
    assert points(axes, "not judged") == [3]
    assert points(axes, "judged") == judged


def test_a_sum_that_no_layer_puts_out_stands_before_the_layer_that_reads_it():
    found = residual(scale=1000.0)

    assert found["n2"].problems == ["exploding"]
    *panels, axes, _ = found.plot().axes
    place = found["n2"].index - 0.5
    assert points(axes, "problem") == [place]
    # What the normalization puts out is as it should be.
    assert not any("\n! " in panel.get_title(loc="left") for panel in panels)
    (band,) = axes.patches
    edges, tops = band.get_data().edges, band.get_data().values
    (top,) = tops[(edges[:-1] < place) & (place < edges[1:])]
    height = points(axes, "problem", 1)[0]
    (sum_,) = [point for point in found.stream if point.layer == found["n2"].index]
    assert height == sum_.stddev > top


def test_zero_and_infinity_have_marks_on_the_edges():
    found = report()
    for index, value in ((0, 0.0), (1, math.inf)):
        signal = dataclasses.replace(
            found[index].signal, stddev=value, batch_stddev=value
        )
        found.layers[index] = dataclasses.replace(found[index], signal=signal)
    found = dataclasses.replace(found, stream=[])

    axes = found.plot().axes[4]

    assert points(axes, "exactly 0") == [0]
    assert points(axes, "not finite") == [1]


@needs_gradients
def test_a_legend_leaves_the_title_free():
    found = residual(scale=1000.0)
    for index, within, whole in ((0, 0.0, 0.0), (1, math.inf, math.inf), (2, 1.0, 9.0)):
        signal = dataclasses.replace(
            found[index].signal, stddev=whole, batch_stddev=within
        )
        found.layers[index] = dataclasses.replace(found[index], signal=signal)

    figure = found.plot()

    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    axes = figure.axes[-2]
    assert len(axes.get_legend().get_texts()) == 7
    title = axes._left_title.get_window_extent(renderer)
    assert title.x1 < axes.get_legend().get_window_extent(renderer).x0


def test_panels_share_a_scale_on_request():
    found = report()

    own = {axes.get_xlim() for axes in found.plot().axes[:4]}
    shared = {axes.get_xlim() for axes in found.plot(same_scale=True).axes[:4]}

    assert len(own) == 4
    ends = [edge for layer in found.layers for edge in layer.signal.histogram[0]]
    ((low, high),) = shared
    # What is a line at an end, as outputs that are all alike, is within the panel.
    assert low < min(ends) < max(ends) < high
    for axes in found.plot(same_scale=True).axes[:4]:
        assert list(axes.get_xticks()) == [min(ends), max(ends)]


@pytest.mark.parametrize("depth", [3, 30])
def test_a_panel_names_what_is_wrong_with_the_values(depth):
    found = report(depth=depth)
    problems = {0: ["correlated"], 1: ["vanishing", "dead"], 2: ["gradient vanishes"]}
    for index, names in problems.items():
        found.layers[index] = dataclasses.replace(found[index], problems=names)

    titles = [axes.get_title(loc="left") for axes in found.plot().axes[:3]]

    first, second, third = (title.split("\n")[1].split(", ") for title in titles)
    spreads = [f"±{labels.number(layer.signal.stddev)}" for layer in found.layers]
    assert first[:2] == ["! correlated", *([spreads[0]] if depth == 3 else [])]
    assert second[:2] == ["! dead", spreads[1]]
    assert third[0] == spreads[2]


def test_what_a_legend_shows_upright_is_upright():
    found = report()
    signal = dataclasses.replace(found[1].signal, stddev=9.0, batch_stddev=1.0)
    found.layers[1] = dataclasses.replace(found[1], signal=signal)

    axes = found.plot().axes[4]

    (line,) = (line for line in axes.lines if line.get_label() == "with constants")
    assert (line.get_marker(), line.get_linestyle()) == ("|", "None")


def test_a_scale_that_is_no_bool_is_refused():
    with raises_exactly(
        "SignalReport.plot: Argument `same_scale` must be True or False, got 'x'."
    ):
        report().plot(same_scale="x")


def test_of_very_many_layers_it_is_said_which_are_left_out():
    found = report(depth=1)
    first = found.layers[0]
    layers = [
        dataclasses.replace(first, index=place, name=f"block_{place}/convolution_{j}")
        for place in range(88)
        for j in (1, 2)
    ]
    layers = [
        dataclasses.replace(layer, index=i, sources=[])
        for i, layer in enumerate(layers)
    ]
    figure = dataclasses.replace(found, layers=layers).plot()

    text = figure.subfigs[0].get_suptitle()
    assert text == "60 of 176 layers, spread evenly; all are below"
    assert_no_overlap(figure)
    titles = [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes[:60]]
    assert titles[0] == "0 blo_0/conv_1"
    assert len(set(titles)) == 60


def test_a_picture_is_saved_as_png_and_svg(tmp_path):
    report().plot(tmp_path / "both")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.png", "both.svg"]
    assert "<svg" in (tmp_path / "both.svg").read_text()


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
