"""Cells that write a file or call a shell, shown as a file and as commands.

The first line of such a cell, `%%writefile my_model.py` or `%%bash`, tells nothing to
somebody who does not know Jupyter. In its place stand a comment with the file's name,
and a prompt before each command.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

FILE = re.compile(r"\A%%writefile (\S+)\n")
SHELL = re.compile(r"\A%%bash.*\n")


class ShowCells(SphinxPostTransform):
    """Changes what is shown of such cells, before it is highlighted."""

    default_priority = 100

    def run(self, **kwargs):
        for block in self.document.findall(nodes.literal_block):
            text = block.astext()
            if file := FILE.match(text):
                _write(block, f"# {file[1]}\n{text[file.end() :]}", "python")
            elif shell := SHELL.match(text):
                lines = text[shell.end() :].splitlines()
                _write(block, "\n".join(f"$ {line}" for line in lines), "console")


def setup(app):
    app.add_post_transform(ShowCells)
    return {"parallel_read_safe": True}


def _write(block, text, language):
    block[:] = [nodes.Text(text)]
    block.rawsource = text  # which is highlighted where it is the text
    block["language"] = language
