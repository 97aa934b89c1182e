"""What the extensions say of a page that they cannot read."""

import importlib
import pathlib
import types

import pytest

pytestmark = pytest.mark.guide

EXTENSIONS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "_extensions"


def test_a_page_without_a_title_is_named(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(EXTENSIONS)
    reference = importlib.import_module("reference")
    errors = importlib.import_module("sphinx.errors")
    page = tmp_path / "start.md"
    page.write_text("Install it.\n\n```python\n# no title\n```\n")

    with pytest.raises(errors.ExtensionError, match="has no title") as error:
        reference._collect(types.SimpleNamespace(srcdir=tmp_path))
    assert str(error.value) == f"{page} has no title: it must begin with one."
