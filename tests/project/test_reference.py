"""Every public name has a page in the guide, with an example."""

import inspect
import pathlib
import re

import pytest

import keras_inits
from keras_inits import cli

pytestmark = pytest.mark.once

REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference"
PARTS = ("draws", "recipes")
NAMES = sorted(
    [
        *keras_inits.__all__,
        *(
            f"{part}.{name}"
            for part in PARTS
            for name in getattr(keras_inits, part).__all__
        ),
    ]
)


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_a_page_with_an_example(name):
    page = (REFERENCE / f"{name}.md").read_text("utf-8")

    assert page.startswith(f"# {name}\n")
    if name not in PARTS:
        kind = "class" if name[0].isupper() else "function"
        assert f".. auto{kind}:: keras_inits.{name}\n" in page
    _, example = page.split("```pycon\n")
    word = name.rpartition(".")[2]
    assert re.search(rf"(?m)^(>>>|\.\.\.) .*\b{word}\b", example)


def test_the_index_lists_every_public_name_once():
    index = (REFERENCE / "index.md").read_text("utf-8")
    listed = re.findall(r"```\{names\}\n:toc:\n\n(.*?)```", index, re.DOTALL)

    assert sorted(" ".join(listed).split()) == [n for n in NAMES if n not in PARTS]


def test_the_catalogue_shows_every_initializer():
    catalogue = (REFERENCE / "catalogue.md").read_text("utf-8")
    initializers = {
        name
        for name in keras_inits.__all__
        if inspect.isclass(item := getattr(keras_inits, name))
        and issubclass(item, keras_inits.Initializer)
        and not inspect.isabstract(item)
    }

    entries = re.findall(r"(?m)^## (\w+)\n\n\$\$\n", catalogue)
    assert sorted(entries) == sorted(initializers)


def test_every_command_has_a_row_and_a_section():
    page = (REFERENCE / "command_line.md").read_text("utf-8")

    rows = re.findall(r"(?m)^\| `keras-inits (\w+)", page)
    assert rows == list(cli.COMMANDS)
    assert set(re.findall(r"(?m)^## (\w+)$", page)) >= set(rows) - {"list"}
