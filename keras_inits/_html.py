"""Tables as HTML, with everything escaped that comes from names."""

import html
from collections.abc import Iterable

from keras_inits._tables import Table


def escape(text: object) -> str:
    """A text as HTML, in an attribute too."""
    return html.escape(str(text), quote=True)


def _breakable(name: str) -> str:
    """A name, which a line may break between its parts."""
    return name.replace("/", "/<wbr>").replace("_", "_<wbr>")


def table(made: Table, rows: Iterable[str] = (), *, caption: str = "") -> str:
    """A `<table>` with the columns that have entries.

    The first column of text is what a row is about, and so its header.

    Args:
        made: The table.
        rows: Attributes of each row's `<tr>`, already escaped.
        caption: What stands above it, as HTML.
    """
    columns = made.filled()
    texts = [column for column in columns if not column.no_wrap]
    subject = (texts or columns)[:1]
    kinds = [' class="number"' if column.no_wrap else "" for column in columns]
    head = "".join(
        f'<th scope="col"{kind}>{escape(column.header)}</th>'
        for column, kind in zip(columns, kinds, strict=True)
    )
    lines, given = [], list(rows)
    cells = zip(*(column.cells for column in columns), strict=True)
    for place, row in enumerate(cells):
        attributes = f" {given[place]}" if given else ""
        line = "".join(
            f'<th scope="row">{_breakable(escape(cell))}</th>'
            if column in subject
            else f"<td{kind}>{escape(cell)}</td>"
            for column, kind, cell in zip(columns, kinds, row, strict=True)
        )
        lines.append(f"<tr{attributes}>{line}</tr>")
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{chr(10).join(lines)}</tbody></table>"
    )


def fragment(made: Table) -> str:
    """A table for a notebook: it scrolls within its own box, and runs no script."""
    lines = [str(line) for line in (made.title, made.note, made.caption) if line]
    caption = "<br>".join(map(escape, lines))
    if made.code:
        caption += f'<pre style="text-align: left">{escape(made.code)}</pre>'
    return (
        # Whoever has no mouse scrolls what the keyboard can reach.
        '<div tabindex="0" style="max-height: 40em; overflow: auto">'
        f"{table(made, caption=caption)}</div>"
    )
