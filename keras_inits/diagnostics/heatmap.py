"""The picture of a training: depth against time, a color for each layer and look."""

import itertools
import math
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_inits._types import Host
from keras_inits.diagnostics import labels, plots
from keras_inits.diagnostics.training import TrainingReport

PANELS = (
    ("stddev", "stddev of outputs"),
    ("gradient_stddev", "stddev of gradients"),
    ("update_ratio", "update over weights"),
)
ROW = 0.16  # inches
LEAST, MOST = 1.2, 5.0  # height of the cells of a panel
AROUND = 0.75  # height of what is around them
NAME = 22  # characters of a layer's name
NAMES = 30  # layers that are named
STEPS = 10  # looks whose step is written
MOST_TICKS = 8  # powers of ten that a scale is labeled with
MARKS = "first problem of a layer"


def draw_training(
    report: TrainingReport, path: str | Path | None = None, *, theme: str = "light"
) -> Any:
    """Draws depth against time: outputs, gradients and updates, each on a log scale.

    Each look is a column and each layer a row, the first one on top. A cross marks
    the first problem of a layer. What is zero or not finite, or was not seen, is empty.

    Args:
        report: A `TrainingReport`.
        path: See `histograms.draw_report`, as for what is returned and raised.
        theme: See `histograms.draw_report`.
    """
    colors, files = plots.prepare(path, theme)
    names = [layer.name for layer in report.looks[-1].layers] if report.looks else []
    found = [(title, _values(report, names, key)) for key, title in PANELS]
    panels = [(title, values) for title, values in found if np.isfinite(values).any()]
    height = AROUND + min(max(ROW * len(names), LEAST), MOST)
    heading = textwrap.wrap(f"{report.model}: {report.verdict}", 125)
    total = height * max(1, len(panels)) + plots.LINE_HEIGHT * len(heading)
    figure = plots.canvas(plots.WIDTH, total, colors)
    plots.heading_of(figure, "\n".join(heading), colors, fontsize=10)
    if panels:
        marks, steps = _marks(report, names), [look.step for look in report.looks]
        all_axes = figure.subplots(len(panels), 1, squeeze=False).flat
        for axes, (title, values) in zip(all_axes, panels, strict=True):
            _panel(plots.style(axes, colors), values, marks, steps, names, colors)
            axes.set_title(title, loc="left", fontsize=9, color=colors.ink)
        axes.set_xlabel("training step", fontsize=9, color=colors.ink)
    plots.save(figure, files)
    return figure


def _values(report: TrainingReport, names: list[str], attribute: str) -> Host:
    """Logarithms of an attribute by layer and look, NaN where there is none."""
    found = np.full((len(names), len(report.looks)), math.nan)
    rows = {name: row for row, name in enumerate(names)}
    for column, look in enumerate(report.looks):
        for layer in look.layers:
            value = getattr(layer, attribute)
            if layer.name in rows and value is not None and 0 < value < math.inf:
                found[rows[layer.name], column] = math.log10(value)
    return found


def _marks(report: TrainingReport, names: list[str]) -> list[tuple[int, int]]:
    """Column and row of each layer's first problem."""
    first: dict[int, int] = {}
    for column, look in enumerate(report.looks):
        for layer in look.layers:
            if layer.problems and layer.name in names:
                first.setdefault(names.index(layer.name), column)
    return [(column, row) for row, column in first.items()]


def _panel(
    axes: Any,
    values: Host,
    marks: list[tuple[int, int]],
    steps: list[int],
    names: list[str],
    colors: plots.Theme,
) -> None:
    image = axes.imshow(values, aspect="auto", interpolation="nearest", cmap="cividis")
    if marks:
        axes.plot(
            *zip(*marks, strict=True),
            linestyle="none",
            marker="X",
            markersize=7,
            color=colors.troubled,
            markeredgecolor=colors.ground,  # which stands out from every cell
            clip_on=False,
            label=MARKS,
        )
        plots.legend(axes, colors)
    rows = range(0, len(names), -(-len(names) // NAMES))
    shown = labels.shortened(names, NAME)
    axes.set_yticks(list(rows), [f"{shown[row]} {row}" for row in rows], fontsize=7)
    columns = range(0, len(steps), next(n for n in _round() if len(steps) <= STEPS * n))
    axes.set_xticks(list(columns), [f"{steps[column]}" for column in columns])
    ticks = _ticks(*image.get_clim())
    bar = axes.figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03)
    bar.set_ticks(ticks, labels=[_text(tick) for tick in ticks])
    bar.minorticks_off()
    bar.ax.tick_params(colors=colors.ink, labelsize=8)
    bar.outline.set_edgecolor(colors.ink)


def _round() -> Iterator[int]:
    """1, 2, 5, 10, 20, ..."""
    for power in itertools.count():
        yield from (digit * 10**power for digit in (1, 2, 5))


def _text(tick: float) -> str:
    return labels.number(10**tick)


def _ticks(low: float, high: float) -> list[float]:
    """Where a scale of logarithms has round numbers, or its ends if it has few.

    Or its middle, if they read alike.
    """
    if _text(low) == _text(high):
        return [(low + high) / 2]
    apart = next(n for n in _round() if high - low <= MOST_TICKS * n)
    powers = range(math.floor(low / apart) * apart, math.ceil(high) + 1, apart)
    digits = (1, 2, 5) if high - low < 2 else (1,)
    ticks = [power + math.log10(digit) for power in powers for digit in digits]
    ticks = [tick for tick in ticks if low <= tick <= high]
    return ticks if len(ticks) > 1 else [low, high]
