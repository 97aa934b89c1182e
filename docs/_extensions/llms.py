"""Writes `llms.txt`, the list of all pages for machines that read.

The pages stand in the order of the guide, those of public names with the first sentence
of their docstrings.
"""

import pathlib

from markdown_docstrings import first_sentence
from sphinx.util import logging


def setup(app):
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True}


def _write(app, exception):
    if exception or app.builder.format != "html":
        return
    titles = app.env.titles
    lines = [f"# {app.config.project}", "", f"> {app.config.html_short_title}"]
    sections = {}
    for name in dict.fromkeys([*_in_order(app.env), *sorted(app.env.found_docs)]):
        sections.setdefault(name.rpartition("/")[0], []).append(name)
    for folder, names in sections.items():
        index = titles.get(f"{folder}/index")
        lines += ["", f"## {index.astext() if index else folder or 'The guide'}", ""]
        for name in names:
            link = f"- [{titles[name].astext()}]({name}.html)"
            lines.append(": ".join(filter(None, [link, _sentence(name)])))
    lines.append("")
    pathlib.Path(app.outdir, "llms.txt").write_text("\n".join(lines), "utf-8")
    logging.getLogger(__name__).info("wrote llms.txt")


def _in_order(env, name="index"):
    yield name
    for child in env.toctree_includes.get(name, ()):
        yield from _in_order(env, child)


def _sentence(name):
    """What a page of a public name is about."""
    folder, _, name = name.rpartition("/")
    try:
        return first_sentence(name) if folder == "reference" else None
    except AttributeError:  # a page of the reference that is none of a name
        return None
