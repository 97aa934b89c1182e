"""Tables: as many columns as there is room for, and none without an entry."""

import io
import os

import pytest
import rich.console
import rich.jupyter

from keras_inits import _reports, _tables

NUMBERS = {f"number {i}": f"{i}.{i}5e-0{i}" for i in range(9)}
TEXT = "RandomUniform(minval=-0.1768, maxval=0.1768) [bold]"


def table():
    made = _tables.Table("a [bold] title", "a caption")
    made.texts("address")
    for place, name in enumerate(NUMBERS):
        made.numbers(name, priority=9 - place)
    made.texts("initializer")
    made.numbers("empty")
    made.add_row("stem/kernel", *NUMBERS.values(), TEXT, "")
    made.add_row("stem/bias", *NUMBERS.values(), "Zeros()", "", style="dim")
    made.note = "a note"
    return made


def printed(width, made=None):
    file = io.StringIO()
    rich.console.Console(file=file, width=width).print(made or table())
    return file.getvalue()


@pytest.mark.parametrize("width", [30, 40, 80, 100, 120, 200])
def test_no_number_is_cut_and_no_line_too_long(width):
    text = printed(width)

    assert max(map(len, text.splitlines())) <= width
    shown = [name for name, number in NUMBERS.items() if text.count(number) == 2]
    assert [number for number in NUMBERS.values() if number in text] == [
        NUMBERS[name] for name in shown
    ]
    rest = " ".join(text.split()).partition("Not shown: ")[2].partition(". ")[0]
    left_out = rest.split(", ") if rest else []
    assert [name for name in NUMBERS if name not in shown] == [
        name for name in left_out if name != "initializer"
    ]


def test_the_least_important_columns_are_left_out_first():
    text = " ".join(printed(80).split())

    assert "Not shown: number 0, number 1, number 2, number 3, number 4, number 5" in (
        text
    )
    assert "number 6 number 7 number 8 initializer" in text
    for line in ("a [bold] title", "a note", "a caption"):
        assert text.count(line) == 1


def test_the_width_that_is_named_shows_all():
    narrow = " ".join(printed(80).split())
    needed = int(narrow.partition(" columns show all.")[0].rpartition(" ")[2])

    assert "Not shown" not in printed(needed)
    assert "Not shown" in printed(needed - 1)


@pytest.mark.parametrize("width", [80, 400])
def test_a_column_without_entries_is_never_shown_and_never_missed(width):
    assert "empty" not in printed(width)


def test_the_first_column_is_shown_in_any_case():
    made = _tables.Table()
    made.texts("a", "b")
    made.add_row("1234567", "5678")

    assert "1234567" in printed(12, made)
    assert "5678" not in printed(12, made)


def test_where_there_is_room_a_row_is_one_line():
    text = printed(200)

    assert text.count("address") == 1
    assert TEXT in text  # and what looks like markup is text


@pytest.mark.parametrize(("width", "shown"), [(20, "abc"), (19, "ab")])
def test_no_column_is_left_out_that_has_room(width, shown):
    made = _tables.Table()
    made.texts("a")
    made.numbers("b", "c")
    made.add_row("1234", "5678", "9012")  # 12, 3 between two of them, 2 at the edges

    assert printed(width, made).split()[: len(shown)] == list(shown)


def test_rows_of_which_no_column_has_an_entry_show_their_headers():
    made = _tables.Table()
    made.texts("a", "b")

    assert printed(80, made).split()[:2] == ["a", "b"]


def test_a_table_prints_as_a_report_does(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    assert str(table()) == str(Shown()) == printed(80)


class Shown(_reports.Report):
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


def test_a_notebook_prints_a_table_once_and_as_wide_as_it_says(monkeypatch):
    # rich takes 115 columns there, and shows its output beside what is printed.
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    monkeypatch.setattr(rich.jupyter, "display", lambda *shown: pytest.fail("shown"))
    monkeypatch.setenv("COLUMNS", "60")

    assert max(map(len, str(table()).splitlines())) <= 60
