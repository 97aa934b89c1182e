"""Pictures of the reports: light and dark, as PNG and SVG.

matplotlib is imported when the first picture is drawn, and its constrained layout
places what is drawn. Figures are made without pyplot, so no window opens and no global
state changes. Colors are from Okabe and Ito's palette for all kinds of color vision,
and no mark differs from another by its color alone.
"""

import dataclasses
import importlib.util
import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from keras_inits import _checks, _errors, _reports
from keras_inits.diagnostics import labels, verdicts
from keras_inits.diagnostics.report import LayerSignal, SignalReport

WIDTH = 11.0  # inches, as the heights
PANEL_HEIGHT = 1.15
DEPTH_HEIGHT = 2.5
LINE_HEIGHT = 0.2
PAD = 0.08
MOST_PANELS = 60
COLUMNS = 10
RESOLUTION = 150
LETTERS = 165  # of a panel's title, in all columns


@dataclasses.dataclass(frozen=True)
class Theme:
    """Colors of a picture."""

    ground: str
    ink: str
    faint: str
    healthy: str
    troubled: str
    lines: tuple[str, ...]


THEMES = {
    "light": Theme(
        ground="#ffffff",
        ink="#1a1a1a",
        faint="#d9d9d9",
        healthy="#0072b2",
        troubled="#d55e00",
        lines=(
            *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"),
            "#1a1a1a",
        ),
    ),
    "dark": Theme(
        ground="#14171a",
        ink="#e8e8e8",
        faint="#3c4147",
        healthy="#56b4e9",
        troubled="#e69f00",
        lines=(
            *("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00"),
            "#e8e8e8",
        ),
    ),
}
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def draw_report(
    report: SignalReport,
    path: str | Path | None = None,
    *,
    theme: str = "light",
    same_scale: bool = False,
) -> Any:
    """Draws each layer's histogram, and the standard deviations by depth.

    The standard deviations of outputs and of gradients are on log axes, with the band
    that `verdicts` calls healthy where it judges by it; hollow points are of layers
    that it does not judge so, as the model's output. A layer is marked where its
    problem shows: one of its gradient on the gradients' axis alone.

    Args:
        report: A `SignalReport`.
        path: Where to save: a name that ends in `.png`, `.svg` or `.pdf`. A
            name without an ending is saved as PNG and as SVG. `None` saves
            nothing.
        theme: `"light"` or `"dark"`.
        same_scale: Whether all histograms have the same horizontal axis, by which a
            signal is seen to vanish or explode; else each has its own range.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: If matplotlib is not installed.
        ValueError: If the theme or the ending of the name is unknown, or `same_scale`
            no bool.
    """
    same_scale = _checks.check_bool("same_scale", same_scale)
    colors, files = prepare(path, theme)
    layers = report.layers
    shown = _reports.evenly(layers, MOST_PANELS)
    columns = min(COLUMNS, max(len(shown), 5))
    rows = -(-len(shown) // columns)
    backward = any(layer.gradient_stddev is not None for layer in layers)
    heading = textwrap.wrap(f"{report.model}: {report.verdict}", 125)
    heights = [rows * PANEL_HEIGHT, *[DEPTH_HEIGHT] * (1 + backward)]
    figure = canvas(WIDTH, sum(heights) + LINE_HEIGHT * len(heading), colors)
    heading_of(figure, "\n".join(heading), colors, fontsize=10)
    panels, *depths = figure.subfigures(len(heights), 1, height_ratios=heights)
    if len(shown) < len(layers):
        text = f"{len(shown)} of {len(layers)} layers, spread evenly; all are below"
        heading_of(panels, text, colors, fontsize=8)
    limits = None
    if same_scale:
        edges = [edge for layer in shown for edge in layer.signal.histogram[0]]
        limits = min(edges), max(edges)
    grid = list(panels.subplots(rows, columns, squeeze=False).flat)
    room = LETTERS // columns
    titles = labels.shortened([layer.name for layer in shown], room - 4)
    for axes, layer, title in zip(grid, shown, titles, strict=False):
        histogram(axes, layer, colors, limits)
        mark = "! " if _shows(layer) else ""
        text = f"{layer.index} {title}\n{mark}{spread(layer)}"
        axes.set_title(
            text, fontsize=7.5, loc="left", pad=2, color=colors.ink, linespacing=1.2
        )
    for axes in grid[len(shown) :]:
        axes.remove()
    axes = style(depths[0].subplots(), colors)
    values = [layer.signal.stddev for layer in layers]
    low, high = verdicts.band(report.input_stddev)
    band = [low] * len(values), [high] * len(values)
    _by_depth(axes, layers, values, band, verdicts.OF_SIZE, "outputs", colors)
    if backward:
        axes = style(depths[1].subplots(), colors)
        given = [layer.gradient_stddev for layer in layers]
        bands = verdicts.gradient_bands(layers)
        _by_depth(axes, layers, given, bands, verdicts.OF_GRADIENT, "gradients", colors)
    axes.set_xlabel("layer, in the order of the data", fontsize=9, color=colors.ink)
    save(figure, files)
    return figure


def is_installed() -> bool:
    """Whether there is a matplotlib to draw with."""
    return importlib.util.find_spec("matplotlib") is not None


def prepare(path: Any, theme: str) -> tuple[Theme, list[Path]]:
    """The theme's colors and the files to write; refuses before anything is drawn."""
    _checks.check_choice("theme", theme, tuple(THEMES))
    if not is_installed():
        _errors.raise_error(
            "Pictures need matplotlib, which is not installed. Install it with: pip "
            'install "keras_inits[plot]"',
            ImportError,
        )
    files = []
    if path is not None:
        path = _checks.check_path("path", path)
        endings = (".png", ".svg", ".pdf")
        if not path.suffix:
            files = [path.with_suffix(ending) for ending in endings[:2]]
        elif path.suffix.lower() in endings:
            files = [path]
        else:
            _errors.raise_bad_value(
                "path", "a name that ends in .png, .svg or .pdf", str(path)
            )
    return THEMES[theme], files


def canvas(width: float, height: float, colors: Theme) -> Any:
    """An empty figure of that many inches, whose layout follows from what it holds."""
    import matplotlib.figure
    import matplotlib.layout_engine

    engine = matplotlib.layout_engine.ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD)
    return matplotlib.figure.Figure(
        (width, height), facecolor=colors.ground, layout=engine
    )


