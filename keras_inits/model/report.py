"""What `initialize`, `reinitialize` and `detach` return, and their progress bar."""

import contextlib
import dataclasses
import math
import re
from collections.abc import Callable, Iterator

import rich.console
import rich.progress

from keras_inits import _convert, _errors, _reports, _tables
from keras_inits._types import Shape

ROWS = ("all", "changed", "summary")
LONG = 20_000_000  # entries of weights from which a bar is shown


@dataclasses.dataclass(frozen=True)
class WeightReport:
    """What became of one weight.

    Attributes:
        address: Its address in the model.
        layer: Class of the layer that holds it.
        shape: Its shape.
        dtype: Its dtype.
        fan_in: How many inputs meet in one output: the number that the initializer
            scaled by, by its own axes where it has them and gate by gate where it
            draws so, or else that of `fans_of`.
        fan_out: How many outputs one input goes to, counted likewise.
        initializer: What drew it, as text, or None if it was left alone.
        stddev: Standard deviation of the values drawn, None if left alone.
        note: Why it was left alone, or what there is to know of its values: that
            they are the same for every seed, or differ from call to call, whatever
            the seed. Empty otherwise.
    """

    address: str
    layer: str
    shape: Shape
    dtype: str
    fan_in: float
    fan_out: float
    initializer: str | None = None
    stddev: float | None = None
    note: str = ""


def shortened(text: str) -> str:
    """A text whose numbers have at most four digits."""
    return re.sub(r"\d+\.\d{4,}", lambda found: f"{float(found[0]):.4g}", text)


def _kind(outcome: str) -> str:
    """An outcome without the arguments, in which weights of one kind may differ."""
    return re.sub(r"\(.+", "(...)", outcome)


def _range(values: list[float]) -> str:
    """The least and the largest of some numbers, as text."""
    ends = [f"{value:.3g}" for value in (min(values), max(values))] if values else [""]
    return " to ".join(dict.fromkeys(ends))


def _outcome(row: WeightReport) -> str:
    """What became of a weight, in the column of the initializers."""
    if row.initializer is None:
        return f"left alone: {row.note}"
    return f"{row.initializer} ({row.note})" if row.note else row.initializer


