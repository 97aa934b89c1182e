"""What `plots` draws by depth: a dot for each layer's output and each sum.

The dots and their bounds are what `verdicts` goes by.
"""

import dataclasses
import math
from typing import TypeAlias

from keras_inits.diagnostics import remarks, verdicts
from keras_inits.diagnostics.report import SignalReport, StreamPoint
from keras_inits.diagnostics.statistics import Signal

Bounds: TypeAlias = tuple[float, float] | None
MUCH = 1.25  # times what tells samples apart


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
