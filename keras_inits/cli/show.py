"""`keras-inits show`: what one initializer does to a weight of a given shape.

The standard deviation that its formula promises stands beside that of the weights it
draws, and beside the one that an activation asks for.
"""

import argparse
import math
from collections.abc import Iterator
from typing import Any

from keras_inits.cli import Integer

HELP = "what one initializer does to a weight of a shape"
DESCRIPTION = """Draws a weight and shows its fans, its expected and its drawn
standard deviation, its range and a histogram."""
WORDS = {
    "`identifier`": "`NAME`",
    "`shape`": "`--shape`",
    "`dtype`": "`--dtype`",
    "`nonlinearity`": "`--activation`",
    "keras_inits.names() lists": "`keras-inits list` shows",
}

LARGEST = 10**8  # values, which take 1.2 GB with their float64 copy
BARS = 15
BAR_WIDTH = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the initializer and the weight."""
    parser.add_argument("name", metavar="NAME", help="see `keras-inits list`")
    parser.add_argument(
        "--shape", required=True, help="the weight's shape, such as 3,3,64,128"
    )
    parser.add_argument(
        "--activation", help="name of the activation that follows, such as relu"
    )
    parser.add_argument("--dtype", help="dtype of the weight, float32 by default")
    parser.add_argument("--seed", action=Integer, default=0, help="0 by default")
    parser.add_argument(
        "--config",
        metavar="JSON",
        default="{}",
        help="""the initializer's arguments, such as '{"sparsity": 0.5}'""",
    )


def _shape(text: str) -> tuple[int, ...]:
    """`3,3,64,128` as a tuple; nothing is a scalar's shape."""
    from keras_inits import _errors

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


def _initializer(name: str, config: str, seed: int) -> Any:
    """The initializer by its name; what it or its inner one draws has the seed."""
    from keras_inits import _checks, _errors
    from keras_inits.cli import _documents
    from keras_inits.initializers import lookup

    cls = lookup.BY_NAME.get(name)
    if cls is None:
        return lookup.raise_unknown_name(name)
    rule = """a JSON object, such as '{"sparsity": 0.5}'"""
    arguments = _documents.json_object("--config", config, rule)
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


def histogram(values: Any, *, ascii_only: bool = False) -> list[str]:
    """Lines of bars, each with the middle of its bin before it.

    >>> import numpy as np
    >>> histogram(np.array([0.5, 0.5]), ascii_only=True)[0].split()
    ['0.5', '########################################', '2']
    """
    import numpy as np

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


def _facts(
    initializer: Any, shape: tuple[int, ...], values: Any, activation: str | None
) -> Iterator[tuple[str, str]]:
    """Rows `(what, value)` of the table above the histogram."""
    from keras_inits import fans, gains

    yield "initializer", repr(initializer)
    yield "shape", f"{shape}, {values.size:,} values"
    fan_in, fan_out = initializer.drawn_fans(shape) or fans.compute_fans(shape)
    yield "fan_in, fan_out", f"{fan_in}, {fan_out}"
    moments = initializer.moments(shape)
    if moments is not None:
        yield "stddev, expected", f"{moments[1]:.5g} around {moments[0]:.5g}"
    if not values.size:
        return
    mean, stddev = float(values.mean()), float(values.std())
    yield "stddev, drawn", f"{stddev:.5g} around {mean:.5g}"
    yield "range, drawn", f"{values.min():.5g} to {values.max():.5g}"
    zeros = int((values == 0).sum())
    if zeros:
        yield "zeros", f"{zeros:,} ({zeros / values.size:.1%})"
    if activation is None:
        return
    gain = gains.gain_of(activation)
    yield f"gain of {activation}", f"{gain:.5g}"
    yield (
        "stddev asked for",
        f"{gain / math.sqrt(max(1, fan_in)):.5g} = gain / sqrt(fan_in)",
    )
    # For inputs that are independent with mean 0 and mean square 1.
    sums = math.sqrt(fan_in * float((values * values).mean()))
    mean, square = gains.response(activation, sums)
    spread = math.sqrt(max(0.0, square - mean * mean))
    yield "stddev of the sums", f"{sums:.5g} for unit-normal inputs"
    yield (
        f"stddev after {activation}",
        f"{spread:.5g}, root mean square {math.sqrt(square):.5g}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Draws the weight and prints what was found."""
    import numpy as np
    import rich.box
    import rich.console

    from keras_inits import _backend, _tables, gains

    shape = _shape(arguments.shape)
    if arguments.activation is not None:
        gains.gain_of(arguments.activation)
    initializer = _initializer(arguments.name, arguments.config, arguments.seed)
    tensor = initializer(shape, dtype=arguments.dtype)
    values = _backend.to_numpy(tensor).astype(np.float64)
    table = _tables.Table(box=rich.box.SIMPLE, show_header=False)
    table.texts("", "")
    for what, value in _facts(initializer, shape, values, arguments.activation):
        table.add_row(what, value)
    _tables.show(table)
    if values.size:
        ascii_only = rich.console.Console().options.ascii_only
        _tables.show(*histogram(values, ascii_only=ascii_only))
    return 0