def heading_of(figure: Any, text: str, colors: Theme, *, fontsize: int) -> None:
    """Writes lines above a figure or a part of one, at its left edge."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=fontsize, color=colors.ink)


def style(axes: Any, colors: Theme) -> Any:
    """The axes in the colors of a theme, without a frame."""
    axes.set_facecolor(colors.ground)
    axes.tick_params(colors=colors.ink, labelsize=8, which="both")
    for side, spine in axes.spines.items():
        spine.set_color(colors.ink)
        spine.set_linewidth(0.6)
        spine.set_visible(side in ("left", "bottom"))
    return axes


def log_axis(axes: Any, low: float, high: float) -> None:
    """Makes the vertical axis logarithmic between two bounds, its ticks plain numbers.

    Three ticks stand in each decade where there are few, else one.
    """
    from matplotlib import ticker

    steps = (1.0, 2.0, 5.0) if high < 1e3 * low else (1.0,)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=steps))
    axes.yaxis.set_major_formatter(lambda value, _: labels.number(value))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())


def legend(axes: Any, colors: Theme) -> None:
    """The legend above the axes, at the right, where no line can cross it."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=6,
        frameon=False,
        fontsize=8,
        labelcolor=colors.ink,
        borderaxespad=0.2,
        handlelength=2.4,
    )


def save(figure: Any, files: Iterable[Path]) -> None:
    """Writes the figure into each file."""
    for file in files:
        figure.savefig(file, dpi=RESOLUTION, facecolor=figure.get_facecolor())


def _shows(layer: LayerSignal) -> bool:
    """Whether a layer has a problem that its output shows."""
    return any(problem not in verdicts.OF_GRADIENT for problem in layer.problems)


