"""From numbers to plain words: what is wrong in a layer, and with the model.

The bounds stand here and in `remarks`. They were set so that a verdict says whether a
model trains: `docs/diagnostics/validation.md` has the models on which they were chosen,
and others on which they were tried.

The signal is judged at the end of the stream, see `signal_stream`: a branch may put out
as little as it likes, and a small signal that is restored later is no loss. What counts
of it is what tells samples apart. The gradient is judged times that signal, which is
what share of the loss depends on it: a step of Adam, too, is the same at any scale.

A model that is off in one of these ways does not train, or markedly worse. Other
findings, as units that are dead, are remarks: many models with them train.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np

from keras_inits._types import Interval
from keras_inits.diagnostics import advice, remarks
from keras_inits.diagnostics.labels import number
from keras_inits.diagnostics.report import LayerSignal, StreamPoint

# What tells samples apart is too small below this. A step of Adam at its usual rate
# moves a weight by 1e-3, so that the head needs thousands of steps to read what is
# smaller than that, and the layers before it wait for the head.
LEAST_SIGNAL = 1.5e-4
# The signal is too large above this many times max(1, data): the loss is then so steep,
# and a softmax so sure of itself, that no step leads anywhere.
MOST_SIGNAL = 100.0
# A normalization copes with a stream of any size before it, but kernels that make it
# this large make a softmax of attention as sure of itself. A branch is taken to do so
# if it adds this many times what is there, and comes to this many times max(1, data).
MOST_GROWTH = 10.0
MOST_STREAM = 20.0
# How many times more the loss may depend on what is there at one point of the stream
# than on what is there at its end: beyond, the layers between are chaotic. Deep
# networks with BatchNormalization reach 140 and train.
MOST_SENSITIVE = 300.0
LEAST_SENSITIVE = 1e-3
# A gradient below this moves nothing: it is the epsilon in Adam's denominator.
LEAST_GRADIENT = 1e-7
# Nor does one above this, whose square, by which Adam divides, is infinite.
MOST_GRADIENT = math.sqrt(np.finfo("float32").max)
# All problems, by what shows them: size of the output, gradient, distribution.
_OfSize = Literal["vanishing", "exploding", "overflow", "input-independent"]
_OfGradient = Literal[
    "gradient vanishes", "gradient explodes", "no gradient", "gradient not finite"
]
_OfValues = Literal["dead", "saturated", "correlated"]
OF_SIZE: tuple[_OfSize, ...] = get_args(_OfSize)
OF_GRADIENT: tuple[_OfGradient, ...] = get_args(_OfGradient)
OF_VALUES: tuple[_OfValues, ...] = get_args(_OfValues)
_Problem = _OfSize | _OfGradient | _OfValues


@dataclasses.dataclass(frozen=True)
class Judgment:
    """What `judge` says.

    Attributes:
        layers: The layers with their problems and verdicts.
        verdict: The text for the model.
        healthy: Whether nothing keeps the model from training.
        advice: Python code that mends it, None if there is none.
    """

    layers: list[LayerSignal]
    verdict: str
    healthy: bool
    advice: str | None


def judge(
    layers: Sequence[LayerSignal],
    stream: Sequence[StreamPoint],
    addresses: Sequence[Sequence[str]],
    data_stddev: float | None,
) -> Judgment:
    """What is wrong with a model.

    Args:
        layers: List of `LayerSignal` in the order of the data.
        stream: List of `StreamPoint`.
        addresses: For each layer, the addresses of its kernels.
        data_stddev: Standard deviation of the data, or `None`.

    Returns:
        A `Judgment`.
    """
    shown = {point.layer for point in stream if point.shape is not None}
    layers = [
        dataclasses.replace(layer, on_stream=layer.index in shown) for layer in layers
    ]
    path = hidden_path(layers)
    found = [
        _overflow(layers),
        _forward_trend(layers, stream, data_stddev),
        _growth(stream, data_stddev),
        _backward_trend(layers, path),
    ]
    trends = [trend for trend in found if trend]
    problems = {layer.index: remarks.own_problems(layer) for layer in layers}
    for trend in trends:
        for index, phrase in trend.phrases.items():
            if trend.problem not in dict(problems[index]):
                problems[index].append((trend.problem, phrase))
    names = [trend.problem for trend in trends]
    remarked = remarks.sentences(path, problems, names)
    text, code = None, None
    if trends:
        first: dict[str, int] = {}
        for trend in trends:
            places = [*trend.phrases, first.get(trend.problem, len(layers))]
            first[trend.problem] = min(places)
        text, code = advice.give(layers, addresses, first, stream)
        sentences = [trend.sentence for trend in trends] + remarked
    elif remarked := remarked + _too_large(layers):
        sentences = [f"healthy, but {remarked[0]}", *remarked[1:]]
    else:
        sentences = ["healthy: signal and gradient keep their size through the layers"]
        if not any(layer.gradient_stddev is not None for layer in layers):
            sentences = ["healthy: the signal keeps its size through the layers"]
    judged = [
        dataclasses.replace(
            layer,
            problems=[name for name, _ in problems[layer.index]],
            verdict=", ".join(text for _, text in problems[layer.index]) or "ok",
        )
        for layer in layers
    ]
    verdict = "; ".join(sentences + ([text] if text else []))
    return Judgment(judged, verdict, not trends, code)


def _too_large(layers: Sequence[LayerSignal]) -> list[str]:
    """A sentence on kernels whose size a normalization hides, if there are any."""
    found = advice.hidden_by_normalization(layers)
    if not found:
        return []
    ratio = max(ratio for _, ratio in found)
    which = "1 layer is" if len(found) == 1 else f"each of {len(found)} layers is"
    return [
        f"the kernel of {which} up to {number(ratio)} times as large as the activation "
        f"wants, first in {remarks.place(found[0][0])}: the normalization after it "
        "hides this, but each step changes it by that much less"
    ]


def band(data_stddev: float | None) -> Interval:
    """Lowest and highest healthy standard deviation of a layer's output."""
    return LEAST_SIGNAL, max(1.0, data_stddev or 1.0) * MOST_SIGNAL


