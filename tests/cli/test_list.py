"""`keras-inits list`: all names, formulas and sources."""

import pytest

from keras_inits.cli import list as command
from tests import cases


@pytest.mark.parametrize("columns", [80, 120])
def test_list_has_every_name_and_fits_the_terminal(columns, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))

    status, out, err = run("list")

    assert (status, err) == (0, "")
    assert max(len(line) for line in out.splitlines()) <= columns
    first_column = {line.split("  ")[0].strip() for line in out.splitlines()}
    for cls, names in command.names_by_class().items():
        if cls.__module__ == "keras_inits":
            assert set(names) <= first_column


@pytest.mark.parametrize("name", cases.CASES)
def test_list_states_a_formula_and_a_source(name):
    cls = type(cases.build(name))

    assert command.formula(cls)
    assert command.source(cls)
    assert "`" not in command.formula(cls) + command.source(cls)
    assert "http" not in command.source(cls)
