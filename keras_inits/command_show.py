"""`keras-inits show`: what one initializer does to a weight of a given shape.

The deviation that its formula promises stands beside that of the weights it
draws, and beside the one that an activation asks for.
"""

import functools
import math

import keras
import numpy as np
import rich.box
import rich.console
import rich.table

from keras_inits import _backend, _checks, _errors, documents, initializers
from keras_inits.engine import normal
from keras_inits.fans import compute_fans
from keras_inits.gains import LINEAR, gain_of
from keras_inits.initializers import lookup

LARGEST = 10**8  # values, which take 1.2 GB with their float64 copy
BARS = 15
BAR_WIDTH = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"


def _shape(text):
    """`3,3,64,128` as a tuple; nothing is a scalar's shape."""
    sizes = text.strip("()[] ,")
    try:
        shape = tuple(int(size) for size in sizes.split(",")) if sizes else ()
    except ValueError:
        rule = "integers separated by commas, such as 3,3,64,128"
        _errors.raise_bad_value("--shape", rule, text)
    if math.prod(max(size, 1) for size in shape) > LARGEST:
        rule = f"a shape of at most {LARGEST:,} values"
        _errors.raise_bad_value("--shape", rule, text)
    return shape


def _initializer(name, config, seed):
    """The initializer by its name; what it or its inner one draws has the seed."""
    cls = lookup.BY_NAME.get(name)
    if cls is None:
        return lookup.raise_unknown_name(name)
    rule = """a JSON object, such as '{"sparsity": 0.5}'"""
    arguments = documents.json_object("--config", config, rule)
    parameters = lookup.parameters_of(cls)
    for argument in arguments:
        _checks.check_choice("--config", argument, list(parameters))
    for argument, parameter in parameters.items():
        if parameter.default is parameter.empty and argument not in arguments:
            rule = f"""given with {argument!r}, as '{{"{argument}": ...}}'"""
            _errors.raise_bad_value("--config", rule, config)
    if "seed" in parameters:
        arguments.setdefault("seed", seed)
    if isinstance(arguments.get("inner"), str):
        arguments["inner"] = _initializer(arguments["inner"], "{}", seed)
    return lookup.make(cls, arguments)


@functools.singledispatch
def expected(initializer, shape):
    """Mean and deviation of a weight's entries by the formula, or None."""
    return None


@expected.register
def _(initializer: initializers.VarianceScaling, shape):
    return 0.0, initializer.stddev(shape)


@expected.register
def _(initializer: initializers.RandomUniform, shape):
    low, high = initializer.minval, initializer.maxval
    return (low + high) / 2, (high - low) / math.sqrt(12.0)


@expected.register
def _(initializer: initializers.RandomNormal, shape):
    return initializer.mean, initializer.stddev


def _cut(mean, stddev, bounds):
    """Mean and deviation of N(mean, stddev**2) within bounds in deviations."""
    lower, upper = (min(max(bound, -40.0), 40.0) for bound in bounds)
    total = normal.mass(lower, upper)
    shift = (normal.density(lower) - normal.density(upper)) / total
    _, spread = normal.truncated_moments(lower, upper)
    return mean + shift * stddev, spread * stddev


@expected.register
def _(initializer: initializers.TruncatedNormal, shape):
    return _cut(initializer.mean, initializer.stddev, initializer.interval()[0])


@expected.register
def _(initializer: initializers.TruncNormal, shape):
    return _cut(initializer.mean, initializer.std, initializer.interval()[0])


@expected.register
def _(initializer: initializers.Orthogonal, shape):
    rows, columns = math.prod(shape[:-1]), shape[-1]
    return 0.0, abs(initializer.gain) / math.sqrt(max(rows, columns, 1))


@expected.register
def _(initializer: initializers.DeltaOrthogonal, shape):
    taps = math.prod(shape[:-2])
    return 0.0, abs(initializer.gain) / math.sqrt(max(1, taps * shape[-1]))


@expected.register
def _(initializer: initializers.Sparse, shape):
    weights = math.prod(shape) // max(1, shape[initializer.axis])
    zeros = math.ceil(initializer.sparsity * weights)
    return 0.0, initializer.stddev * math.sqrt(1.0 - zeros / max(1, weights))


@expected.register
def _(initializer: initializers.PerGate, shape):
    return expected(initializer.inner, initializer.gate_shape(shape))