def histogram(
    axes: Any,
    layer: LayerSignal,
    colors: Theme,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draws a layer's histogram; what is wrong with its output has the second color.

    Args:
        axes: The axes.
        layer: A `LayerSignal`.
        colors: A `Theme`.
        limits: Ends of the horizontal axis, those of the histogram by default.
    """
    style(axes, colors)
    edges, counts = layer.signal.histogram
    color = colors.troubled if _shows(layer) else colors.healthy
    # The outline keeps a histogram visible that is narrower than a line.
    axes.stairs(counts, edges, fill=True, facecolor=color, edgecolor=color, lw=0.5)
    # The zeros of a ReLU would flatten all other bars: such a bar runs out of
    # the panel, and the title says how many there are.
    *_, second, tallest = sorted(counts)
    axes.set_ylim(0, 1.05 * (tallest if tallest < 3 * second else 1.5 * second) or 1)
    low, high = limits or (edges[0], edges[-1])
    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    ends = [labels.number(low), labels.number(high)]
    if ends[0] == ends[1]:
        axes.set_xticks([(low + high) / 2], ends[:1], fontsize=6.5)
    else:
        axes.set_xticks([low, high])
        first, last = axes.set_xticklabels(ends, fontsize=6.5)
        first.set_horizontalalignment("left")
        last.set_horizontalalignment("right")


def spread(layer: LayerSignal) -> str:
    """A layer's standard deviation and its share of zeros, as a title says them."""
    text = f"±{labels.number(layer.signal.stddev)}"
    if layer.signal.zeros > 0.05:
        text += f", {100 * layer.signal.zeros:.0f}% 0"
    return text


def _by_depth(
    axes: Any,
    layers: Sequence[LayerSignal],
    values: Sequence[float | None],
    bands: Any,
    problems: Sequence[str],
    what: str,
    colors: Theme,
) -> None:
    """A line of standard deviations, a point for each layer, and the healthy band."""
    judged = {layer.index for layer in verdicts.hidden_path(layers)}
    drawn = {i: v for i, v in enumerate(values) if v and math.isfinite(v)}
    wrong = {layer.index for layer in layers if {*layer.problems} & {*problems}}
    seen = [*drawn.values()]
    if bands is not None and judged:
        first, last = min(judged), max(judged) + 1
        low, high = (edge[first:last] for edge in bands)
        edges = [place - 0.5 for place in range(first, last + 1)]
        axes.stairs(
            high,
            edges,
            baseline=low,
            fill=True,
            color=colors.faint,
            alpha=0.6,
            lw=0,
            label="healthy band",
        )
        seen += [edge for edge in (*low, *high) if edge > 0 and math.isfinite(edge)]
    axes.plot([*drawn], [*drawn.values()], color=colors.healthy, lw=1.2, zorder=2)
    for places, mark in (
        (
            {*drawn} & judged - wrong,
            {"marker": "o", "color": colors.healthy, "label": "layer"},
        ),
        (
            {*drawn} - judged - wrong,
            {
                "marker": "o",
                "color": colors.healthy,
                "markerfacecolor": colors.ground,
                "label": "not judged by the band",
            },
        ),
        (
            {*drawn} & wrong,
            {"marker": "X", "color": colors.troubled, "label": "problem"},
        ),
    ):
        points = sorted(places)
        if points:
            size = 6 if mark["marker"] == "X" else 4 if len(layers) < 100 else 2.5
            heights = [drawn[place] for place in points]
            axes.plot(
                points, heights, linestyle="none", markersize=size, zorder=3, **mark
            )
    low, high = (min(seen) / 3, 3 * max(seen)) if seen else (0.1, 10.0)
    log_axis(axes, low, high)
    # A log axis has neither zero nor infinity: their marks stand on its edges.
    none = [i for i, v in enumerate(values) if v == 0]
    wild = [i for i, v in enumerate(values) if v is not None and not math.isfinite(v)]
    for marked, edge, marker, text in (
        (none, low, "v", "exactly 0"),
        (wild, high, "^", "not finite"),
    ):
        if marked:
            axes.plot(
                marked,
                [edge] * len(marked),
                linestyle="none",
                marker=marker,
                clip_on=False,
                color=colors.troubled,
                label=text,
            )
    axes.set_xlim(-0.5, len(layers) - 0.5)
    axes.set_title(
        f"standard deviation of {what}", loc="left", fontsize=9, color=colors.ink
    )
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", color=colors.faint, lw=0.4)
    axes.set_axisbelow(True)
    legend(axes, colors)
