"""Pictures of the reports: light and dark, as PNG and SVG.

matplotlib is imported when the first picture is drawn. Figures are made without
pyplot, so no window opens and no global state changes. Colors are from Okabe
and Ito's palette for all kinds of color vision, and no mark differs from
another by its color alone.
"""

import dataclasses
import math
import textwrap

from keras_inits import _checks, _errors
from keras_inits.diagnostics import verdicts

WIDTH = 11.0  # inches, as all sizes here
PANEL_HEIGHT = 0.62
PANEL_GAP = 0.62  # room for two lines of title and the tick labels
DEPTH_HEIGHT = 1.9
DEPTH_GAP = 0.85
LEFT, RIGHT = 0.95, 0.35
LINE = 0.2
MOST_PANELS = 60
COLUMNS = 10
RESOLUTION = 150


@dataclasses.dataclass(frozen=True)
class Theme:
    """Colors of a picture."""

    ground: str
    ink: str
    faint: str
    healthy: str
    troubled: str
    lines: tuple


THEMES = {
    "light": Theme(
        ground="#ffffff",
        ink="#1a1a1a",
        faint="#d9d9d9",
        healthy="#0072b2",
        troubled="#d55e00",
        lines=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"),
    ),
    "dark": Theme(
        ground="#14171a",
        ink="#e8e8e8",
        faint="#3c4147",
        healthy="#56b4e9",
        troubled="#e69f00",
        lines=("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00"),
    ),
}
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def draw_report(report, path=None, *, theme="light"):
    """Draws each layer's histogram, and the standard deviations by depth.

    The standard deviations of outputs and of gradients are on log axes, with the band
    that `verdicts` calls healthy. Layers with a problem are in the second
    color, with another mark, and an exclamation mark at their name.

    Args:
        report: A `SignalReport`.
        path: Where to save: a name that ends in `.png`, `.svg` or `.pdf`. A
            name without an ending is saved as PNG and as SVG. `None` saves
            nothing.
        theme: `"light"` or `"dark"`.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: If matplotlib is not installed.
        ValueError: If the theme or the ending of the name is unknown.
    """
    colors, files = prepare(path, theme)
    shown = _chosen(report.layers)
    columns = min(COLUMNS, max(len(shown), 5))
    rows = -(-len(shown) // columns)
    backward = any(layer.gradient_stddev is not None for layer in report.layers)
    heading = textwrap.wrap(f"{report.model}: {report.verdict}", 125)
    top = 0.25 + LINE * len(heading)
    grid = rows * (PANEL_HEIGHT + PANEL_GAP)
    depths = 2 if backward else 1
    height = top + grid + depths * (DEPTH_HEIGHT + DEPTH_GAP)
    figure = canvas(WIDTH, height, colors)
    figure.text(
        LEFT / WIDTH,
        1 - 0.12 / height,
        "\n".join(heading),
        ha="left",
        va="top",
        fontsize=10,
        linespacing=1.25,
        color=colors.ink,
    )
    step = (WIDTH - LEFT - RIGHT) / columns
    for place, layer in enumerate(shown):
        row, column = divmod(place, columns)
        bottom = height - top - (row + 1) * (PANEL_HEIGHT + PANEL_GAP) + 0.2
        axes = add_axes(
            figure, LEFT + column * step, bottom, step - 0.22, PANEL_HEIGHT, colors
        )
        _panel(axes, layer, colors, 14 if columns > 7 else 22)
    bottom = (depths - 1) * (DEPTH_HEIGHT + DEPTH_GAP) + 0.5
    size = (WIDTH - LEFT - RIGHT, DEPTH_HEIGHT)
    axes = add_axes(figure, LEFT, bottom, *size, colors)
    values = [layer.signal.stddev for layer in report.layers]
    low, high = verdicts.band(report.input_stddev)
    band = [low] * len(values), [high] * len(values)
    _by_depth(axes, report.layers, values, band, "stddev of outputs", colors)
    if backward:
        axes = add_axes(figure, LEFT, 0.5, *size, colors)
        values = [layer.gradient_stddev for layer in report.layers]
        band = verdicts.gradient_bands(report.layers)
        _by_depth(axes, report.layers, values, band, "stddev of gradients", colors)
    axes.set_xlabel("layer, in the order of the data", fontsize=9, color=colors.ink)
    save(figure, files)
    return figure


def prepare(path, theme):
    """The theme's colors and the files to write; refuses before anything is drawn."""
    _checks.check_choice("theme", theme, tuple(THEMES))
    try:
        import matplotlib.figure  # noqa: F401, asks whether it is there
    except ImportError:
        _errors.raise_error(
            "Pictures need matplotlib, which is not installed. Install it with: pip "
            'install "keras_inits[plot]"',
            ImportError,
        )
    files = []
    if path is not None:
        path = _checks.check_path("path", path)
        endings = (".png", ".svg", ".pdf")
        if not path.suffix:
            files = [path.with_suffix(ending) for ending in endings[:2]]
        elif path.suffix.lower() in endings:
            files = [path]
        else:
            _errors.raise_bad_value(
                "path", "a name that ends in .png, .svg or .pdf", str(path)
            )
    return THEMES[theme], files


def canvas(width, height, colors):
    """An empty figure of that many inches."""
    import matplotlib.figure

    return matplotlib.figure.Figure((width, height), facecolor=colors.ground)


def add_axes(figure, left, bottom, width, height, colors):
    """Axes at a place given in inches from the lower left corner."""
    whole_width, whole_height = figure.get_size_inches()
    axes = figure.add_axes(
        (
            left / whole_width,
            bottom / whole_height,
            width / whole_width,
            height / whole_height,
        ),
        facecolor=colors.ground,
    )
    axes.tick_params(colors=colors.ink, labelsize=8, which="both")
    for side, spine in axes.spines.items():
        spine.set_color(colors.ink)
        spine.set_linewidth(0.6)
        spine.set_visible(side in ("left", "bottom"))
    return axes


def legend(axes, colors):
    """The legend above the axes, at the right, where no line can cross it."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=6,
        frameon=False,
        fontsize=8,
        labelcolor=colors.ink,
        borderaxespad=0.2,
        handlelength=2.4,
    )


def save(figure, files):
    """Writes the figure into each file."""
    for file in files:
        figure.savefig(file, dpi=RESOLUTION, facecolor=figure.get_facecolor())


def short(text, length):
    """The text with its middle left out where it is too long."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def _chosen(layers):
    """All layers, or as many as there are panels, spread evenly."""
    if len(layers) <= MOST_PANELS:
        return layers
    last = len(layers) - 1
    places = [round(i * last / (MOST_PANELS - 1)) for i in range(MOST_PANELS)]
    return [layers[place] for place in places]


def histogram(axes, layer, colors):
    """Draws a layer's histogram; a layer with a problem has the second color."""
    edges, counts = layer.signal.histogram
    color = colors.troubled if layer.problems else colors.healthy
    axes.stairs(counts, edges, fill=True, color=color)
    # The zeros of a ReLU would flatten all other bars: such a bar runs out of
    # the panel, and the title says how many there are.
    *_, second, tallest = sorted(counts)
    axes.set_ylim(0, 1.05 * (tallest if tallest < 3 * second else 1.5 * second) or 1)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    low, high = _compact(edges[0]), _compact(edges[-1])
    if low == high:
        axes.set_xticks([(edges[0] + edges[-1]) / 2], [low], fontsize=6.5)
    else:
        axes.set_xticks([edges[0], edges[-1]])
        labels = axes.set_xticklabels([low, high], fontsize=6.5)
        labels[0].set_horizontalalignment("left")
        labels[1].set_horizontalalignment("right")


def spread(layer):
    """A layer's standard deviation and its share of zeros, as a title says them."""
    text = f"±{_compact(layer.signal.stddev)}"
    if layer.signal.zeros > 0.05:
        text += f", {100 * layer.signal.zeros:.0f}% 0"
    return text


def _panel(axes, layer, colors, length):
    histogram(axes, layer, colors)
    mark = "! " if layer.problems else ""
    title = short(f"{mark}{layer.index} {layer.name.rsplit('/', 1)[-1]}", length)
    axes.set_title(
        f"{title}\n{spread(layer)}",
        fontsize=7.5,
        loc="left",
        pad=2,
        color=colors.ink,
        linespacing=1.1,
    )


def _compact(value):
    """A number in at most six characters."""
    text = f"{value:.2g}"
    if len(text.lstrip("-")) > 5:
        mantissa, exponent = f"{value:.0e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text


def _by_depth(axes, layers, values, band, label, colors):
    drawn = [(i, v) for i, v in enumerate(values) if v and math.isfinite(v)]
    gone = [i for i, v in enumerate(values) if v == 0]
    axes.set_yscale("log")
    axes.set_xlim(-0.5, len(layers) - 0.5)
    if band is not None:
        axes.stairs(
            band[1],
            [i - 0.5 for i in range(len(layers) + 1)],
            baseline=band[0],
            fill=True,
            color=colors.faint,
            alpha=0.6,
            lw=0,
            label="healthy band",
        )
    if drawn:
        axes.plot(*zip(*drawn, strict=True), color=colors.healthy, lw=1.4, zorder=2)
    for wrong, marker, color, text in (
        (False, "o", colors.healthy, "layer"),
        (True, "X", colors.troubled, "layer with a problem"),
    ):
        points = [(i, v) for i, v in drawn if bool(layers[i].problems) == wrong]
        if points:
            axes.plot(
                *zip(*points, strict=True),
                linestyle="none",
                marker=marker,
                markersize=6 if wrong else 4.5,
                color=color,
                label=text,
                zorder=3,
            )
    seen = [v for _, v in drawn] + [v for edge in band or () for v in edge]
    low, high = (min(seen), max(seen)) if seen else (0.1, 10.0)
    axes.set_ylim(low / 3, high * 3)
    if gone:
        # A log axis has no zero: its mark stands on the lower edge.
        axes.plot(
            gone,
            [low / 3] * len(gone),
            linestyle="none",
            marker="v",
            clip_on=False,
            color=colors.troubled,
            label="exactly 0",
        )
    axes.set_title(label, loc="left", fontsize=9, color=colors.ink)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", color=colors.faint, lw=0.4)
    axes.set_axisbelow(True)
    legend(axes, colors)
