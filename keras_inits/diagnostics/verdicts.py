"""From numbers to plain words: what is wrong in a layer, and with the model.

The bounds are rules of thumb, not theorems, and all stand here. A standard deviation is
judged against that of the data: a network is to hand on a signal of about the
size it was given, or of size 1. A gradient is judged by its length, standard deviation
times the root of the number of entries, against that at the last hidden layer:
backward, layers turn and stretch a vector, and a larger map only spreads it.
"""

import dataclasses
import math

import numpy as np

from keras_inits.model.report import shortened

# The signal is too small below DECADE times less than min(1, data) and too
# large above DECADE times more than max(1, data).
DECADE = 10.0
# What the gradient may lose or gain on its way to the first layer. A plain ReLU
# network of 50 layers of 100 units, scaled by He, already strays by 25 from one
# seed to the next; networks with BatchNormalization gain some 100 and train.
GRADIENT_LOSS = 100.0
GRADIENT_GAIN = 1000.0
MANY_DEAD = 0.5
MANY_SATURATED = 0.5
RECTIFIERS_OFF = 0.9  # half the ReLUs are off in a healthy network
ALIKE = 0.95
INPUT_SHARE = 0.01
# Weights further than this factor from the standard deviation their activation wants
# are worth a remark.
OFF_SCALE = 1.5

RECTIFIERS = ("relu", "relu6")

# All problems there are, by what shows them: the size of the output, the size of the
# gradient, the distribution of the output.
OF_SIZE = ("vanishing", "exploding", "overflow")
OF_GRADIENT = ("gradient vanishes", "gradient explodes", "no gradient")
OF_VALUES = ("dead", "saturated", "correlated", "input-independent")


def judge(layers, data_stddev):
    """The layers with their problems and verdicts, and the model's verdict.

    Args:
        layers: List of `LayerSignal` in the order of the data.
        data_stddev: Standard deviation of the data, or `None`.

    Returns:
        A pair: the list of judged layers, the text for the model.
    """
    path = hidden_path(layers)
    trends = [
        _overflow(layers),
        _forward_trend(layers, path, data_stddev),
        _backward_trend(layers, path),
    ]
    problems = {layer.index: _own_problems(layer) for layer in layers}
    for trend in trends:
        for index in trend.places if trend else ():
            problems[index].append((trend.problem, trend.phrase(index)))
    sentences = [trend.sentence for trend in trends if trend]
    sentences += _counts(layers, path, problems)
    if sentences:
        advice = _advice(layers, path, problems)
        verdict = "; ".join(sentences + ([advice] if advice else []))
    else:
        verdict = "healthy: signal and gradient keep their size through the layers"
        if not any(layer.gradient_stddev is not None for layer in layers):
            verdict = "healthy: the signal keeps its size through the layers"
    judged = [
        dataclasses.replace(
            layer,
            problems=[name for name, _ in problems[layer.index]],
            verdict=", ".join(text for _, text in problems[layer.index]) or "ok",
        )
        for layer in layers
    ]
    return judged, verdict


def band(data_stddev):
    """Lowest and highest healthy standard deviation of a layer's output."""
    data = data_stddev if data_stddev else 1.0
    return min(1.0, data) / DECADE, max(1.0, data) * DECADE


def gradient_bands(layers):
    """Lowest and highest healthy stddev of each layer's gradient, or `None`."""
    path = [layer for layer in hidden_path(layers) if layer.gradient_stddev]
    if not path:
        return None
    last = _gradient_length(path[-1])
    widths = [math.sqrt(_entries(layer)) for layer in layers]
    return (
        [last / GRADIENT_LOSS / width for width in widths],
        [last * GRADIENT_GAIN / width for width in widths],
    )


def hidden_path(layers):
    """For each layer with a kernel, where its signal is read; not the last one.

    That is the layer that applies its activation. The last layer is the
    model's answer, whose size is the loss's business.
    """
    weighted = [layer for layer in layers if layer.kernels]
    hidden = weighted[:-1] if len(weighted) > 1 else weighted
    return [activated(layers, layer) for layer in hidden]


def activated(layers, layer):
    """The layer at which the activation after `layer` has been applied."""
    while layer.activation is None:
        users = [other for other in layers if layer.index in other.sources]
        if len(users) != 1 or users[0].kernels or len(users[0].sources) > 1:
            break
        layer = users[0]
    return layer


def initializer_text(layer, name):
    """The initializer that a layer names for one of its weights, as text.

    The seed is left out, and so are arguments that hold `None`.
    """
    attributes = (f"{name}_initializer", "kernel_initializer")
    initializer = next(
        (getattr(layer, a) for a in attributes if hasattr(layer, a)), None
    )
    if initializer is None:
        return None
    if not hasattr(initializer, "get_config"):
        return getattr(initializer, "__name__", type(initializer).__name__)
    config = initializer.get_config()
    hidden = {"seed", "dtype"}
    if type(initializer).__name__ != "VarianceScaling":
        hidden |= {"scale", "mode", "distribution", "input_axes", "output_axes"}
    arguments = {k: v for k, v in config.items() if k not in hidden and v is not None}
    if list(arguments) == ["mean", "stddev"] and not arguments["mean"]:
        text = f"{arguments['stddev']:g}"
    else:
        text = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return f"{type(initializer).__name__}({text})"


@dataclasses.dataclass
class _Trend:
    """A problem that builds up from layer to layer."""

    problem: str
    places: list
    phrase: object
    sentence: str


