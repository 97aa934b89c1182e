"""What `diagnose` returns: numbers, a table, JSON; `histograms` draws it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import rich.text

from keras_inits import _checks, _convert, _errors, _reports, _tables
from keras_inits._types import Integer, Shape
from keras_inits.diagnostics import labels, statistics

ROWS = ("all", "troubled", "summary")


@dataclasses.dataclass(frozen=True)
class KernelSignal:
    """Numbers of one matrix of weights.

    Attributes:
        name: Its name within the layer.
        shape: Its shape.
        stddev: Standard deviation of its entries.
        gradient_stddev: Standard deviation of the loss's gradient with
            respect to it, `None` without a backward pass.
        update_ratio: Standard deviation of one step of plain gradient descent over
            that of the weights, `learning_rate * gradient_stddev /
            stddev`. About 1e-3 is usual in a network that learns.
        initializer: The initializer that the layer names for it, as text; `None` where
            the entries are not of its standard deviation, so that they were set or
            loaded otherwise.
        wanted: What `recipes.by_activation` draws it by, as text, given the
            activation that its layer's output meets; `None` for what is no kernel.
        wanted_stddev: Standard deviation that this gives.
        is_zero: Whether all its entries are 0.
        is_orthogonal: Whether its rows or its columns are orthogonal, of one length.
    """

    name: str
    shape: Shape
    stddev: float
    gradient_stddev: float | None
    update_ratio: float | None
    initializer: str | None
    wanted: str | None = None
    wanted_stddev: float | None = None
    is_zero: bool = False
    is_orthogonal: bool = False


@dataclasses.dataclass(frozen=True)
class LayerSignal:
    """One call of one layer.

    Attributes:
        index: Place in the order of the data, from 0.
        name: Names of the layer and of the models and blocks around it.
        kind: The layer's class.
        shape: Shape of its output.
        activation: Name of the activation it ends with, or `None`.
        sources: Places of the layers whose outputs went in directly.
        signal: A `statistics.Signal` of its output.
        gradient_stddev: Standard deviation of the loss's gradient with
            respect to its output, `None` where none was computed.
        kernels: A `KernelSignal` for each of its matrices.
        problems: Short names of what is wrong, none for a healthy layer.
        verdict: The same as a phrase.
        varies: Whether anything goes in that differs from sample to sample. A table
            of segments in which one is looked up puts out a constant by design.
        on_stream: Whether its output is a `StreamPoint` of the report.
        bias_size: How far its biases and shifts are from 0 at most, and the scales of
            a normalization from 1; None without any.
        waits: Whether a kernel or scale of zeros keeps its output constant, but gets
            a gradient by which one step of training ends this.
        predicted_stddev: Standard deviation of its output by theory, given what went
            in, see `theory`; `None` where there is no theory.
        failed_assumption: The assumption of theory that fails here, one of
            `theory.ASSUMPTIONS`, where the prediction is further from what was measured
            than chance explains.
    """

    index: int
    name: str
    kind: str
    shape: Shape
    activation: str | None
    sources: list[int]
    signal: statistics.Signal
    gradient_stddev: float | None
    kernels: list[KernelSignal]
    problems: list[str] = dataclasses.field(default_factory=list)
    verdict: str = ""
    varies: bool = True
    on_stream: bool = False
    bias_size: float | None = None
    waits: bool = False
    predicted_stddev: float | None = None
    failed_assumption: str | None = None


@dataclasses.dataclass(frozen=True)
class StreamPoint:
    """A point that the signal has to pass on its way to the outputs.

    Attributes:
        name: The layer that puts it out, or where the sum is that no layer puts out.
        layer: Index of the layer that puts it out, or takes it in.
        stddev: Standard deviation over the batch and all units.
        batch_stddev: Standard deviation over the batch alone, see `Signal`.
        gradient_stddev: See `LayerSignal`; None where it was not seen.
        shape: Its shape; None where no layer puts it out.
        is_sum: Whether it is a sum, by which a branch is added to the stream.
    """

    name: str
    layer: int
    stddev: float
    batch_stddev: float | None = None
    gradient_stddev: float | None = None
    shape: Shape | None = None
    is_sum: bool = False


@dataclasses.dataclass(frozen=True)
class SignalReport(_reports.Report):
    """What one batch showed of a model.

    `print(report)` and `rich.print(report)` show a table, the verdict, and the code
    that `advice` holds; `to_dict` and `to_json` give plain data, `plot` draws.

    Attributes:
        model: Name of the model.
        backend: The backend it ran on.
        samples: Size of the batch.
        input_mean: Mean of the data, `None` if it has no floats.
        input_stddev: Standard deviation of the data.
        loss: The loss on the batch, `None` without a backward pass.
        learning_rate: The rate the update ratios were computed with.
        verdict: What is wrong with the model, in plain sentences.
        layers: A `LayerSignal` for each call of a layer.
        source: Class of what gave the batch, None for arrays.
        stream: The `StreamPoint`s whose size the verdict judges.
        healthy: Whether nothing was found that keeps the model from training.
        advice: Python code with `model`, `x` and the package in it that mends a start
            that is not healthy, None if there is none.
    """

    model: str
    backend: str
    samples: int
    input_mean: float | None
    input_stddev: float | None
    loss: float | None
    learning_rate: float | None
    verdict: str
    layers: list[LayerSignal]
    source: str | None = None
    stream: list[StreamPoint] = dataclasses.field(default_factory=list)
    healthy: bool = True
    advice: str | None = None

    def __getitem__(self, name: str | Integer) -> LayerSignal:
        """The `LayerSignal` of a layer by its name or place."""
        place = _convert.integer(name)
        if place is not None:
            return self.layers[place]
        for layer in self.layers:
            if isinstance(name, str) and layer.name == name:
                return layer
        raise KeyError(name)

    @property
    def troubled(self) -> list[LayerSignal]:
        """The layers with a problem."""
        return [layer for layer in self.layers if layer.problems]

    @_errors.named("SignalReport.table")
    def table(self, rows: str | None = None) -> _tables.Table:
        """A `rich.table.Table` with a row for each layer, which `print` shows too.

        Args:
            rows: `"all"`, `"troubled"` for the layers with a problem alone, or
                `"summary"` for at most 30 layers: those where the problems change,
                and others evenly. `None` is all of at most 30, and else the summary.
        """
        rows = _reports.rows_to_show(rows, ROWS, len(self.layers))
        layers = self.layers
        if rows == "troubled":
            layers = self.troubled
        elif rows == "summary":
            shown = _reports.stand_ins([tuple(layer.problems) for layer in layers])
            layers = [layers[index] for index in shown]
        backward = self.loss is not None
        table = _tables.Table(f"{self.model}: {self.facts()}")
        style = "bold green" if self.healthy else "bold red"
        table.caption = rich.text.Text(self.conclusion(), style)
        table.code = self.advice or ""
        table.numbers("#")
        table.texts("layer")
        table.texts("shape", priority=2)
        table.numbers("mean", priority=5)
        table.numbers("stddev")
        table.numbers("theory", priority=4)
        table.numbers("zero", priority=6)
        table.numbers("flat", "dead", priority=4)
        table.numbers("|r|", "rank", priority=6)
        if backward:
            table.numbers("grad out", priority=1)
            table.numbers("grad kernel", priority=6)
            table.numbers("update", priority=3)
        table.texts("assumption that fails", priority=5)
        table.texts("verdict")
        for layer in layers:
            table.add_row(*_cells(layer, backward))
        if len(layers) < len(self.layers):
            table.note = f"{len(layers)} of {len(self.layers)} layers"
            if rows == "summary":
                table.note += ', spread evenly; rows "all" has the others'
        return table

    @_errors.named("SignalReport.plot")
    def plot(
        self,
        path: str | Path | None = None,
        *,
        theme: str = "light",
        same_scale: bool = False,
    ) -> Any:
        """Draws the report; see `histograms.draw_report`."""
        from keras_inits.diagnostics import histograms

        return histograms.draw_report(self, path, theme=theme, same_scale=same_scale)

    @_errors.named("SignalReport.to_html")
    def to_html(self, path: str | Path | None = None) -> str:
        """One page with the table, the pictures and what each problem means.

        It loads nothing from elsewhere. The table can be sorted and filtered; light
        and dark follow the reader's settings. Without matplotlib the pictures are left
        out, and the page says so.

        Args:
            path: Path of a file in a directory that exists, or `None`.

        Returns:
            The HTML, which is written into the file too if a path is given.

        Raises:
            ValueError: If the path is not as said above.
        """
        from keras_inits.diagnostics import page

        if path is not None:
            path = _checks.check_path("path", path)
        text = page.render(self)
        if path is not None:
            path.write_text(text, encoding="utf-8")
        return text

    def conclusion(self) -> str:
        """The verdict, which begins with whether the model is healthy."""
        return self.verdict if self.healthy else f"not healthy: {self.verdict}"

    def facts(self) -> str:
        """The batch and the loss in a line."""
        samples = "1 sample" if self.samples == 1 else f"{self.samples} samples"
        if self.source is not None:
            samples += f", the first batch of {self.source},"
        text = f"{samples} on {self.backend}"
        if self.input_stddev is not None:
            text += f", data {number(self.input_mean)} ± {number(self.input_stddev)}"
        if self.loss is not None:
            text += f", loss {labels.number(self.loss, 4)}"
            text += f", learning rate {number(self.learning_rate)}"
        return text


def _cells(layer: LayerSignal, backward: bool) -> list[str | rich.text.Text]:
    signal = layer.signal
    rank = "" if signal.rank is None else f"{signal.rank:.3g}/{signal.rank_limit}"
    cells = [
        str(layer.index),
        layer.name,
        "x".join(str(size) for size in layer.shape[1:]),
        number(signal.mean),
        number(signal.stddev),
        number(layer.predicted_stddev),
        share(signal.zeros),
        share(signal.saturated),
        share(signal.dead),
        "" if signal.correlation is None else f"{signal.correlation:.2f}",
        rank,
    ]
    if backward:
        kernel = layer.kernels[0] if layer.kernels else None
        cells += [
            number(layer.gradient_stddev),
            number(kernel.gradient_stddev if kernel else None),
            number(kernel.update_ratio if kernel else None),
        ]
    style = "red" if layer.problems else "green"
    verdict = rich.text.Text(layer.verdict, style)
    return [*cells, layer.failed_assumption or "", verdict]


def number(value: float | None) -> str:
    """Three digits, empty for nothing."""
    return labels.number(value, 3)


def share(value: float | None) -> str:
    """A share as a percentage, empty for nothing."""
    return "" if value is None else f"{100 * value:.0f}%"
