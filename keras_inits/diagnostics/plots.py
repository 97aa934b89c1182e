"""Pictures of the reports: light and dark, as PNG and SVG.

matplotlib is imported when the first picture is drawn, and its constrained layout
places what is drawn. Figures are made without pyplot, so no window opens and no global
state changes. Colors are from Okabe and Ito's palette for all kinds of color vision,
and no mark differs from another by its color alone.
"""

import dataclasses
import importlib.util
import itertools
import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from keras_inits import _checks, _errors, _reports
from keras_inits.diagnostics import depths, labels, verdicts
from keras_inits.diagnostics.report import LayerSignal, SignalReport

WIDTH = 11.0  # inches, as the heights
PANEL_HEIGHT = 1.15
DEPTH_HEIGHT = 2.5
LINE_HEIGHT = 0.2
PAD = 0.08
MOST_PANELS = 60
COLUMNS = 10
RESOLUTION = 150
MARGIN = 0.02  # beside histograms on one scale, where one may be a line at the end
LETTERS = 165  # of a panel's title, in all columns
MARK = "! "
OUTPUTS = "standard deviation of outputs over the batch"
GRADIENTS = "standard deviation of gradients"


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
MARKS = {
    "judged": "o",
    "not judged": "o",
    "problem": "X",
    "exactly 0": "v",
    "not finite": "^",
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

    Below, on log axes, stand what tells samples apart in the outputs, and the
    gradients, each with the band that `verdicts` calls healthy. A line joins what is
    judged by it: layers that the signal has to pass, and sums between them. What is
    beside that line, as a branch or the model's output, is a hollow point. A mark
    stands only where that panel has the problem.

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
    heading = textwrap.wrap(f"{report.model}: {report.conclusion()}", 125)
    heading += (report.advice or "").splitlines()
    heights = [rows * PANEL_HEIGHT, *[DEPTH_HEIGHT] * (1 + backward)]
    figure = canvas(WIDTH, sum(heights) + LINE_HEIGHT * len(heading), colors)
    heading_of(figure, "\n".join(heading), colors, fontsize=10)
    panels, *lower = figure.subfigures(len(heights), 1, height_ratios=heights)
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
    outputs = depths.of_outputs(report)
    wrong = {dot.place for dot in outputs if dot.is_wrong}
    troubled = with_problems(report)
    for axes, layer, title in zip(grid, shown, titles, strict=False):
        found = [name for name in layer.problems if name in verdicts.OF_VALUES]
        is_wrong = layer.index in troubled
        histogram(axes, layer, colors, is_wrong, limits)
        # A standard deviation that is wrong has only the mark before it.
        words = spread(layer) if layer.index in wrong else [*found, *spread(layer)]
        while len(words) > 1 and len(", ".join(words)) > room - len(MARK):
            words.pop()
        mark = MARK if is_wrong else ""
        text = f"{layer.index} {title}\n{mark}{', '.join(words)}"
        axes.set_title(
            text, fontsize=7.5, loc="left", pad=2, color=colors.ink, linespacing=1.2
        )
    for axes in grid[len(shown) :]:
        axes.remove()
    axes = style(lower[0].subplots(), colors)
    _by_depth(axes, outputs, len(layers), OUTPUTS, colors)
    if backward:
        axes = style(lower[1].subplots(), colors)
        _by_depth(axes, depths.of_gradients(report), len(layers), GRADIENTS, colors)
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
    entries = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    axes.legend(
        [*entries.values()],
        [*entries],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=max(1, len(entries)),
        frameon=False,
        fontsize=8,
        labelcolor=colors.ink,
        borderaxespad=0.2,
        handlelength=1.6,
        columnspacing=1.2,
    )


def save(figure: Any, files: Iterable[Path]) -> None:
    """Writes the figure into each file."""
    for file in files:
        figure.savefig(file, dpi=RESOLUTION, facecolor=figure.get_facecolor())


def with_problems(report: SignalReport) -> set[int]:
    """The indices of the layers whose output has a problem."""
    wrong = {dot.place for dot in depths.of_outputs(report) if dot.is_wrong}
    of_values = set(verdicts.OF_VALUES)
    return {
        layer.index
        for layer in report.layers
        if layer.index in wrong or not of_values.isdisjoint(layer.problems)
    }


def histogram(
    axes: Any,
    layer: LayerSignal,
    colors: Theme,
    is_wrong: bool,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draws a layer's histogram; what is wrong with its output has the second color.

    Its horizontal axis ends at `limits`, by default at the ends of the histogram.
    """
    style(axes, colors)
    edges, counts = layer.signal.histogram
    color = colors.troubled if is_wrong else colors.healthy
    # The outline keeps a histogram visible that is narrower than a line.
    axes.stairs(counts, edges, fill=True, facecolor=color, edgecolor=color, lw=0.5)
    # The zeros of a ReLU would flatten all other bars: such a bar runs out of
    # the panel, and the title says how many there are.
    *_, second, tallest = sorted(counts)
    axes.set_ylim(0, 1.05 * (tallest if tallest < 3 * second else 1.5 * second) or 1)
    low, high = limits or (edges[0], edges[-1])
    margin = MARGIN * (high - low) if limits else 0.0
    axes.set_xlim(low - margin, high + margin)
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


def spread(layer: LayerSignal) -> list[str]:
    """A layer's standard deviation and its share of zeros, as a title says them."""
    words = [f"±{labels.number(layer.signal.stddev)}"]
    if layer.signal.zeros > 0.05:
        words.append(f"{100 * layer.signal.zeros:.0f}% 0")
    return words


def _by_depth(
    axes: Any, dots: Sequence[depths.Dot], count: int, what: str, colors: Theme
) -> None:
    """A line through what is judged, a mark for each dot, and the healthy band."""
    drawn = [dot for dot in dots if dot.is_drawn]
    seen = [value for dot in drawn for value in (dot.value, dot.whole) if value]
    seen += _band(axes, [dot for dot in dots if dot.bounds], colors)
    line = [(dot.place, dot.value) for dot in drawn if dot.bounds]
    axes.plot(*_columns(line), color=colors.healthy, lw=1.2, zorder=2)
    constant = [(d.place, d.value, d.whole) for d in drawn if d.has_constant_part]
    if constant:
        axes.vlines(*_columns(constant), color=colors.healthy, lw=0.8)
        # In the legend an upright line too.
        options = {"linestyle": "none", "label": "with constants", "markersize": 8}
        axes.plot([], [], marker="|", color=colors.healthy, **options)
    low, high = (min(seen) / 3, 3 * max(seen)) if seen else (0.1, 10.0)
    log_axis(axes, low, high)
    size = 4.0 if count < 100 else 2.5
    marks: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for dot in dots:
        if dot.value is None:
            continue
        kind, value = "judged" if dot.bounds else "not judged", dot.value
        if dot.is_wrong:
            kind = "problem"
        if not dot.is_drawn:
            # A log axis has neither zero nor infinity: they stand on its edges.
            kind, value = ("not finite", high) if dot.value else ("exactly 0", low)
        marks.setdefault((kind, dot.is_wrong), []).append((dot.place, value))
    for (kind, wrong), points in sorted(marks.items()):
        axes.plot(
            *_columns(points),
            linestyle="none",
            zorder=3,
            clip_on=False,
            label=kind,
            marker=MARKS[kind],
            markersize=6 if kind == "problem" else size,
            color=colors.troubled if wrong else colors.healthy,
            **({"markerfacecolor": colors.ground} if kind == "not judged" else {}),
        )
    axes.set_xlim(-0.75, count - 0.25)
    axes.set_title(what, loc="left", fontsize=9, color=colors.ink)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", color=colors.faint, lw=0.4)
    axes.set_axisbelow(True)
    legend(axes, colors)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """The rows' first entries, their second ones, and so on."""
    return [list(column) for column in zip(*rows, strict=True)] or [[], []]


def _band(axes: Any, dots: Sequence[depths.Dot], colors: Theme) -> list[float]:
    """Draws the healthy band over the dots that are judged; returns its edges."""
    if not dots:
        return []
    places = [dot.place for dot in dots]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(places)]
    low, high = _columns([dot.bounds for dot in dots if dot.bounds])
    axes.stairs(
        high,
        [places[0] - 0.5, *middles, places[-1] + 0.5],
        baseline=low,
        fill=True,
        color=colors.faint,
        alpha=0.6,
        lw=0,
        label="healthy band",
    )
    return [edge for edge in (*low, *high) if edge > 0 and math.isfinite(edge)]
