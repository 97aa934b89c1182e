"""Docstrings of Keras' dialect, which are Markdown, as Sphinx reads them.

Sections such as `Args:` are left to napoleon, which runs after this. Converted are code
in single backticks, where a public name becomes a link to its page; indented formulas;
fences; and tables.
"""

import inspect
import re

import keras

import keras_inits

SECTION = re.compile(r"^(Args|Returns|Raises|Reference|Yields):$")
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")


def setup(app):
    app.connect("autodoc-process-docstring", convert, priority=400)
    app.connect("autodoc-process-bases", shorten_bases)
    return {"parallel_read_safe": True}


def convert(app, what, name, obj, options, lines):
    """Turns the lines of a docstring into reStructuredText, in place."""
    shown = name.removeprefix("keras_inits.")
    text = inline("\n".join(_blocks(lines)), shown)
    lines[:] = text.split("\n")


def shorten_bases(app, name, obj, options, bases):
    """Names bases that are public here or in Keras; private ones give way to theirs."""
    found = {}
    for base in obj.__mro__[1:]:
        written = _written(base)
        if written and not any(issubclass(f, base) for f in found):
            found[base] = written
    bases[:] = found.values() or ["``object``"]


def _written(base):
    """A public class as reStructuredText, None for a private one."""
    name = base.__name__
    if getattr(keras_inits, name, None) is base:
        return f":py:class:`~keras_inits.{name}`"
    # Keras exports keras.src.callbacks.callback.Callback as keras.callbacks.Callback.
    folder = ".".join(base.__module__.split(".")[2:3])
    if getattr(getattr(keras, folder, None), name, None) is base:
        return f"``keras.{folder}.{name}``"
    return None


def target_of(code):
    """The full name that code refers to, if it is a public one."""
    path = code.removeprefix("keras_inits.").removesuffix("()")
    if not re.fullmatch(r"[A-Za-z_]+(\.[A-Za-z_]+)?", path):
        return None
    owner, _, attribute = path.rpartition(".")
    if not owner and attribute in keras_inits.__all__:
        return f"keras_inits.{attribute}"
    if owner in ("recipes", "draws") and hasattr(
        getattr(keras_inits, owner), attribute
    ):
        return f"keras_inits.{path}"
    return None


def inline(text, own=""):
    """Code spans and links of a text, as reStructuredText writes them."""

    def code(match):
        inner = re.sub(r"\s*\n\s*(\.)?", lambda m: m[1] or " ", match[1])
        target = target_of(inner)
        linked = target and target != f"keras_inits.{own}"
        written = f":py:obj:`{inner} <{target}>`" if linked else f"``{inner}``"
        # Letters may follow code at once in Markdown: `LayerSignal`s.
        return written + "\\ " * match.string[match.end() :][:1].isalnum()

    parts = re.split(
        r"(?m)^(\.\. code-block::.*(?:\n(?: .*|$))*|::(?:\n(?: .*|$))*)", text
    )
    for index in range(0, len(parts), 2):
        parts[index] = CODE.sub(code, parts[index])
        parts[index] = LINK.sub(r"`\1 <\2>`__", parts[index])
    return "".join(parts)


def _blocks(lines):
    """Fences, tables and indented formulas before the first section."""
    lines, index, body = list(lines), 0, True
    while index < len(lines):
        line = lines[index]
        if SECTION.match(line):
            body = False
        if line.startswith("```"):
            end = lines.index("```", index + 1)
            yield f".. code-block:: {line[3:] or 'text'}"
            yield ""
            yield from ("    " + inner for inner in lines[index + 1 : end])
            yield ""
            index = end + 1
        elif line.startswith("| "):
            end = index
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield from _table(lines[index:end])
            index = end
        elif body and line.startswith("    ") and index and not lines[index - 1]:
            yield "::"
            yield ""
            while index < len(lines) and (
                lines[index].startswith("    ") or not lines[index]
            ):
                yield lines[index]
                index += 1
        else:
            yield line
            index += 1


def _table(lines):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    yield ".. list-table::"
    yield "    :header-rows: 1"
    yield ""
    for row in (rows[0], *rows[2:]):
        for place, cell in enumerate(row):
            yield f"    {'  ' if place else '* '}- {cell}"
    yield ""


def first_sentence(name):
    """The summary of a public name's docstring, as Markdown."""
    obj = keras_inits
    for part in name.split("."):
        obj = getattr(obj, part)
    return inspect.getdoc(obj).partition("\n\n")[0].replace("\n", " ")
