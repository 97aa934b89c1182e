"""What to do about a model's start: what the weights are, and the code that mends it.

What an activation wants is said by `recipes.by_activation`, and found in the rows as
`KernelSignal.wanted`. Advice is not given in circles: what it leads to is told from
the kernels, and each kind of advice is followed by a later one or by none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from keras_inits.diagnostics.labels import number
from keras_inits.diagnostics.report import KernelSignal, LayerSignal, StreamPoint
from keras_inits.gains import WHOLE_VECTOR
from keras_inits.model.report import shortened

# Weights further than this factor from the standard deviation their activation wants
# are off. He is 1.41 times Glorot, which is what kills a ReLU network of 50 layers.
OFF_SCALE = 1.25
# Before a normalization no standard start is further off: He by fan_out is 2.6 times as
# much as Glorot where a convolution narrows six channels to one.
HIDDEN = 5.0
LARGE_BIAS = 0.25  # of a signal of size 1
SHUT_GATE = 10.0  # the bias of a gate that lets 5e-5 through or keeps it out
RECIPE = "keras_inits.recipes.by_activation()"
BY_ACTIVATION = f"keras_inits.initialize(model, {RECIPE})"
LSUV = "keras_inits.diagnostics.lsuv(model, x)"
# What Keras draws a table by, and another matrix that a layer of one's own has.
DEFAULTS, DEFAULT = {"embeddings": "uniform"}, "glorot_uniform"
FEW = 2  # kernels that are named one by one
SAME_GAIN = 1.01
WIDTH = 79  # of a line of code
# The problems that the signal shows on its way forward, and those by which what tells
# samples apart is lost, on the way back too.
FORWARD = {"vanishing", "exploding", "overflow", "input-independent"}
LOST = {"vanishing", "input-independent", "gradient vanishes", "no gradient"}
# The kernels that `lsuv` sets, by name.
KERNEL_NAMES = ("pointwise_kernel", "kernel")
# The kernel of a sigmoid layer by which the signal holds its size through any number of
# them has `g**2 E[slope(z)**2] = 1` for the pre-activations z that it makes itself: g
# is 10.17 for very wide layers, rounded here. Glorot's keeps their variance, which
# units then owe to their means, and a quarter of the signal a layer. Schoenholz et al.
# 2017, section 3, https://arxiv.org/abs/1611.01232
SIGMOID_GAIN = 10.0
SIGMOID = f'keras_inits.VarianceScaling({SIGMOID_GAIN**2}, "fan_in", "uniform")'


def give(
    layers: Sequence[LayerSignal],
    addresses: Sequence[Sequence[str]],
    problems: Mapping[str, int],
    stream: Sequence[StreamPoint] = (),
) -> tuple[str | None, str | None]:
    """Advice on a model that is not healthy.

    Args:
        layers: The layers.
        addresses: For each layer, the addresses of its kernels.
        problems: For the name of each problem, the index of the first layer with it.
        stream: The points that the signal has to pass.

    Returns:
        A pair: a sentence on what the weights are, and code; None for each of them
        that there is not.
    """
    known = [layer for layer in layers if layer.kernels]
    if not known:
        return None, None
    troubled = min(problems.values())
    forward = [index for name, index in problems.items() if name in FORWARD]
    off = _off(layers)
    if forward and all(layer.index > min(forward) for layer, _, _ in off):
        off = []  # what is lost before them is not lost by them
    hidden = [activated(layers, layer).activation for layer in known[:-1]]
    if hidden and {*hidden} == {"sigmoid"} and not LOST.isdisjoint(problems):
        if all(map(_is_for_sigmoid, known[:-1])):
            return "so many sigmoid layers need a normalization between them", None
        head = f'("{addresses[known[-1].index][0]}", "glorot_uniform")'
        rules = [head, f'("*kernel", {SIGMOID})', '("*bias", "zeros")']
        return _found(off, troubled), _call("[", rules, "]")
    biased = [layer for layer in layers if _is_biased(layer)]
    silent = _silent(layers, stream)
    rules = _of_tables(silent, addresses)
    if any(map(_is_recurrent, biased)):  # whose biases the recipe keeps
        rules.append('("*bias", "zeros")')
    text = _found(off, troubled) or _of_biases(biased)
    if rules:
        return text, _call("[", [f"*{RECIPE}", *rules], "]")
    if not biased and _is_lsuv(known):
        return "the weights are as lsuv sets them, and no start is known to do", None
    is_bare = not biased and _has_bare_sums(layers, stream)
    if is_bare or not (biased or off):
        rest = [layer.kernels[0] for layer in known if _scalable(layer)]
        if silent is not None and not _is_for_lsuv(silent):
            return f"no scale of a kernel changes that {silent.name} puts out 0", None
        if is_bare:
            text = "branches add up without a normalization between them"
        elif all(kernel.is_orthogonal for kernel in rest):
            return None, None
        return text, LSUV
    few = len(off) <= FEW < len(known) and all(_is_simple(k) for _, _, k in off)
    code = BY_ACTIVATION
    if few and not biased:
        rules = [
            f'"{addresses[layer.index][0]}": keras_inits.{kernel.wanted}'
            for layer, _, kernel in off
        ]
        code = _call("{", rules, "}")
    return text, code


def _is_biased(layer: LayerSignal) -> bool:
    """Whether a bias, a shift or a scale is far from what it starts at."""
    most = SHUT_GATE if _is_recurrent(layer) else LARGE_BIAS
    return (layer.bias_size or 0.0) > most


def _is_recurrent(layer: LayerSignal) -> bool:
    return any(kernel.name == "recurrent_kernel" for kernel in layer.kernels)


def _of_biases(biased: Sequence[LayerSignal]) -> str | None:
    """How large the first bias is that is too large."""
    if not biased:
        return None
    kind = "scales or shifts" if _is_normalization(biased[0]) else "biases"
    return f"{kind} at {biased[0].name} start off by {number(biased[0].bias_size)}"


def _is_normalization(layer: LayerSignal) -> bool:
    return layer.kind.endswith("Normalization")


def _silent(
    layers: Sequence[LayerSignal], stream: Sequence[StreamPoint]
) -> LayerSignal | None:
    """The layer that makes the first point of the stream that is the same all over."""
    index = next((point.layer for point in stream if point.stddev == 0), None)
    layer = None
    while index is not None:
        layer = layers[index]
        alike = [i for i in layer.sources if layers[i].signal.stddev == 0]
        index = next(iter(alike), None)
    return layer


def _of_tables(
    silent: LayerSignal | None, addresses: Sequence[Sequence[str]]
) -> list[str]:
    """Rules for the constant matrices of a layer that the recipe leaves as they are."""
    if silent is None:
        return []
    return [
        f'("{address}", "{DEFAULTS.get(kernel.name, DEFAULT)}")'
        for kernel, address in zip(silent.kernels, addresses[silent.index], strict=True)
        if not kernel.stddev and not kernel.name.endswith("kernel")
    ]


def _is_for_lsuv(silent: LayerSignal) -> bool:
    """Whether a layer that puts out a constant may put out more after `lsuv`."""
    if silent.kernels:
        return _scalable(silent)
    return silent.activation is not None or _is_normalization(silent)


def _call(first: str, rules: Sequence[str], last: str) -> str:
    """The call of `initialize` with rules, in lines that a terminal has room for."""
    code = f"keras_inits.initialize(model, {first}{', '.join(rules)}{last})"
    if len(code) <= WIDTH:
        return code
    lines = "".join(f"    {rule},\n" for rule in rules)
    return f"keras_inits.initialize(model, {first}\n{lines}{last})"


def _found(
    off: Sequence[tuple[LayerSignal, LayerSignal, KernelSignal]], troubled: int
) -> str | None:
    """What the first troubled layer has, and what its activation wants."""
    for layer, reader, kernel in off:
        if layer.index >= troubled:
            found = f"have {number(kernel.stddev)}"
            if not kernel.stddev:
                found = "are zeros" if kernel.is_zero else "are all the same"
            elif kernel.is_orthogonal:
                found = f"are orthogonal, of {number(kernel.stddev)}"
            elif kernel.initializer is not None:
                found += f", that of the layer's {kernel.initializer}"
            wanted = shortened(kernel.wanted or "")
            wanted += f", of stddev {number(kernel.wanted_stddev)}"
            activation = reader.activation or "a linear layer"
            return f"{activation} wants {wanted}, the weights at {layer.name} {found}"
    return None


def _off(
    layers: Sequence[LayerSignal],
) -> list[tuple[LayerSignal, LayerSignal, KernelSignal]]:
    """The kernels whose standard deviation is not what their activation wants.

    Returns:
        A list of triples: layer, layer that applies the activation, kernel.
    """
    found = []
    head = next((layer for layer in reversed(layers) if layer.kernels), None)
    for layer in layers:
        reader = activated(layers, layer)
        free = any(map(_is_normalization, layers[layer.index : reader.index]))
        for kernel in layer.kernels[:1]:
            # Before a normalization, any scale does but 0. What a softmax puts out
            # is as small as it is wide, whatever the scale.
            if reader.activation in WHOLE_VECTOR and layer is not head:
                continue
            if kernel.wanted_stddev and not (kernel.stddev and free):
                ratio = kernel.stddev / kernel.wanted_stddev
                if not 1.0 / OFF_SCALE <= ratio <= OFF_SCALE:
                    found.append((layer, reader, kernel))
    return found


def hidden_by_normalization(
    layers: Sequence[LayerSignal],
) -> list[tuple[LayerSignal, float]]:
    """Layers whose kernel is far too large and followed by a normalization.

    What comes out does not depend on the kernel's scale, and so the gradient falls as
    the scale grows: of steps of one size, as Adam's, each turns the kernel by so much
    less, and of steps of gradient descent by the square.

    Returns:
        A list of pairs: the layer, and how many times too large its kernel is.

    Reference:
        Hoffer et al. 2018, "Norm matters: efficient and accurate normalization schemes
        in deep networks", https://arxiv.org/abs/1803.01814
    """
    found = []
    for layer in layers:
        between = layers[layer.index + 1 : activated(layers, layer).index + 1]
        for kernel in layer.kernels[:1]:
            ratio = kernel.stddev / (kernel.wanted_stddev or math.inf)
            if ratio > HIDDEN and any(map(_is_normalization, between)):
                found.append((layer, ratio))
    return found


def _is_simple(kernel: KernelSignal) -> bool:
    return kernel.wanted is not None and kernel.wanted.count("(") == 1


def _is_for_sigmoid(layer: LayerSignal) -> bool:
    """Whether the kernel is what the advice for sigmoid layers draws."""
    kernel = layer.kernels[0]
    gain = kernel.stddev * math.sqrt(math.prod(kernel.shape[:-1]))
    return 1.0 / OFF_SCALE <= gain / SIGMOID_GAIN <= OFF_SCALE


def _scalable(layer: LayerSignal) -> bool:
    """Whether `lsuv` sets the layer, which is linear in its kernel."""
    names = {kernel.name for kernel in layer.kernels}
    return "recurrent_kernel" not in names and not names.isdisjoint(KERNEL_NAMES)


def _is_lsuv(known: Sequence[LayerSignal]) -> bool:
    """Whether the kernels are what `lsuv` leaves: orthogonal, of several gains."""
    kernels = [layer.kernels[0] for layer in known if _scalable(layer)]
    if not kernels or not all(kernel.is_orthogonal for kernel in kernels):
        return False
    gains = [
        kernel.stddev * math.sqrt(max(math.prod(kernel.shape[:-1]), kernel.shape[-1]))
        for kernel in kernels
    ]
    return max(gains) > SAME_GAIN * min(gains) or len(gains) == 1


def _has_bare_sums(
    layers: Sequence[LayerSignal], stream: Sequence[StreamPoint]
) -> bool:
    """Whether branches are added to the stream and nothing is normalized."""
    normalized = any(map(_is_normalization, layers))
    return any(point.is_sum for point in stream) and not normalized


def activated(layers: Sequence[LayerSignal], layer: LayerSignal) -> LayerSignal:
    """The layer at which the activation after `layer` has been applied."""
    while layer.activation is None:
        users = [other for other in layers if layer.index in other.sources]
        if len(users) != 1 or users[0].kernels or len(users[0].sources) > 1:
            break
        layer = users[0]
    return layer
