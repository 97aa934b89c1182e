"""`keras-inits list`: every initializer's names, formula and source.

All of it is read from the classes and their docstrings, so there is no second
list to keep.
"""

import inspect
import re

import rich.box
import rich.console
import rich.table

from keras_inits.initializers import lookup

# What a table's narrow column says for a long path.
LIBRARIES = {
    "jax.nn.initializers.": "JAX",
    "keras.initializers.": "Keras",
    "torch.nn.init.": "PyTorch",
    "torch.nn.": "PyTorch",
}


def _paragraphs(cls):
    """The docstring's paragraphs, each on lines of its own."""
    return inspect.cleandoc(cls.__doc__).split("\n\n")


def _plain(text):
    """A docstring's words on one line, without markup or addresses."""
    text = re.sub(r"\s*https?://\S+[,;]?", "", text.replace("`", ""))
    return " ".join(text.split()).strip(" ,;.")


def formula(cls):
    """The summary, and the formula that stands indented below it, if any."""
    summary, *rest = _paragraphs(cls)
    lines = [_plain(summary)]
    for paragraph in rest:
        if paragraph.startswith("    "):
            lines += [_plain(line) for line in re.split(r"\s{2,}", paragraph.strip())]
            break
    return "\n".join(lines)


def source(cls):
    """The paper or the library that the docstring refers to."""
    found = [p for p in _paragraphs(cls) if p.startswith("Reference:")]
    text = _plain(found[0].removeprefix("Reference:")) if found else ""
    text = text.replace(" .", ".")
    for module, library in LIBRARIES.items():
        text = text.replace(module, f"{library} ")
    return text


def names_by_class():
    """The listed classes, sorted by name, each with all its names."""
    found: dict[type, list[str]] = {}
    for name, cls in lookup.BY_NAME.items():
        found.setdefault(cls, []).append(name)
    return dict(sorted(found.items(), key=lambda pair: pair[1][1]))


def run(args):
    """Prints the table."""
    table = rich.table.Table(box=rich.box.SIMPLE_HEAD, show_lines=True, pad_edge=False)
    table.add_column("Names", ratio=5, overflow="fold")
    table.add_column("Formula", ratio=10, overflow="fold")
    table.add_column("Source", ratio=7, overflow="fold")
    for cls, names in names_by_class().items():
        class_name, *others = names
        table.add_row("\n".join([*others, class_name]), formula(cls), source(cls))
    console = rich.console.Console(highlight=False, markup=False)
    console.print(table)
    return 0
