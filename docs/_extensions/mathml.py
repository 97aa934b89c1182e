"""Formulas as MathML, which browsers draw by themselves, without script or fonts."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True}


def _inline(writer, node):
    writer.body.append(convert(node.astext()))
    _skip()


def _block(writer, node):
    latex = node.astext()
    if "\\\\" in latex or "&" in latex:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    # Wide formulas are scrolled by keyboard too.
    writer.body.append(
        '<div class="math" tabindex="0" role="group" aria-label="Formula">'
    )
    writer.body.append(convert(latex, display="block"))
    writer.body.append("</div>\n")
    _skip()


def _skip():
    raise SkipNode  # docutils would go on to the text within
