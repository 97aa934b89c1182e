"""`keras-inits list`: every initializer's names, formula and source.

All of it is read from the classes and their docstrings, so there is no second
list to keep.
"""

import argparse
import inspect
import re
from typing import Any

HELP = "every initializer with its formula and source"
DESCRIPTION = """Shows each initializer's names, what it computes and where it comes
from. Any of the names works in `kernel_initializer=`."""
WORDS: dict[str, str] = {}

# What a table's narrow column says for a long path.
LIBRARIES = {
    "jax.nn.initializers.": "JAX",
    "keras.initializers.": "Keras",
    "torch.nn.init.": "PyTorch",
    "torch.nn.": "PyTorch",
}


def _paragraphs(cls: type[Any]) -> list[str]:
    """The docstring's paragraphs, each on lines of its own."""
    return inspect.cleandoc(cls.__doc__ or "").split("\n\n")


def _plain(text: str) -> str:
    """A docstring's words on one line, without markup or addresses."""
    text = re.sub(r"\s*https?://\S+[,;]?", "", text.replace("`", ""))
    return " ".join(text.split()).strip(" ,;.")


def formula(cls: type[Any]) -> str:
    """The summary, and the formula that stands indented below it, if any."""
    summary, *rest = _paragraphs(cls)
    lines = [_plain(summary)]
    for paragraph in rest:
        if paragraph.startswith("    "):
            lines += [_plain(line) for line in re.split(r"\s{2,}", paragraph.strip())]
            break
    return "\n".join(lines)


def source(cls: type[Any]) -> str:
    """The paper or the library that the docstring refers to."""
    found = [p for p in _paragraphs(cls) if p.startswith("Reference:")]
    text = _plain(found[0].removeprefix("Reference:")) if found else ""
    text = text.replace(" .", ".")
    for module, library in LIBRARIES.items():
        text = text.replace(module, f"{library} ")
    return text


def names_by_class() -> dict[type[Any], list[str]]:
    """The listed classes, sorted by name, each with all its names."""
    from keras_inits.initializers import lookup

    found: dict[type, list[str]] = {}
    for name, cls in lookup.BY_NAME.items():
        found.setdefault(cls, []).append(name)
    return dict(sorted(found.items(), key=lambda pair: pair[1][1]))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds none."""


def run(arguments: argparse.Namespace) -> int:
    """Prints the table."""
    from keras_inits import _tables

    table = _tables.Table(show_lines=True)
    table.texts("Names", "Formula", "Source")
    for cls, (class_name, *others) in names_by_class().items():
        table.add_row("\n".join([*others, class_name]), formula(cls), source(cls))
    _tables.show(table)
    return 0
