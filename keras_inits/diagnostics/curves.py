"""The picture of a comparison: loss curves with their spread over the seeds."""

import numpy as np

from keras_inits.diagnostics import plots

HEIGHT = 3.4
BOTTOM = 0.55


def draw_comparison(comparison, path=None, *, theme="light"):
    """Draws training and validation loss by epoch on a log axis.

    Each initializer has a line, the mean over its seeds, within a band from the
    least to the largest. A loss that is not finite ends its line.

    Args:
        comparison: A `Comparison`.
        path: See `plots.draw_report`, as for what is returned and raised.
        theme: See `plots.draw_report`.
    """
    colors, files = plots.prepare(path, theme)
    rows = -(-len(comparison.initializers) // 4)
    top = 0.3 + plots.LINE * (rows + 1)
    height = HEIGHT + BOTTOM + top
    figure = plots.canvas(plots.WIDTH, height, colors)
    width = (plots.WIDTH - 2 * plots.LEFT - plots.RIGHT) / 2
    sides = (
        ("training loss", "losses", 1, plots.LEFT),
        ("validation loss", "validation_losses", 0, 2 * plots.LEFT + width),
    )
    for title, attribute, first, left in sides:
        axes = plots.add_axes(figure, left, BOTTOM, width, HEIGHT, colors)
        axes.set_yscale("log")
        axes.set_title(title, loc="left", fontsize=9, color=colors.ink)
        axes.set_xlabel("epoch", fontsize=9, color=colors.ink)
        axes.grid(axis="y", color=colors.faint, lw=0.4)
        axes.xaxis.get_major_locator().set_params(integer=True)
        for place, name in enumerate(comparison.initializers):
            curves = [getattr(run, attribute) for run in comparison.of(name)]
            if curves:
                _line(axes, np.array(curves), first, name, place, colors)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(plots.LEFT / plots.WIDTH, 1.0),
        ncols=4,
        frameon=False,
        fontsize=9,
        labelcolor=colors.ink,
        handlelength=3.5,
    )
    plots.save(figure, files)
    return figure


def _line(axes, curves, first, name, place, colors):
    curves = np.where(np.isfinite(curves) & (curves > 0), curves, np.nan)
    whole = ~np.isnan(curves).any(axis=0)
    epochs = (np.arange(curves.shape[1]) + first)[whole]
    curves = curves[:, whole]
    color = colors.lines[place % len(colors.lines)]
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
        label=name,
    )
    axes.fill_between(
        epochs, curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.2, lw=0
    )
