"""Tables, as reports and commands print them.

A table takes the width of the terminal, or 80 columns where there is none. What
does not fit is left out by whole columns, the least important ones first, and a line
says which; no number is cut. A column without any entry is never shown.
"""

from collections.abc import Iterator
from typing import Any

import rich.box
import rich.console
import rich.measure
import rich.table
import rich.text

BETWEEN = 3  # characters from one column to the next
EDGES = 2  # characters beside the first and the last
LONGEST_WORD = 30  # characters; what is longer may be folded
FOLDED = 20  # characters that a folded text gets at least


class Table(rich.table.Table):
    """A table of rich's that fits into the terminal, as `print` shows it too.

    Args:
        title: A line above it.
        caption: A line below it.
        **options: See `rich.table.Table`.
    """

    def __init__(
        self, title: str | None = None, caption: str | None = None, **options: Any
    ) -> None:
        super().__init__(
            title=title and rich.text.Text(title, "table.title"),
            caption=caption and rich.text.Text(caption, "bold"),
            **{"box": rich.box.SIMPLE_HEAD, "pad_edge": False, **options},
        )
        self.note = ""  # a line between the rows and the caption
        self.code = ""  # Python below the caption
        self._priorities: list[int] = []

    def texts(self, *names: str, priority: int = 0) -> None:
        """Adds columns of text, which is folded where it is too long.

        Where there is too little room, the columns of the largest `priority` are left
        out first.
        """
        for name in names:
            self.add_column(name, overflow="fold")
            self._priorities.append(priority)

    def numbers(self, *names: str, priority: int = 0) -> None:
        """Adds columns of numbers, which are never folded; `priority` as for texts."""
        for name in names:
            self.add_column(name, justify="right", no_wrap=True)
            self._priorities.append(priority)

    def add_row(self, *cells: Any, style: str | None = None) -> None:
        """Adds a row of strings, which are shown as they are, and of `Text`s."""
        shown = (rich.text.Text(c) if isinstance(c, str) else c for c in cells)
        super().add_row(*shown, style=style)

    def filled(self) -> list[rich.table.Column]:
        """The columns that have an entry; all of them where there is no row."""
        return [c for c in self.columns if not self.rows or any(map(str, c.cells))]

    def __str__(self) -> str:
        # In a notebook rich would show what is captured, too, 115 columns wide.
        console = rich.console.Console(color_system=None, force_jupyter=False)
        with console.capture() as captured:
            console.print(self)
        return captured.get()

    def __rich_console__(
        self, console: rich.console.Console, options: Any
    ) -> Iterator[Any]:
        filled = self.filled()
        shown = self._fitting(filled, console, options.max_width)
        if self.title:
            yield self.title
        # Of rich's own class, which lays it out.
        table = rich.table.Table(
            box=self.box,
            pad_edge=False,
            show_header=self.show_header,
            show_lines=self.show_lines,
        )
        for column in shown:
            table.add_column(
                column.header,
                justify=column.justify,
                no_wrap=column.no_wrap,
                overflow=column.overflow,
            )
        cells = zip(*(column.cells for column in shown), strict=True)
        for row, texts in zip(self.rows, cells, strict=True):
            table.add_row(*texts, style=row.style)
        yield table
        names = [str(column.header) for column in filled if column not in shown]
        if names:
            needed = EDGES - BETWEEN + sum(BETWEEN + _width(console, c) for c in filled)
            yield rich.text.Text(
                f"Not shown: {', '.join(names)}. {needed} columns show all.", "dim"
            )
        if self.note:
            yield rich.text.Text(self.note, "dim")
        if self.caption:
            yield self.caption
        if self.code:
            yield rich.text.Text(self.code, overflow="fold")

    def _fitting(
        self, columns: list[rich.table.Column], console: rich.console.Console, room: int
    ) -> list[rich.table.Column]:
        """Those of the columns that there is room for, the first one always."""
        order = {id(c): p for c, p in zip(self.columns, self._priorities, strict=True)}
        room -= EDGES - BETWEEN
        kept: list[int] = []
        for column in sorted(columns, key=lambda column: order[id(column)]):
            width = BETWEEN + _width(console, column)
            if width <= room or not kept:
                kept.append(id(column))
                room -= width
        return [column for column in columns if id(column) in kept]


def _width(console: rich.console.Console, column: rich.table.Column) -> int:
    """Characters that a column needs: whole numbers, and words of folded texts."""
    wide = console.options.update(width=1000)
    sizes = [
        rich.measure.Measurement.get(console, wide, cell)
        for cell in (column.header, *column.cells)
    ]
    longest = max(size.maximum for size in sizes)
    if column.no_wrap:
        return longest
    word = min(LONGEST_WORD, max(size.minimum for size in sizes))
    return min(longest, max(word, FOLDED))


class _Console(rich.console.Console):
    """Leaves a reader that has gone to the caller, where rich ends the process."""

    def on_broken_pipe(self) -> None:
        raise  # the error that rich has caught


def show(*lines: object) -> None:
    """Prints tables and lines of text on standard output."""
    console = _Console(highlight=False, markup=False)
    for line in lines:
        console.print(line, soft_wrap=isinstance(line, str))
