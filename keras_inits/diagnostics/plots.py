"""What all pictures of reports have: themes, axes, legends, and files to write.

matplotlib is imported when the first picture is drawn, and its constrained layout
places what is drawn. Figures are made without pyplot, so no window opens and no global
state changes. Colors are from Okabe and Ito's palette for all kinds of color vision,
and no mark differs from another by its color alone.
"""

import dataclasses
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from keras_inits import _checks, _errors
from keras_inits.diagnostics import labels

WIDTH = 11.0  # inches, as the heights
LINE_HEIGHT = 0.2
PAD = 0.08
RESOLUTION = 150


@dataclasses.dataclass(frozen=True)
class Theme:
    """Colors of a picture."""

    ground: str
    ink: str
    faint: str
    healthy: str
    troubled: str
    lines: tuple[str, ...]


THEMES = {
    "light": Theme(
        ground="#ffffff",
        ink="#1a1a1a",
        faint="#d9d9d9",
        healthy="#0072b2",
        troubled="#d55e00",
        lines=(
            *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"),
            "#1a1a1a",
        ),
    ),
    "dark": Theme(
        ground="#14171a",
        ink="#e8e8e8",
        faint="#3c4147",
        healthy="#56b4e9",
        troubled="#e69f00",
        lines=(
            *("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00"),
            "#e8e8e8",
        ),
    ),
}
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def is_installed() -> bool:
    """Whether there is a matplotlib to draw with."""
    return importlib.util.find_spec("matplotlib") is not None


def prepare(path: Any, theme: str) -> tuple[Theme, list[Path]]:
    """The theme's colors and the files to write; refuses before anything is drawn."""
    _checks.check_choice("theme", theme, tuple(THEMES))
    if not is_installed():
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


def canvas(width: float, height: float, colors: Theme) -> Any:
    """An empty figure of that many inches, whose layout follows from what it holds."""
    import matplotlib.figure
    import matplotlib.layout_engine

    engine = matplotlib.layout_engine.ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD)
    return matplotlib.figure.Figure(
        (width, height), facecolor=colors.ground, layout=engine
    )


def heading_of(figure: Any, text: str, colors: Theme, *, fontsize: int) -> None:
    """Writes lines above a figure or a part of one, at its left edge."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=fontsize, color=colors.ink)


def style(axes: Any, colors: Theme) -> Any:
    """The axes in the colors of a theme, without a frame."""
    axes.set_facecolor(colors.ground)
    axes.tick_params(colors=colors.ink, labelsize=8, which="both")
    for side, spine in axes.spines.items():
        spine.set_color(colors.ink)
        spine.set_linewidth(0.6)
        spine.set_visible(side in ("left", "bottom"))
    return axes


def log_axis(axes: Any, low: float, high: float) -> None:
    """Makes the vertical axis logarithmic between two bounds, its ticks plain numbers.

    Three ticks stand in each decade where there are few, else one.
    """
    from matplotlib import ticker

    steps = (1.0, 2.0, 5.0) if high < 1e3 * low else (1.0,)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=steps))
    axes.yaxis.set_major_formatter(lambda value, _: labels.number(value))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())


def legend(axes: Any, colors: Theme) -> None:
    """The legend above the axes, at the right, where no line can cross it."""
    entries = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    axes.legend(
        [*entries.values()],
        [*entries],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=max(1, len(entries)),
        frameon=False,
        fontsize=8,
        labelcolor=colors.ink,
        borderaxespad=0.2,
        handlelength=1.6,
        columnspacing=1.2,
    )


def save(figure: Any, files: Iterable[Path]) -> None:
    """Writes the figure into each file."""
    for file in files:
        figure.savefig(file, dpi=RESOLUTION, facecolor=figure.get_facecolor())
