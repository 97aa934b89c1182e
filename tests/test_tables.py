"""Tables: all of their columns are shown, however little room there is."""

import io
import os

import pytest
import rich.console

from keras_inits import _tables

NUMBERS = {f"number {i}": f"{i}.{i}5e-0{i}" for i in range(9)}
TEXT = "RandomUniform(minval=-0.1768, maxval=0.1768) [bold]"


def table():
    made = _tables.Table("a title", "a caption")
    made.texts("address")
    made.numbers(*NUMBERS)
    made.texts("initializer")
    made.add_row("stem/kernel", *NUMBERS.values(), TEXT)
    made.add_row("stem/bias", *NUMBERS.values(), "Zeros()", style="dim")
    return made


def printed(width):
    file = io.StringIO()
    rich.console.Console(file=file, width=width).print(table())
    return file.getvalue()


@pytest.mark.parametrize("width", [30, 40, 80, 100, 120])
def test_no_number_is_cut_and_no_line_too_long(width):
    text = printed(width)

    assert max(map(len, text.splitlines())) <= width
    for number in (*NUMBERS, *NUMBERS.values()):
        assert number in text


def test_a_part_begins_with_what_a_row_is_about():
    text = printed(80)

    parts = text.count("address")
    assert parts > 1
    assert text.count("stem/kernel") == text.count("stem/bias") == parts
    assert text.count("a title") == text.count("a caption") == 1


def test_where_there_is_room_a_row_is_one_line():
    text = printed(200)

    assert text.count("address") == 1
    assert TEXT in text  # and what looks like markup is text


@pytest.mark.parametrize(("width", "parts"), [(20, 1), (19, 2)])
def test_there_are_no_more_parts_than_are_needed(width, parts):
    made = _tables.Table()
    made.texts("a")
    made.numbers("b", "c")
    made.add_row("1234", "5678", "9012")  # 12, 3 between two of them, 2 at the edges
    file = io.StringIO()
    rich.console.Console(file=file, width=width).print(made)

    assert file.getvalue().count("1234") == parts


class Shown(_tables.Printable):
    def table(self):
        return table()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_report_as_text_is_as_wide_as_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))

    assert str(Shown()) == printed(columns)


def test_a_report_as_text_has_80_columns_where_there_is_no_terminal(monkeypatch):
    def no_terminal(_):
        raise OSError

    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", no_terminal)

    assert str(Shown()) == printed(80)