@dataclasses.dataclass(frozen=True)
class InitializationReport(_reports.Report):
    """The weights of a model and what was drawn for them.

    `print(report)` and `rich.print(report)` show a table, `report[address]` is
    one weight's row.

    Attributes:
        action: The function that made it.
        model: Name of the model.
        seed: The seed that gives the same weights again.
        dry_run: Whether the weights were left as they were.
        weights: A `WeightReport` for each weight, in the model's order.
    """

    action: str
    model: str
    seed: int
    dry_run: bool
    weights: list[WeightReport]

    @property
    def drawn(self) -> list[WeightReport]:
        """The rows of the weights that were drawn."""
        return [row for row in self.weights if row.initializer is not None]

    @property
    def left_alone(self) -> list[WeightReport]:
        """The rows of the weights that stayed as they were."""
        return [row for row in self.weights if row.initializer is None]

    def __getitem__(self, address: str) -> WeightReport:
        for row in self.weights:
            if row.address == address:
                return row
        raise KeyError(address)

    @_errors.named("InitializationReport.table")
    def table(self, rows: str | None = None) -> _tables.Table:
        """A `rich.table.Table` with a row for each weight, which `print` shows too.

        Args:
            rows: `"all"`, `"changed"` for the weights that were drawn alone, or
                `"summary"` for a row of each kind of weight: the class of its layer,
                its name there and what drew it. `None` is all of at most 30 weights,
                and else the summary.
        """
        rows = _reports.rows_to_show(rows, ROWS, len(self.weights))
        verb = "would set" if self.dry_run else "set"
        title = f"{self.model}: {self.action} {verb} {len(self.drawn)} of "
        title += f"{len(self.weights)} weights, seed {_convert.text(self.seed)}"
        table = _tables.Table(title)
        if rows == "summary":
            self._summarize(table)
        else:
            self._list(table, self.drawn if rows == "changed" else self.weights)
        return table

    def _list(self, table: _tables.Table, weights: list[WeightReport]) -> None:
        table.texts("address")
        table.texts("layer", priority=4)
        table.texts("shape", priority=2)
        table.numbers("fan in", "fan out", priority=3)
        table.texts("initializer")
        table.numbers("stddev", priority=1)
        for row in weights:
            table.add_row(
                row.address,
                row.layer,
                "x".join(map(str, row.shape)) or "scalar",
                f"{row.fan_in:g}",
                f"{row.fan_out:g}",
                shortened(_outcome(row)),
                "" if row.stddev is None else f"{row.stddev:.3g}",
                style="" if row.initializer else "dim",
            )
        if len(weights) < len(self.weights):
            table.note = f"{len(weights)} of {len(self.weights)} weights"

    def _summarize(self, table: _tables.Table) -> None:
        table.numbers("weights")
        table.texts("layer", "name", "initializer")
        table.numbers("stddev", priority=1)
        table.numbers("entries", priority=2)
        table.texts("first", priority=3)
        groups: dict[tuple[str, ...], list[WeightReport]] = {}
        for row in self.weights:
            kind = row.layer, row.address.rpartition("/")[2], _kind(_outcome(row))
            groups.setdefault(kind, []).append(row)
        for (layer, name, initializer), group in groups.items():
            outcomes = {shortened(_outcome(row)) for row in group}
            table.add_row(
                str(len(group)),
                layer,
                name,
                outcomes.pop() if len(outcomes) == 1 else initializer,
                _range([row.stddev for row in group if row.stddev is not None]),
                f"{sum(math.prod(row.shape) for row in group):,}",
                group[0].address,
                style="" if group[0].initializer else "dim",
            )
        table.note = f'{len(self.weights)} weights; rows "all" lists them'


@dataclasses.dataclass(frozen=True)
class Replacement:
    """What `detach` did to one argument of one layer.

    Attributes:
        layer: Name of the layer.
        argument: Name of the layer's attribute.
        before: The initializer of this package, as text.
        after: Keras' initializer in its place as text, None if there is none.
    """

    layer: str
    argument: str
    before: str
    after: str | None


@dataclasses.dataclass(frozen=True)
class DetachReport(_reports.Report):
    """The initializers of a model's layers and what took their place.

    Attributes:
        model: Name of the model.
        replacements: A `Replacement` for each initializer of this package.
    """

    model: str
    replacements: list[Replacement]

    @property
    def kept(self) -> list[Replacement]:
        """Those that have no counterpart in Keras and stayed."""
        return [entry for entry in self.replacements if entry.after is None]

    def table(self) -> _tables.Table:
        """A `rich.table.Table` with a row for each initializer."""
        count = len(self.replacements) - len(self.kept)
        title = f"{self.model}: detach replaced {count} of "
        title += f"{len(self.replacements)} initializers"
        table = _tables.Table(title)
        table.texts("layer", "argument", "before", "after")
        for entry in self.replacements:
            after = entry.after or "kept: Keras has no initializer of this distribution"
            table.add_row(entry.layer, entry.argument, entry.before, after)
        return table


@contextlib.contextmanager
def progress(action: str, entries: int) -> Iterator[Callable[[int], object]]:
    """Shows a bar on a terminal while more than `LONG` entries are drawn.

    Yields:
        A function that is told how many entries have been drawn since.
    """
    console = rich.console.Console(stderr=True)
    if entries < LONG or not console.is_terminal:
        yield lambda count: None
        return
    with rich.progress.Progress(console=console, transient=True) as bar:
        task = bar.add_task(action, total=entries)
        yield lambda count: bar.advance(task, count)
