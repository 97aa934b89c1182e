"""What to do about a model's start: the words, and the code that does it.

What an activation wants is said by `recipes.by_activation`, and found in the rows as
`KernelSignal.wanted`.
"""

from keras_inits.model.report import shortened

# Weights further than this factor from the standard deviation their activation wants
# are off. He is 1.41 times Glorot, which is what kills a ReLU network of 50 layers.
OFF_SCALE = 1.25
LARGE_BIAS = 0.25  # of a signal of size 1
BY_ACTIVATION = "keras_inits.initialize(model, keras_inits.recipes.by_activation())"
LSUV = "keras_inits.diagnostics.lsuv(model, x)"
FEW = 2  # kernels that are named one by one
# The kernel of a sigmoid layer by which the signal holds its size through any number of
# them has `g**2 E[slope(z)**2] = 1` for the pre-activations z that it makes itself: g
# is 8 within a few percent. Glorot's keeps their variance, which units then owe to
# their means, and a quarter of the signal a layer. Schoenholz et al. 2017, section 3,
# https://arxiv.org/abs/1611.01232
SIGMOID = 'keras_inits.VarianceScaling(64.0, "fan_in", "untruncated_normal")'


def give(layers, addresses, troubled, problems):
    """Advice on a model that is not healthy.

    Args:
        layers: List of `LayerSignal`.
        addresses: For each layer, the addresses of its kernels.
        troubled: Index of the first layer with a problem.
        problems: The names of the problems.

    Returns:
        A pair: a sentence on what the weights are, and code; None for each of them
        that there is not.
    """
    known = [layer for layer in layers if layer.kernels]
    if not known:
        return None, None
    return _first_off(layers, troubled), _code(layers, addresses, known, problems)


def _first_off(layers, troubled):
    """What the first troubled layer has, and what its activation wants."""
    off = [pair for pair in _off(layers) if pair[1].index >= troubled]
    for layer, reader, kernel in off[:1]:
        found = f"have {kernel.stddev:.2g}"
        if kernel.is_zero:
            found = "are zeros"
        return (
            f"{reader.activation} wants {shortened(kernel.wanted)}, of stddev "
            f"{kernel.wanted_stddev:.2g}, the weights at {layer.name} {found}"
        )
    return None


def _off(layers):
    """The kernels whose standard deviation is not what their activation wants.

    Returns:
        A list of triples: layer, layer that applies the activation, kernel.
    """
    found = []
    for layer in layers:
        reader = activated(layers, layer)
        between = [other.kind for other in layers[layer.index : reader.index]]
        if any(kind.endswith("Normalization") for kind in between):
            continue  # the scale of such a kernel does not matter
        for kernel in layer.kernels[:1]:
            if kernel.wanted is not None:
                ratio = kernel.stddev / kernel.wanted_stddev
                if not 1.0 / OFF_SCALE <= ratio <= OFF_SCALE:
                    found.append((layer, reader, kernel))
    return found


def _code(layers, addresses, known, problems):
    """The call that gives a start under which the signal is better."""
    off = _off(layers)
    biased = [layer for layer in layers if (layer.bias_size or 0.0) > LARGE_BIAS]
    hidden = [activated(layers, layer).activation for layer in known[:-1]]
    if "vanish" in " ".join(problems) and hidden and set(hidden) == {"sigmoid"}:
        head = f'("{addresses[known[-1].index][0]}", "glorot_uniform")'
        return f'keras_inits.initialize(model, [{head}, ("kernel", {SIGMOID})])'
    few = [kernel for _, _, kernel in off]
    simple = all(kernel.wanted.count("(") == 1 for kernel in few)
    if few and len(few) <= FEW < len(known) and simple and not biased:
        rules = ", ".join(
            f'"{addresses[layer.index][0]}": keras_inits.{kernel.wanted}'
            for layer, _, kernel in off
        )
        return f"keras_inits.initialize(model, {{{rules}}})"
    return BY_ACTIVATION if off or biased else LSUV


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