@expected.register
def _(initializer: initializers.ZeroRow, shape):
    inner = expected(initializer.inner, shape)
    if inner is None:
        return None
    mean, stddev = inner
    share = 1.0 - 1.0 / shape[0]
    return mean * share, math.sqrt(share * (stddev**2 + mean**2 * (1.0 - share)))


def response(activation, power):
    """Mean square and deviation of an activation's output.

    Args:
        activation: Name of an activation.
        power: Mean square of its input z ~ N(0, power).

    Returns:
        `(E f(z)^2, sqrt(Var f(z)))` on a grid of 16 deviations.
    """
    name = "linear" if activation in LINEAR else activation
    function = keras.activations.get(name)
    grid = np.linspace(-8.0, 8.0, 4001)
    weights = np.exp(-0.5 * grid**2)
    weights /= weights.sum()
    inputs = keras.ops.convert_to_tensor(grid * math.sqrt(power), dtype="float32")
    outputs = _backend.to_numpy(function(inputs)).astype(np.float64)
    mean = float(np.sum(weights * outputs))
    square = float(np.sum(weights * outputs**2))
    return square, math.sqrt(max(0.0, square - mean**2))


def histogram(values, *, ascii_only=False):
    """Lines of bars, each with the middle of its bin before it.

    >>> histogram(np.array([0.5, 0.5]), ascii_only=True)[0].split()
    ['0.5', '########################################', '2']
    """
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:  # one bar stands for 0
        high = max(-low, high)
        low = -high
    bars = BARS if low < high else 1
    counts, _ = np.histogram(values, bars, (low, high if bars > 1 else low + 1))
    lines = []
    for bar, count in enumerate(int(count) for count in counts):
        middle = low + (bar + 0.5) * (high - low) / bars
        eighths = math.ceil(8 * BAR_WIDTH * count / int(counts.max()))
        drawn = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
        if ascii_only:
            drawn = "#" * math.ceil(eighths / 8)
        lines.append(f"{middle:>10.3g} {drawn:<{BAR_WIDTH}} {count:>12,}")
    return lines


def _facts(initializer, shape, values, activation):
    """Rows `(what, value)` of the table above the histogram."""
    yield "initializer", repr(initializer)
    yield "shape", f"{shape}, {values.size:,} values"
    fans_of = getattr(initializer, "fans", compute_fans)
    fan_in, fan_out = fans_of(shape)
    yield "fan_in, fan_out", f"{fan_in}, {fan_out}"
    law = expected(initializer, shape)
    if law:
        yield "deviation, expected", f"{law[1]:.5g} around {law[0]:.5g}"
    if not values.size:
        return
    mean, stddev = float(values.mean()), float(values.std())
    yield "deviation, drawn", f"{stddev:.5g} around {mean:.5g}"
    yield "range, drawn", f"{values.min():.5g} to {values.max():.5g}"
    zeros = int(np.count_nonzero(values == 0))
    if zeros:
        yield "zeros", f"{zeros:,} ({zeros / values.size:.1%})"
    if activation is None:
        return
    gain = gain_of(activation)
    yield f"gain of {activation}", f"{gain:.5g}"
    yield (
        "deviation asked for",
        f"{gain / math.sqrt(max(1, fan_in)):.5g} = gain / sqrt(fan_in)",
    )
    # For inputs that are independent with mean 0 and mean square 1.
    power = fan_in * float(np.mean(values**2))
    square, spread = response(activation, power)
    yield "deviation of the sums", f"{math.sqrt(power):.5g} for unit-normal inputs"
    yield (
        f"deviation after {activation}",
        f"{spread:.5g}, root mean square {math.sqrt(square):.5g}",
    )


def run(args):
    """Draws the weight and prints what was found."""
    shape = _shape(args.shape)
    if args.activation is not None:
        gain_of(args.activation)
    initializer = _initializer(args.name, args.config, args.seed)
    tensor = initializer(shape, dtype=args.dtype)
    values = _backend.to_numpy(tensor).astype(np.float64)
    table = rich.table.Table(box=rich.box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for what, value in _facts(initializer, shape, values, args.activation):
        table.add_row(what, value)
    console = rich.console.Console(highlight=False, markup=False)
    console.print(table)
    if values.size:
        for line in histogram(values, ascii_only=console.options.ascii_only):
            console.print(line)
    return 0