def _own_problems(layer):
    signal, found = layer.signal, []
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
    constant = signal.input_share is not None and signal.input_share < INPUT_SHARE
    if constant and not found:
        found.append(("input-independent", "the output hardly depends on the input"))
    return found


def _overflow(layers):
    """The signal's overflow, from the first layer that shows it on."""
    places = [layer.index for layer in layers if layer.signal.not_finite]
    if not places:
        return None
    first = layers[places[0]]
    return _Trend(
        "overflow",
        places,
        lambda index: f"{layers[index].signal.not_finite} values are not finite",
        f"the signal is no longer finite from {place(first)} on",
    )


def _forward_trend(layers, path, data_stddev):
    """Whether the signal leaves the healthy band and stays outside."""
    low, high = band(data_stddev)
    found = _leaves([layer.signal.stddev for layer in path], low, high)
    if found is None:
        return None
    start, shrinks = found
    values = [layer.signal.stddev for layer in path[max(start - 1, 0) :]]
    last, factor = values[-1], _factor(values)
    word = "vanishing" if shrinks else "exploding"
    text = _moves("stddev", factor, last)
    places = [layer.index for layer in path[start:]]
    return _Trend(
        word,
        places,
        lambda index: f"{word}, stddev {layers[index].signal.stddev:.2g}",
        f"{word} from {place(path[start])} on: {text}",
    )


def _backward_trend(layers, path):
    """Whether the gradient leaves its band on its way back to the input."""
    path = [layer for layer in path if layer.gradient_stddev is not None][::-1]
    if len(path) < 2 or not path[0].gradient_stddev > 0:
        if path and not path[0].gradient_stddev > 0:
            return _Trend(
                "no gradient",
                [layer.index for layer in path],
                lambda index: "no gradient",
                "no gradient reaches the hidden layers",
            )
        return None
    values = [_gradient_length(layer) for layer in path]
    low, high = values[0] / GRADIENT_LOSS, values[0] * GRADIENT_GAIN
    found = _leaves(values, low, high)
    if found is None:
        return None
    start, shrinks = found
    first, factor = path[-1].gradient_stddev, _factor(values)
    word = "vanishes" if shrinks else "explodes"
    text = _moves("it", factor, first)
    return _Trend(
        f"gradient {word}",
        [layer.index for layer in path[start:]],
        lambda index: f"gradient {word}, {layers[index].gradient_stddev:.2g}",
        f"the gradient {word} on its way back, from {place(path[start])} to the "
        f"input: {text}",
    )


def _entries(layer):
    """Entries of a layer's output for one sample."""
    return math.prod(layer.shape[1:])


def _gradient_length(layer):
    return layer.gradient_stddev * math.sqrt(_entries(layer))


def _leaves(values, low, high):
    """From where on the values stay outside, and whether below; or `None`."""
    if not values or not math.isfinite(values[-1]) or low <= values[-1] <= high:
        return None
    shrinks = values[-1] < low
    start = len(values)
    while start and (values[start - 1] < low if shrinks else values[start - 1] > high):
        start -= 1
    return start, shrinks


def _factor(values):
    """The factor from one value to the next, as far as float32 can tell them."""
    seen = [value for value in values if value > np.finfo("float32").tiny]
    if len(seen) < 2:
        return None
    return (seen[-1] / seen[0]) ** (1.0 / (len(seen) - 1))


def _moves(what, factor, last):
    if factor is None or 0.9 < factor < 1.1:
        return f"{what} {'is' if what == 'it' else 'of'} {last:.2g}"
    direction = "falls" if factor < 1 else "grows"
    return f"{what} {direction} by a factor of {factor:.2g} a layer, to {last:.2g}"


def _counts(layers, path, problems):
    """Sentences for the problems that layers have on their own."""
    words = {
        "dead": "more than half of the units are dead",
        "saturated": "most values are on a flat part of the activation",
        "correlated": "the units are highly correlated",
        "input-independent": "the output hardly depends on the input",
    }
    sentences = []
    for problem, text in words.items():
        places = {i for i, found in problems.items() if problem in dict(found)}
        hit = [layer for layer in path if layer.index in places]
        if hit:
            number = "1 hidden layer" if len(hit) == 1 else f"{len(hit)} hidden layers"
            sentences.append(f"{text} in {number}, first in {place(hit[0])}")
    return sentences


def _advice(layers, path, problems):
    """What the first troubled layer has and what its activation wants."""
    for layer in layers:
        reader = activated(layers, layer)
        if not layer.kernels or not (problems[layer.index] or problems[reader.index]):
            continue
        between = [other.kind for other in layers[layer.index : reader.index]]
        if any(kind.endswith("Normalization") for kind in between):
            continue  # The scale of such a kernel does not matter.
        kernel = layer.kernels[0]
        if kernel.wanted is None:
            continue
        ratio = kernel.stddev / kernel.wanted_stddev
        if 1.0 / OFF_SCALE <= ratio <= OFF_SCALE:
            continue
        return (
            f"{reader.activation} wants {shortened(kernel.wanted)}, of stddev "
            f"{kernel.wanted_stddev:.2g}, the weights at {layer.name} have "
            f"{kernel.stddev:.2g}"
        )
    return None


def place(layer):
    """How a sentence names a layer: its place counts from 0, as in the table."""
    return f"layer {layer.index} ({layer.name})"
