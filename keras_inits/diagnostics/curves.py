"""The picture of a comparison: loss curves with their spread over the seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_inits._types import Host
from keras_inits.diagnostics import labels, plots

if TYPE_CHECKING:
    from keras_inits.diagnostics.comparison import Comparison

HEIGHT = 4.0
LONGEST_NAME = 60
LETTERS = 120  # of a line of the legend


def draw_comparison(
    comparison: "Comparison", path: str | Path | None = None, *, theme: str = "light"
) -> Any:
    """Draws training and validation loss by epoch on a log axis.

    Each initializer has a line, the mean over its seeds, within a band from the
    least to the largest. A loss that is not finite ends its line. Up to 42 lines differ
    in color and dashes together.

    Args:
        comparison: A `Comparison`.
        path: See `histograms.draw_report`, as for what is returned and raised.
        theme: See `histograms.draw_report`.
    """
    colors, files = plots.prepare(path, theme)
    names = labels.shortened(comparison.initializers, LONGEST_NAME)
    columns = min(4, max(1, LETTERS // (10 + max(map(len, names), default=0))))
    lines = -(-len(names) // columns)
    figure = plots.canvas(plots.WIDTH, HEIGHT + plots.LINE_HEIGHT * lines, colors)
    sides = (
        ("training loss", "losses", 1),
        ("validation loss", "validation_losses", 0),
    )
    for axes, (title, attribute, first) in zip(
        figure.subplots(1, 2).flat, sides, strict=True
    ):
        plots.style(axes, colors)
        axes.set_title(title, loc="left", fontsize=9, color=colors.ink)
        axes.set_xlabel("epoch", fontsize=9, color=colors.ink)
        axes.grid(axis="y", color=colors.faint, lw=0.4)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        seen = []
        for place, name in enumerate(comparison.initializers):
            curves = [getattr(run, attribute) for run in comparison.of(name)]
            if curves:
                seen += _line(axes, np.array(curves), first, names, place, colors)
        if seen:
            plots.log_axis(axes, min(seen) / 1.1, max(seen) * 1.1)
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=colors.ink,
        handlelength=3.5,
    )
    plots.save(figure, files)
    return figure


def _line(
    axes: Any,
    curves: Host,
    first: int,
    names: Sequence[str],
    place: int,
    colors: plots.Theme,
) -> list[float]:
    """Draws an initializer's line, and returns the ends of its band."""
    curves = np.where(np.isfinite(curves) & (curves > 0), curves, np.nan)
    whole = ~np.isnan(curves).any(axis=0)
    epochs = (np.arange(curves.shape[1]) + first)[whole]
    curves = curves[:, whole]
    color = colors.lines[place % len(colors.lines)]
    # Seven colors and six dashes: a pair comes again after 42 lines.
    dash = plots.DASHES[place % len(plots.DASHES)]
    axes.plot(
        epochs,
        curves.mean(axis=0),
        color=color,
        linestyle=dash,
        lw=1.6,
        marker=plots.MARKERS[place % len(plots.MARKERS)],
        markersize=4,
        markevery=max(1, len(epochs) // 8),
        label=names[place],
    )
    axes.fill_between(
        epochs, curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.15, lw=0
    )
    return [float(curves.min()), float(curves.max())] if curves.size else []
