"""What to do about a model's start: what the weights are, and the code that mends it.

What an activation wants is said by `recipes.by_activation`, and found in the rows as
`KernelSignal.wanted`. Advice is not given in circles: what it leads to is told from
the kernels, and each kind of advice is followed by a later one or by none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from keras_inits.diagnostics.labels import number
from keras_inits.diagnostics.report import KernelSignal, LayerSignal, StreamPoint
from keras_inits.model.report import shortened

# Weights further than this factor from the standard deviation their activation wants
# are off. He is 1.41 times Glorot, which is what kills a ReLU network of 50 layers.
OFF_SCALE = 1.25
LARGE_BIAS = 0.25  # of a signal of size 1
BY_ACTIVATION = "keras_inits.initialize(model, keras_inits.recipes.by_activation())"
LSUV = "keras_inits.diagnostics.lsuv(model, x)"
FEW = 2  # kernels that are named one by one
SAME_GAIN = 1.01
WIDTH = 79  # of a line of code
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
    troubled: int,
    problems: Iterable[str],
    stream: Sequence[StreamPoint] = (),
) -> tuple[str | None, str | None]:
    """Advice on a model that is not healthy.

    Args:
        layers: The layers.
        addresses: For each layer, the addresses of its kernels.
        troubled: Index of the first layer with a problem.
        problems: The names of the problems.
        stream: The points that the signal has to pass.

    Returns:
        A pair: a sentence on what the weights are, and code; None for each of them
        that there is not.
    """
    known = [layer for layer in layers if layer.kernels]
    if not known:
        return None, None
    off = _off(layers)
    hidden = [activated(layers, layer).activation for layer in known[:-1]]
    if hidden and {*hidden} == {"sigmoid"} and _is_lost({*problems}):
        if all(map(_is_for_sigmoid, known[:-1])):
            return "so many sigmoid layers need a normalization between them", None
        head = f'("{addresses[known[-1].index][0]}", "glorot_uniform")'
        rules = [head, f'("*kernel", {SIGMOID})', '("*bias", "zeros")']
        return _found(off, troubled), _call("[", rules, "]")
    if _is_lsuv(known):
        return "the weights are as lsuv sets them, and no start is known to do", None
    biased = any((layer.bias_size or 0.0) > LARGE_BIAS for layer in known)
    if not biased and _has_bare_sums(layers, stream):
        return "branches add up without a normalization between them", LSUV
    if not (biased or off):
        rest = [layer.kernels[0] for layer in known if _scalable(layer)]
        return None, None if all(kernel.is_orthogonal for kernel in rest) else LSUV
    few = len(off) <= FEW < len(known) and all(_is_simple(k) for _, _, k in off)
    code = BY_ACTIVATION
    if few and not biased:
        rules = [
            f'"{addresses[layer.index][0]}": keras_inits.{kernel.wanted}'
            for layer, _, kernel in off
        ]
        code = _call("{", rules, "}")
    return _found(off, troubled), code


def _is_lost(problems: set[str]) -> bool:
    """Whether what tells samples apart vanishes, forward or on the way back."""
    return not problems.isdisjoint(
        ("vanishing", "input-independent", "gradient vanishes", "no gradient")
    )


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
            if kernel.is_zero:
                found = "are zeros"
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
    for layer in layers:
        reader = activated(layers, layer)
        between = [other.kind for other in layers[layer.index : reader.index]]
        free = any(kind.endswith("Normalization") for kind in between)
        for kernel in layer.kernels[:1]:
            # Before a normalization, any scale does but 0.
            if kernel.wanted_stddev and (kernel.is_zero or not free):
                ratio = kernel.stddev / kernel.wanted_stddev
                if not 1.0 / OFF_SCALE <= ratio <= OFF_SCALE:
                    found.append((layer, reader, kernel))
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
    normalized = any(layer.kind.endswith("Normalization") for layer in layers)
    return any(point.is_sum for point in stream) and not normalized


def activated(layers: Sequence[LayerSignal], layer: LayerSignal) -> LayerSignal:
    """The layer at which the activation after `layer` has been applied."""
    while layer.activation is None:
        users = [other for other in layers if layer.index in other.sources]
        if len(users) != 1 or users[0].kernels or len(users[0].sources) > 1:
            break
        layer = users[0]
    return layer
