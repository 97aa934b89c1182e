"""Tables, as reports and commands print them.

A table that is wider than the terminal, or than 80 columns where there is none, comes
in parts below each other: each has some of the columns, and the first column again.
No number is cut.
"""

import rich.box
import rich.console
import rich.markup
import rich.measure
import rich.table
import rich.text

BETWEEN = 3  # characters from one column to the next
EDGES = 2  # characters beside the first and the last
LONGEST_WORD = 30  # characters; what is longer may be folded


class Table(rich.table.Table):
    """A table of rich's that shows all of its columns, however little room there is.

    Args:
        title: A line above it.
        caption: A line below it.
        **options: See `rich.table.Table`.
    """

    def __init__(self, title=None, caption=None, **options):
        title, caption = (
            text and rich.markup.escape(text) for text in (title, caption)
        )
        options = {"box": rich.box.SIMPLE_HEAD, "caption_style": "bold", **options}
        super().__init__(title=title, caption=caption, pad_edge=False, **options)

    def texts(self, *names):
        """Adds columns of text, which is folded where it is too long."""
        for name in names:
            self.add_column(name, overflow="fold")

    def numbers(self, *names):
        """Adds columns of numbers, which are never folded."""
        for name in names:
            self.add_column(name, justify="right", no_wrap=True)

    def add_row(self, *cells, style=None):
        """Adds a row of strings, which are shown as they are, and of `Text`s."""
        shown = (rich.text.Text(c) if isinstance(c, str) else c for c in cells)
        super().add_row(*shown, style=style)

    def __rich_console__(self, console, options):
        parts = self._parts(console, options)
        if len(parts) == 1:
            yield from super().__rich_console__(console, options)
            return
        if self.title:
            yield console.render_str(str(self.title), style="table.title")
        for columns in parts:
            table = Table(show_lines=self.show_lines)
            for column in columns:
                add = table.numbers if column.no_wrap else table.texts
                add(column.header)
            cells = zip(*(column.cells for column in columns), strict=True)
            for row, texts in zip(self.rows, cells, strict=True):
                table.add_row(*texts, style=row.style)
            yield table
        if self.caption:
            yield console.render_str(str(self.caption), style=self.caption_style)

    def _parts(self, console, options):
        """The columns of each part."""
        first, *others = self.columns
        parts, room = [[first]], options.max_width - EDGES - _width(console, first)
        left = room
        for column in others:
            width = BETWEEN + _width(console, column)
            if width > left and len(parts[-1]) > 1:
                parts.append([first])
                left = room
            parts[-1].append(column)
            left -= width
        return parts


def _width(console, column):
    """Characters that a column needs: whole numbers, and the longest word of texts."""
    wide = console.options.update(width=1000)
    sizes = [
        rich.measure.Measurement.get(console, wide, cell)
        for cell in (column.header, *column.cells)
    ]
    if column.no_wrap:
        return max(size.maximum for size in sizes)
    return min(LONGEST_WORD, max(size.minimum for size in sizes))


class Printable:
    """A report that `print` and `rich.print` show as a table."""

    def table(self):
        """A `rich.table.Table`."""
        raise NotImplementedError

    def __rich__(self):
        return self.table()

    def __str__(self):
        console = rich.console.Console(color_system=None)
        with console.capture() as captured:
            console.print(self.table())
        return captured.get()


def show(*lines):
    """Prints tables and lines of text on standard output."""
    console = rich.console.Console(highlight=False, markup=False)
    for line in lines:
        console.print(line, soft_wrap=isinstance(line, str))
