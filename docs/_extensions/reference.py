"""The pages of the reference: their lists, and links to the pages that use a name.

The directive `names` lists public names, each with the first sentence of its docstring.
Each page of a name ends with the pages whose code uses it or whose text links to it.
"""

import pathlib
import re
from typing import ClassVar

from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from markdown_docstrings import first_sentence
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from keras_inits.initializers.lookup import snake_case

CODE = re.compile(r"(?ms)^```(?:\{code-cell\}|python|pycon).*?^```$")
TITLE = re.compile(r"(?m)^# (.+)$")
HEADING = re.compile(r"(?m)\A\"\"\"\n?(.+)\n[=]+$")
LINK = re.compile(r"\]\(/reference/[\w.]+\.md\)")
READ = (
    *("start.md", "choose.md", "tutorials/*.md", "howto/*.md", "explanation/*.md"),
    "reference/catalogue.md",
)


class Names(SphinxDirective):
    """A table of names, a link and a sentence each; `:toc:` makes it a contents."""

    has_content = True
    option_spec: ClassVar = {"toc": directives.flag}

    def run(self):
        rows = ["| name | |", "| --- | --- |"]
        names = " ".join(self.content).split()
        for name in names:
            sentence = re.sub(r"(?<!`)\|", r"\\|", first_sentence(name))
            rows.append(f"| [`{name}`](/reference/{name}.md) | {sentence} |")
        if "toc" in self.options:
            rows += ["", "```{toctree}", ":hidden:", "", *names, "```"]
        source, _ = self.get_source_info()
        return self.parse_text_to_nodes(StringList(rows, source=source))


def setup(app):
    app.add_directive("names", Names)
    app.connect("builder-inited", _collect)
    app.connect("source-read", _append)
    return {"parallel_read_safe": True}


def _collect(app):
    """Title of every page that may use a name, with its code and its links to names."""
    source = pathlib.Path(app.srcdir)
    app.pages_with_code = pages = {}
    for pattern in READ:
        for path in sorted(source.glob(pattern)):
            text = path.read_text("utf-8")
            name = path.relative_to(source).with_suffix("").as_posix()
            code = [*CODE.findall(text), *LINK.findall(text)]
            pages[name] = _title(TITLE, CODE.sub("", text), path), "\n".join(code)
    for path in sorted(source.glob("gallery/*.py")):
        text = path.read_text("utf-8")
        pages[f"auto_gallery/{path.stem}"] = _title(HEADING, text, path), text


def _title(pattern, text, path):
    if found := pattern.search(text):
        return found[1]
    raise ExtensionError(f"{path} has no title: it must begin with one.")


def _append(app, docname, content):
    folder, _, name = docname.rpartition("/")
    if folder != "reference" or name in ("index", "catalogue"):
        return
    if name[0].isupper():
        # A class is used by its name, or by a string in snake case.
        spelled = rf"\b{name}\b|[\"']{snake_case(name)}[\"']"
    else:
        owner = "" if "." in name else "keras_inits."
        spelled = rf"\b{re.escape(owner + name)}\("
    word = re.compile(rf"{spelled}|/reference/{re.escape(name)}\.md\)")
    links = [
        f"- [{title}](/{page})"
        for page, (title, code) in app.pages_with_code.items()
        if word.search(code)
    ]
    if links:
        content[0] += "\n## Used in\n\n" + "\n".join(links) + "\n"