def most_at_sum(before: float, data_stddev: float | None) -> float:
    """The largest healthy stddev after a branch is added to what was there."""
    return max(MOST_STREAM * max(1.0, data_stddev or 1.0), before * MOST_GROWTH)


def gradient_bands(
    layers: Sequence[LayerSignal],
) -> tuple[list[float], list[float]] | None:
    """Lowest and highest healthy stddev of each layer's gradient, or `None`.

    By share, the loss depends on a layer by its gradient times its signal, which is
    to stay within bounds of what that is at the last hidden layer.
    """
    path = [layer for layer in hidden_path(layers) if layer.gradient_stddev]
    if not path:
        return None
    last, default = _sensitivity(path[-1]), remarks.size(path[-1].signal)
    if not last > 0:
        return None
    sizes = [
        math.sqrt(_entries(layer)) * (remarks.size(layer.signal) or default)
        for layer in layers
    ]
    return (
        [last * LEAST_SENSITIVE / size for size in sizes],
        [last * MOST_SENSITIVE / size for size in sizes],
    )


def _sensitivity(layer: LayerSignal) -> float:
    """How much the loss depends on a layer's output, by share.

    The gradient's length times that of the signal: unlike the gradient alone it does
    not depend on the scale at which a layer works, and a step of Adam does not either.
    """
    return _gradient_length(layer) * remarks.size(layer.signal)


def hidden_path(layers: Iterable[LayerSignal]) -> list[LayerSignal]:
    """The layers whose output has to be neither too small nor too large.

    They are those that the signal has to pass, the model's answer aside: its size is
    the loss's business.
    """
    return [layer for layer in layers if layer.on_stream]


@dataclasses.dataclass
class _Trend:
    """A problem that builds up from layer to layer."""

    problem: _Problem
    phrases: dict[int, str]  # of each layer that has it, by its index
    sentence: str


def _overflow(layers: Sequence[LayerSignal]) -> _Trend | None:
    """The signal's overflow, from the first layer that shows it on."""
    places = [layer.index for layer in layers if layer.signal.not_finite]
    if not places:
        return None
    first = layers[places[0]]
    return _Trend(
        "overflow",
        {i: f"{layers[i].signal.not_finite} values are not finite" for i in places},
        f"the signal is no longer finite from {remarks.place(first)} on",
    )


def _forward_trend(
    layers: Sequence[LayerSignal],
    stream: Sequence[StreamPoint],
    data_stddev: float | None,
) -> _Trend | None:
    """Whether the signal is too small or too large at the end of the stream."""
    low, high = band(data_stddev)
    sizes = list(map(remarks.size, stream))
    found = _last_run([value < low for value in sizes])
    if found is not None and not _kernel_layer(layers, stream[found].layer).waits:
        return _sized(stream, sizes, found, "vanishing")
    stddevs = [point.stddev for point in stream]
    start = _last_run([value > high for value in stddevs])
    if start is not None:
        return _sized(stream, stddevs, start, "exploding")
    hidden = [p.batch_stddev is not None for p in stream]
    small = [
        known and value < remarks.LEAST_SHARE * whole
        for known, value, whole in zip(hidden, sizes, stddevs, strict=True)
    ]
    start = _last_run(small) if found is None else None
    if start is None:
        return None
    shares = [v / w if w else 0.0 for v, w in zip(sizes, stddevs, strict=True)]
    text = "the output hardly depends on the input"
    return _Trend(
        "input-independent",
        {point.layer: text for point in stream[start:]},
        f"what depends on the input vanishes from {_at(stream[start])} on: "
        f"{shares[-1]:.1g} of the signal at its end",
    )


