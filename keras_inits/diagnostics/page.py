"""A report as one page of HTML, which loads nothing from elsewhere.

`page.html` is the page; here it is filled. What a problem means and what a column
says stands in `explanations`.
"""

import base64
import collections
import io
import pathlib
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras_inits
from keras_inits import _html
from keras_inits._html import escape
from keras_inits.diagnostics import explanations, histograms, plots

if TYPE_CHECKING:
    from keras_inits.diagnostics.report import SignalReport

TEMPLATE = pathlib.Path(__file__).with_suffix(".html")
NO_PICTURES = (
    "<p>Pictures need matplotlib, which was not installed where this page was written."
    "</p>"
)


def render(report: "SignalReport") -> str:
    """The page as text."""
    table = report.table("all")
    # The verdict beside the layer's name, where a phone shows it without scrolling.
    table.columns.insert(2, table.columns.pop())
    counts = collections.Counter(
        problem for layer in report.layers for problem in layer.problems
    )
    sentences = report.conclusion().split("; ")
    count = f"{len(report.layers)} layers, {len(report.troubled)} with a problem"
    return string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"{report.model}: its signal"),
        facts=escape(report.facts()),
        state="healthy" if report.healthy else "troubled",
        verdict="".join(f"<p>{escape(_sentence(text))}</p>" for text in sentences),
        advice=f"<pre>{escape(report.advice)}</pre>" if report.advice else "",
        problems=_problems(counts),
        options=_options(counts, report),
        table=_html.table(table, _attributes(report), caption=escape(count)),
        columns="".join(
            f"<dt>{escape(column.header)}</dt>"
            f"<dd>{escape(explanations.COLUMNS[str(column.header)])}</dd>"
            for column in table.filled()
        ),
        pictures=_pictures(report),
        version=escape(keras_inits.__version__),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _attributes(report: "SignalReport") -> Iterator[str]:
    """What each row says of its problems."""
    for layer in report.layers:
        kind = ' class="troubled"' if layer.problems else ""
        yield f'data-problems="{escape("|".join(layer.problems))}"{kind}'


def _problems(counts: collections.Counter[str]) -> str:
    """What each problem that was found means."""
    if not counts:
        return ""
    entries = [
        f"<dt>{escape(problem)}: {_layers(count)} "
        f'<button type="button" data-problem="{escape(problem)}" hidden>Show</button>'
        f"</dt><dd>{escape(explanations.PROBLEMS.get(problem, ''))}</dd>"
        for problem, count in counts.items()
    ]
    return f"<h2>What it means</h2><dl>{''.join(entries)}</dl>"


def _layers(count: int) -> str:
    return "1 layer" if count == 1 else f"{count} layers"


def _options(counts: collections.Counter[str], report: "SignalReport") -> str:
    """What the table can be filtered by."""
    chosen = {"": f"all {len(report.layers)} layers"}
    if counts:
        chosen["*"] = f"layers with a problem ({len(report.troubled)})"
    chosen |= {problem: f"{problem} ({count})" for problem, count in counts.items()}
    return "".join(
        f'<option value="{escape(value)}">{escape(text)}</option>'
        for value, text in chosen.items()
    )


def _pictures(report: "SignalReport") -> str:
    """The picture in both themes, of which the browser shows the one it prefers."""
    if not plots.is_installed():
        return NO_PICTURES
    light, dark = (_drawn(report, theme) for theme in plots.THEMES)
    text = "Histograms of the layers' outputs, and by depth the standard deviations of "
    text += "outputs and gradients and those of theory, whose numbers the table has."
    return (
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="pictures">'
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{escape(text)}"></picture></div>'
    )


def _drawn(report: "SignalReport", theme: str) -> str:
    """A picture as the address that holds it whole."""
    file = io.BytesIO()
    figure = histograms.draw_report(report, theme=theme)
    figure.savefig(
        file, format="svg", facecolor=figure.get_facecolor(), metadata={"Date": None}
    )
    content = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/svg+xml;base64,{content}"
