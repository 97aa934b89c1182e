"""What a layer shows by itself, which does not keep its model from training."""

from __future__ import annotations

from collections.abc import Sequence

from keras_inits.diagnostics.report import LayerSignal, StreamPoint
from keras_inits.diagnostics.statistics import Signal

# What tells samples apart is too small below this share of the whole signal, whose
# constant part hides it.
LEAST_SHARE = 0.01
MANY_DEAD = 0.5
MANY_SATURATED = 0.5
RECTIFIERS_OFF = 0.9  # half the ReLUs are off in a healthy network
ALIKE = 0.95

RECTIFIERS = ("relu", "relu6")


def own_problems(layer: LayerSignal) -> list[tuple[str, str]]:
    """Pairs of a problem's name and a phrase, of what a layer shows by itself."""
    signal = layer.signal
    found: list[tuple[str, str]] = []
    if not layer.varies:
        return found  # what goes in is the same for all samples
    if signal.dead is not None and signal.dead > MANY_DEAD:
        found.append(("dead", f"{100 * signal.dead:.0f}% of the units are dead"))
    if signal.saturated is not None:
        off = layer.activation in RECTIFIERS
        bound = RECTIFIERS_OFF if off else MANY_SATURATED
        if signal.saturated > bound:
            word = "off" if off else "saturated"
            text = f"{100 * signal.saturated:.0f}% of the values are {word}"
            found.append(("saturated", text))
    if signal.correlation is not None and signal.correlation > ALIKE:
        found.append(
            (
                "correlated",
                f"units are highly correlated, |r| = {signal.correlation:.2f}",
            )
        )
    constant = 0 < size(signal) < LEAST_SHARE * signal.stddev
    if constant and not found:
        found.append(("input-independent", "the output hardly depends on the input"))
    return found


def sentences(
    path: list[LayerSignal],
    problems: dict[int, list[tuple[str, str]]],
    known: Sequence[str],
) -> list[str]:
    """Sentences for the problems that layers have on their own, but for the known."""
    words = {
        "dead": "more than half of the units are dead",
        "saturated": "most values are on a flat part of the activation",
        "correlated": "the units are highly correlated",
        "input-independent": "the output hardly depends on the input",
    }
    found = []
    for problem, text in words.items():
        places = {i for i, pairs in problems.items() if problem in dict(pairs)}
        hit = [layer for layer in path if layer.index in places]
        if hit and problem not in known:
            number = "1 hidden layer" if len(hit) == 1 else f"{len(hit)} hidden layers"
            found.append(f"{text} in {number}, first in {place(hit[0])}")
    return found


def size(signal: Signal | StreamPoint) -> float:
    """The part of a signal that tells samples apart, or all of it for one sample."""
    within = signal.batch_stddev
    return signal.stddev if within is None else within


def place(layer: LayerSignal) -> str:
    """How a sentence names a layer: its place counts from 0, as in the table."""
    return f"layer {layer.index} ({layer.name})"
