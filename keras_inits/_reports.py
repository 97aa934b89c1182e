"""What all reports have: a table in terminals and notebooks, and plain data.

To add one: a frozen dataclass that extends `Report` and has `table`.
"""

import dataclasses
import json
import math
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from keras_inits import _checks, _convert, _errors, _html
from keras_inits._tables import Table

T = TypeVar("T")
MOST_ROWS = 30  # which a terminal shows at once; a report with more has a summary


@dataclasses.dataclass(frozen=True)
class Report:
    """What `print`, `rich.print` and notebooks show as a table.

    `to_dict` and `to_json` give its data.
    """

    def table(self) -> Table:
        """A `rich.table.Table`, which `print` shows too."""
        raise NotImplementedError

    def __rich__(self) -> Table:
        return self.table()

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return _html.fragment(self.table())

    def to_dict(self) -> dict[str, Any]:
        """Plain data: dicts, lists, strings and numbers, as JSON has them.

        A number that is not finite becomes `None`.
        """
        found: dict[str, Any] = _plain(dataclasses.asdict(self))
        return found

    def to_json(self, path: str | Path | None = None, *, indent: int | None = 2) -> str:
        """The plain data as JSON text, and into a file if a path is given.

        Args:
            path: Path of a file in a directory that exists, or `None`.
            indent: Spaces before each level, an integer from 0 to 80, or `None` for
                one line.

        Raises:
            ValueError: If an argument is not as said above.
        """
        with _errors.named(f"{type(self).__name__}.to_json"):
            if indent is not None:
                rule = "None or an integer from 0 to 80"
                whole = _checks.check_real("indent", indent, rule, range(81).count)
                indent = int(whole)
            if path is not None:
                path = _checks.check_path("path", path)
            text = json.dumps(self.to_dict(), indent=indent)
        if path is not None:
            path.write_text(text + "\n", encoding="utf-8")
        return text


def rows_to_show(rows: str | None, options: tuple[str, ...], count: int) -> str:
    """Which rows a table has: the option given, or what suits so many rows.

    Args:
        rows: What the caller gave, `None` to leave it to the number of rows.
        options: "all", "summary" and others.
        count: Number of all rows.
    """
    if rows is None:
        return "all" if count <= MOST_ROWS else "summary"
    _checks.check_choice("rows", rows, options)
    return rows


def evenly(entries: Sequence[T], count: int) -> list[T]:
    """At most `count` of the entries, the ends among them, the others evenly."""
    if len(entries) <= count:
        return list(entries)
    if count < 2:
        return list(entries[:count])
    last = len(entries) - 1
    return [entries[round(place * last / (count - 1))] for place in range(count)]


def stand_ins(labels: Sequence[Hashable]) -> list[int]:
    """Indices of at most `MOST_ROWS` rows that stand for all.

    Those where the label changes come first, then others evenly.
    """
    last = len(labels) - 1
    ends = [
        index
        for index, label in enumerate(labels)
        if index in (0, last) or {*labels[index - 1 : index + 2]} != {label}
    ]
    chosen = evenly(ends, MOST_ROWS)
    others = [index for index in range(len(labels)) if index not in chosen]
    return sorted(chosen + evenly(others, MOST_ROWS - len(chosen)))


def _plain(value: Any) -> Any:
    """The same with lists for tuples and `None` for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not _writable(value):
        return _convert.text(value)  # as errors write it, and as `seed` takes it
    return value


def _writable(value: int) -> bool:
    """Whether Python writes an integer in decimal digits: it refuses very long ones."""
    try:
        return bool(str(value))
    except ValueError:
        return False
