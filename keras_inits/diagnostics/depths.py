"""The panels by depth of a report's picture.

A dot stands for each layer's output and each sum, or for its gradient. The dots and
their bounds are what `verdicts` goes by. A panel of its own has what theory predicts.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from keras_inits.diagnostics import plots, remarks, verdicts
from keras_inits.diagnostics.report import LayerSignal, SignalReport, StreamPoint
from keras_inits.diagnostics.statistics import Signal

Bounds: TypeAlias = tuple[float, float] | None
MUCH = 1.25  # times what tells samples apart
OUTPUTS = "standard deviation of outputs over the batch"
GRADIENTS = "standard deviation of gradients"
PREDICTED = "standard deviation of outputs over batch and units, beside theory"
MANY = 100  # layers, from which on their marks are small
MARKS = {
    "judged": "o",
    "not judged": "o",
    "problem": "X",
    "exactly 0": "v",
    "not finite": "^",
}


@dataclasses.dataclass
class Dot:
    """What a layer, or a sum between layers, shows in a picture by depth.

    Attributes:
        place: Its place from left to right; a sum stands before the layer it goes to.
        value: A standard deviation, None where there is none.
        whole: For an output, the standard deviation of all of it, constants included.
        bounds: The least and the largest healthy value where the verdict goes by
            them, else None.
        is_wrong: Whether it shows a problem of the layer.
    """

    place: float
    value: float | None
    whole: float | None = None
    bounds: Bounds = None
    is_wrong: bool = False

    @property
    def is_drawn(self) -> bool:
        """Whether a log axis has a place for it."""
        return bool(self.value) and math.isfinite(self.value or 0.0)

    @property
    def has_constant_part(self) -> bool:
        """Whether much of it is the same for every sample."""
        return self.is_drawn and (self.whole or 0.0) > MUCH * (self.value or 0.0)


def of_outputs(report: SignalReport) -> list[Dot]:
    """A dot for each layer's output, and for each sum that no layer puts out."""
    judged = list(zip(report.stream, _bands(report), strict=True))
    of_layer = {p.layer: bounds for p, bounds in judged if p.shape is not None}
    shown: list[tuple[float, int, Signal | StreamPoint, Bounds]] = [
        (layer.index, layer.index, layer.signal, of_layer.get(layer.index))
        for layer in report.layers
    ]
    shown += [
        (point.layer - 0.5, point.layer, point, bounds)
        for point, bounds in judged
        if point.shape is None
    ]
    dots = []
    for place, index, signal, bounds in sorted(shown, key=lambda row: row[0]):
        problems = {*report.layers[index].problems} & {*verdicts.OF_SIZE}
        outside = _is_outside(signal, bounds)
        value, whole = remarks.size(signal), signal.stddev
        if outside and bounds and whole > bounds[1]:
            value = whole  # which the upper bound is for
        dots.append(Dot(place, value, whole, bounds, bool(problems) and outside))
    return dots


def _bands(report: SignalReport) -> list[tuple[float, float]]:
    """The band at each point of the stream, lower at the top where a branch ends.

    What is outside may still be mended later on: a verdict looks at the stream's end,
    and at the sums.
    """
    low, high = verdicts.band(report.input_stddev)
    found, before = [], report.stream[0].stddev if report.stream else 0.0
    for point in report.stream:
        most = verdicts.most_at_sum(before, report.input_stddev)
        found.append((low, min(most, high) if point.is_sum else high))
        before = point.stddev
    return found


def _is_outside(signal: Signal | StreamPoint, bounds: Bounds) -> bool:
    """Whether an output is too small, too large, mostly constant, or not finite."""
    value, whole = remarks.size(signal), signal.stddev
    low, high = bounds or (0.0, math.inf)
    if not (low <= value and whole <= high) or value < remarks.LEAST_SHARE * whole:
        return True
    return isinstance(signal, Signal) and bool(signal.not_finite)


def of_gradients(report: SignalReport) -> list[Dot]:
    """A dot for the gradient that returns to each layer's output."""
    bands = verdicts.gradient_bands(report.layers)
    dots = []
    for layer in report.layers:
        bounds = None
        if bands is not None and layer.on_stream:
            bounds = bands[0][layer.index], bands[1][layer.index]
        wrong = not {*layer.problems}.isdisjoint(verdicts.OF_GRADIENT)
        dots.append(Dot(layer.index, layer.gradient_stddev, None, bounds, wrong))
    return dots


def draw(
    axes: Any, dots: Sequence[Dot], count: int, what: str, colors: plots.Theme
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
    plots.log_axis(axes, low, high)
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
            markersize=6 if kind == "problem" else _size(count),
            color=colors.troubled if wrong else colors.healthy,
            **({"markerfacecolor": colors.ground} if kind == "not judged" else {}),
        )
    _finish(axes, count, what, colors)


def draw_predicted(
    axes: Any, layers: Sequence[LayerSignal], colors: plots.Theme
) -> None:
    """What theory predicts, on a dashed line, beside what was measured.

    The line breaks where there is no theory and where an assumption of it fails.
    """
    known = [layer for layer in layers if layer.predicted_stddev]
    stddevs = [(layer.index, layer.signal.stddev) for layer in known]
    measured = [(index, stddev) for index, stddev in stddevs if 0 < stddev < math.inf]
    theory = {layer.index: layer.predicted_stddev or 0.0 for layer in known}
    failed = [
        (layer.index, theory.pop(layer.index))
        for layer in known
        if layer.failed_assumption
    ]
    line = [(index, theory.get(index, math.nan)) for index in range(len(layers))]
    size = _size(len(layers))
    options: dict[str, Any] = {"linestyle": "none", "marker": "o", "zorder": 3}
    options |= {"markersize": size, "color": colors.healthy, "label": "measured"}
    axes.plot(*_columns(measured), **options)
    if theory:
        options |= {"linestyle": "--", "marker": "_", "markersize": 1.5 * size}
        options |= {"color": colors.ink, "lw": 1.2, "label": "theory"}
        axes.plot(*_columns(line), **options)
    if failed:
        options |= {"linestyle": "none", "marker": "x", "color": colors.ink}
        options |= {"label": "theory, an assumption fails"}
        axes.plot(*_columns(failed), **options)
    seen = [value for _, value in (*measured, *theory.items(), *failed)]
    plots.log_axis(axes, min(seen) / 3, 3 * max(seen))
    _finish(axes, len(layers), PREDICTED, colors)


def _size(count: int) -> float:
    """Points of a mark, where there are so many layers."""
    return 4.0 if count < MANY else 2.5


def _finish(axes: Any, count: int, what: str, colors: plots.Theme) -> None:
    """Adds what a panel by depth has beside its marks."""
    axes.set_xlim(-0.75, count - 0.25)
    axes.set_title(what, loc="left", fontsize=9, color=colors.ink)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.grid(axis="y", color=colors.faint, lw=0.4)
    axes.set_axisbelow(True)
    plots.legend(axes, colors)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """The rows' first entries, their second ones, and so on."""
    return [list(column) for column in zip(*rows, strict=True)] or [[], []]


def _band(axes: Any, dots: Sequence[Dot], colors: plots.Theme) -> list[float]:
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
