"""Writes `llms.txt`, the list of all pages for machines that read."""

import pathlib

from sphinx.util import logging


def setup(app):
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True}


def _write(app, exception):
    if exception or app.builder.format != "html":
        return
    titles = app.env.titles
    lines = [f"# {app.config.project}", "", f"> {app.config.html_short_title}", ""]
    sections = {}
    for name in sorted(app.env.found_docs):
        sections.setdefault(name.rpartition("/")[0], []).append(name)
    for folder, names in sections.items():
        index = f"{folder}/index" if folder else "index"
        heading = titles[index].astext() if index in titles else folder
        lines += [f"## {heading}", ""]
        lines += [f"- [{titles[name].astext()}]({name}.html)" for name in names]
        lines.append("")
    pathlib.Path(app.outdir, "llms.txt").write_text("\n".join(lines), "utf-8")
    logging.getLogger(__name__).info("wrote llms.txt")
