"""The picture of a report: a histogram of each layer's output, and what is by depth."""

import textwrap
from pathlib import Path
from typing import Any

from keras_inits import _checks, _reports
from keras_inits.diagnostics import depths, labels, plots, verdicts
from keras_inits.diagnostics.report import LayerSignal, SignalReport

PANEL_HEIGHT = 1.15
DEPTH_HEIGHT = 2.5
MOST_PANELS = 60
COLUMNS = 10
MARGIN = 0.02  # beside histograms on one scale, where one may be a line at the end
LETTERS = 165  # of a panel's title, in all columns
MARK = "! "


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
    stands only where that panel has the problem. Last, for the layers that `theory`
    knows, stand the outputs as the table has them, constants included, and what theory
    predicts of them, on a dashed line that breaks where an assumption fails.

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
    colors, files = plots.prepare(path, theme)
    layers = report.layers
    shown = _reports.evenly(layers, MOST_PANELS)
    columns = min(COLUMNS, max(len(shown), 5))
    rows = -(-len(shown) // columns)
    backward = any(layer.gradient_stddev is not None for layer in layers)
    heading = textwrap.wrap(f"{report.model}: {report.conclusion()}", 125)
    heading += (report.advice or "").splitlines()
    is_predicted = any(layer.predicted_stddev for layer in layers)
    count = 1 + backward + is_predicted
    heights = [rows * PANEL_HEIGHT, count * DEPTH_HEIGHT]
    figure = plots.canvas(
        plots.WIDTH, sum(heights) + plots.LINE_HEIGHT * len(heading), colors
    )
    plots.heading_of(figure, "\n".join(heading), colors, fontsize=10)
    panels, below = figure.subfigures(2, 1, height_ratios=heights)
    if len(shown) < len(layers):
        text = f"{len(shown)} of {len(layers)} layers, spread evenly; all are below"
        plots.heading_of(panels, text, colors, fontsize=8)
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
    # In one part of the figure, so that a layer has one place in all of them.
    lower = list(below.subplots(count, 1, squeeze=False).flat)
    for axes in lower:
        plots.style(axes, colors)
    axes.set_xlabel("layer, in the order of the data", fontsize=9, color=colors.ink)
    depths.draw(lower[0], outputs, len(layers), depths.OUTPUTS, colors)
    if backward:
        gradients = depths.of_gradients(report)
        depths.draw(lower[1], gradients, len(layers), depths.GRADIENTS, colors)
    if is_predicted:
        depths.draw_predicted(lower[-1], layers, colors)
    plots.save(figure, files)
    return figure


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
    colors: plots.Theme,
    is_wrong: bool,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draws a layer's histogram; what is wrong with its output has the second color.

    Its horizontal axis ends at `limits`, by default at the ends of the histogram.
    """
    plots.style(axes, colors)
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