def _kernel_layer(layers: Sequence[LayerSignal], index: int) -> LayerSignal:
    """The layer whose kernel makes what layer `index` puts out, itself or before it."""
    for layer in layers:
        if layer.kernels and advice.activated(layers, layer).index == index:
            return layer
    return layers[index]


def _sized(
    stream: Sequence[StreamPoint], values: list[float], start: int, word: _OfSize
) -> _Trend:
    last, factor = values[-1], _factor(values[max(start - 1, 0) :])
    pairs = list(zip(stream, values, strict=True))[start:]
    return _Trend(
        word,
        {point.layer: f"{word}, stddev {number(value)}" for point, value in pairs},
        f"{word} from {_at(stream[start])} on: {_moves('stddev', factor, last)}",
    )


def _growth(stream: Sequence[StreamPoint], data_stddev: float | None) -> _Trend | None:
    """Whether a branch adds so much to the stream that nothing else is left of it."""
    before = stream[0].stddev if stream else 0.0
    for point in stream:
        if point.is_sum and point.stddev > most_at_sum(before, data_stddev):
            text = f"stddev grows from {number(before)} to {number(point.stddev)}"
            phrase = f"exploding in a sum, {text}"
            sentence = f"exploding by the branch that is added at {_at(point)}: {text}"
            return _Trend("exploding", {point.layer: phrase}, sentence)
        before = point.stddev
    return None


def _backward_trend(
    layers: Sequence[LayerSignal], path: list[LayerSignal]
) -> _Trend | None:
    """Whether the gradient is lost or grows on its way back to the input."""
    broken = [la for la in layers if math.isnan(la.gradient_stddev or 0.0)]
    if broken:
        if any(layer.signal.not_finite for layer in layers):
            return None  # which explains it
        return _Trend(
            "gradient not finite",
            {layer.index: "the gradient is not finite" for layer in broken},
            f"the gradient is no longer finite from {remarks.place(broken[-1])} back",
        )
    path = [layer for layer in path if layer.gradient_stddev is not None][::-1]
    if not path:
        return None
    lengths = list(map(_gradient_length, path))
    if not lengths[0] > 0:
        if any(layer.waits for layer in layers[path[0].index + 1 :]):
            return None
        return _Trend(
            "no gradient",
            {layer.index: "no gradient" for layer in path},
            "no gradient reaches the hidden layers",
        )
    if len(path) < 2:
        return None
    values = list(map(_sensitivity, path))
    shares = [value / values[0] if values[0] else math.nan for value in values]
    name: _OfGradient = "gradient vanishes"
    found = _last_run([s < LEAST_SENSITIVE for s in shares])
    if found is None:
        name = "gradient explodes"
        found = _last_run([s > MOST_SENSITIVE for s in shares])
    if found is None:
        return None
    first = path[-1].gradient_stddev
    factor = _factor(lengths)
    text = _moves("it", factor, first or 0.0)
    return _Trend(
        name,
        {la.index: f"{name}, {number(la.gradient_stddev)}" for la in path[found:]},
        f"the {name} on its way back, from {remarks.place(path[found])} to the "
        f"input: {text}",
    )


def _entries(layer: LayerSignal) -> int:
    """Entries of a layer's output for one sample."""
    return math.prod(layer.shape[1:])


def _gradient_length(layer: LayerSignal) -> float:
    return (layer.gradient_stddev or 0.0) * math.sqrt(_entries(layer))


def _last_run(wrong: Sequence[bool]) -> int | None:
    """From where on all are wrong up to the end, None if the last one is not."""
    start = len(wrong)
    while start and wrong[start - 1]:
        start -= 1
    return start if start < len(wrong) else None


def _factor(values: Sequence[float]) -> float | None:
    """The factor from one value to the next, as far as float32 can tell them."""
    seen = [value for value in values if value > np.finfo("float32").tiny]
    if len(seen) < 2:
        return None
    return (seen[-1] / seen[0]) ** (1.0 / (len(seen) - 1))


def _moves(what: str, factor: float | None, last: float) -> str:
    if factor is None or 0.9 < factor < 1.1:
        return f"{what} {'is' if what == 'it' else 'of'} {number(last)}"
    direction = "falls" if factor < 1 else "grows"
    by = f"by a factor of {number(factor)} a layer"
    return f"{what} {direction} {by}, to {number(last)}"


def _at(point: StreamPoint) -> str:
    """How a sentence names a point of the stream."""
    return f"layer {point.layer} ({point.name})"
