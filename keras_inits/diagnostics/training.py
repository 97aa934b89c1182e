"""What `SignalMonitor` saw of a training: numbers, verdict, table, JSON.

A look has a `LayerLook` for each layer. What is wrong in one is said by `verdicts`,
as at the start; what only a training shows, by the size of its updates, is said here.
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import rich.text

from keras_inits import _errors, _reports, _tables
from keras_inits.diagnostics import labels
from keras_inits.diagnostics.report import number, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A step that moves the weights by as much as they are leaves nothing of them.
LARGEST_UPDATE = 1.0

# Problems by which a training breaks, the one that explains the others first, each
# with its words. "correlated" is none: classes that are told apart make units alike.
WORDS = {
    "overflow": "{not_finite} values are not finite",
    "gradient not finite": "the gradient is not finite",
    "large update": "a step changes the weights by {update_ratio} times their size",
    "exploding": "exploding, stddev {stddev}",
    "dead": "{dead:.0%} of the units are dead",
    "saturated": "{saturated:.0%} of the values are on a flat part of the activation",
    "input-independent": "the output hardly depends on the input",
    "vanishing": "vanishing, stddev {stddev}",
    "gradient explodes": "the gradient explodes, {gradient_stddev}",
    "gradient vanishes": "the gradient vanishes, {gradient_stddev}",
    "no gradient": "no gradient",
    "frozen": "frozen: a step leaves its trainable weights as they are",
}
ROWS = ("all", "troubled", "summary")


@dataclasses.dataclass(frozen=True)
class LayerLook:
    """One call of one layer at one look; see `LayerSignal` for what is not said here.

    Attributes:
        index: Index in the order of the data, from 0.
        name: Names of the layer and of the models and blocks around it.
        stddev: Standard deviation of its output.
        saturated: Share of its values on a flat part of the activation, or `None`.
        dead: Share of its units with one value on the whole batch, or `None`.
        not_finite: Number of its values that are NaN or infinite.
        gradient_stddev: Standard deviation of the gradient, or `None`.
        update_ratio: Length of the step that follows the look, over that of the
            weights before it: all trainable weights of the layer as one vector. `None`
            for a layer without any, for one whose weights are all 0, and as long as
            no step has followed.
        problems: Names out of `WORDS`, none for a healthy layer.
    """

    index: int
    name: str
    stddev: float
    saturated: float | None
    dead: float | None
    not_finite: int
    gradient_stddev: float | None
    update_ratio: float | None = None
    problems: list[str] = dataclasses.field(default_factory=list)

    def words(self, problem: str) -> str:
        """A problem of the layer as a phrase."""
        sizes = self.stddev, self.gradient_stddev, self.update_ratio
        names = "stddev", "gradient_stddev", "update_ratio"
        shown = {k: labels.number(v) for k, v in zip(names, sizes, strict=True)}
        return WORDS[problem].format_map({**vars(self), **shown})


@dataclasses.dataclass(frozen=True)
class Look:
    """The model after so many steps.

    Attributes:
        step: Number of training steps before it.
        loss: Loss of the probe, `None` without targets.
        layers: A `LayerLook` for each call of a layer.
    """

    step: int
    loss: float | None
    layers: list[LayerLook]


@dataclasses.dataclass(frozen=True)
class Problem:
    """Where a training breaks first.

    Attributes:
        step: Number of training steps before the look that shows it first.
        index: Index of the layer.
        layer: Name of the layer.
        problem: A name out of `WORDS`.
        text: The same as a phrase.
    """

    step: int
    index: int
    layer: str
    problem: str
    text: str


@dataclasses.dataclass(frozen=True)
class TrainingReport(_reports.Report):
    """What `SignalMonitor` saw; `print` shows it, `plot` draws depth against time.

    Attributes:
        model: The model's name.
        backend: The Keras backend it ran on.
        samples: Number of samples of the probe.
        interval: Steps between two looks.
        looks: A `Look` for each, in the order of the steps.
        first: The first `Problem`, `None` for a healthy training.
        loss_step: First step, counted from 0, after which the mean loss that Keras
            reports for the epoch was NaN or infinite; `None` if there was none.
        verdict: The same in plain sentences.
    """

    model: str
    backend: str
    samples: int
    interval: int
    looks: list[Look]
    first: Problem | None
    loss_step: int | None
    verdict: str

    @_errors.named("TrainingReport.table")
    def table(self, rows: str | None = None) -> _tables.Table:
        """A `rich.table.Table` with a row for each layer: the first and the last look.

        Args:
            rows: See `SignalReport.table`.
        """
        last = self.looks[-1].layers if self.looks else []
        rows = _reports.rows_to_show(rows, ROWS, len(last))
        since = {layer.name: self._since(layer.name) for layer in last}
        shown = list(range(len(last)))
        if rows == "troubled":
            shown = [i for i in shown if since[last[i].name]]
        elif rows == "summary":
            shown = _reports.stand_ins([str(since[layer.name]) for layer in last])
        table = _tables.Table(f"{self.model}: {self._header()}", self.verdict)
        table.numbers("#")
        table.texts("layer")
        table.numbers("first stddev", "stddev", priority=1)
        table.numbers("dead", priority=2)
        table.numbers("first grad", "grad", priority=3)
        table.numbers("first update", "update", priority=1)
        table.texts("first problem")
        first = {layer.name: layer for look in self.looks[:1] for layer in look.layers}
        for layer in (last[i] for i in shown):
            before = first.get(layer.name)
            table.add_row(
                str(layer.index),
                layer.name,
                number(before.stddev if before else None),
                number(layer.stddev),
                share(layer.dead),
                number(before.gradient_stddev if before else None),
                number(layer.gradient_stddev),
                number(before.update_ratio if before else None),
                number(layer.update_ratio),
                since[layer.name] or rich.text.Text("ok", "green"),
            )
        if len(shown) < len(last):
            table.note = f"{len(shown)} of {len(last)} layers"
        return table

    @_errors.named("TrainingReport.plot")
    def plot(self, path: str | Path | None = None, *, theme: str = "light") -> "Figure":
        """Draws depth against time; see `heatmap.draw_training`."""
        from keras_inits.diagnostics import heatmap

        return heatmap.draw_training(self, path, theme=theme)

    def _since(self, name: str) -> rich.text.Text | None:
        for look in self.looks:
            for layer in look.layers:
                if layer.name == name and layer.problems:
                    text = f"step {look.step}: {layer.words(layer.problems[0])}"
                    return rich.text.Text(text, "red")
        return None

    def _header(self) -> str:
        count = len(self.looks)
        looks = "1 look" if count == 1 else f"{count} looks"
        samples = "1 sample" if self.samples == 1 else f"{self.samples} samples"
        return f"{looks} at {samples} on {self.backend}, every {self.interval} steps"


def judged(looks: list[Look], healthy: list[bool]) -> list[Look]:
    """The looks with what breaks them, in the order of `WORDS`.

    Remarks, which healthy models have too, do not count at a healthy look. A layer all
    of whose units have died since the first look counts always, for it has stopped
    learning, though the signal may go around it.

    An update of all zeros freezes a layer if others move, and if it is so at two looks
    that follow each other: the rate may be 0 before it warms up, steps are skipped
    until the scale of the loss fits float16, and behind a branch that starts at 0 the
    first gradient is 0. Weights that were all 0 at the first look are not compared
    with their updates.
    """
    names = [[layer.name for layer in look.layers] for look in looks]
    ratios = [[layer.update_ratio for layer in look.layers] for look in looks]

    def stands(place: int, index: int) -> bool:
        if not 0 <= place < len(looks) or ratios[place][index : index + 1] != [0.0]:
            return False
        return any(ratios[place])

    found = []
    for place, look in enumerate(looks):
        layers = []
        for index, layer in enumerate(look.layers):
            problems = set() if healthy[place] else {*layer.problems}
            same = names[0] == names[place]
            if same and layer.dead == 1.0 != looks[0].layers[index].dead:
                problems |= {"dead"} & {*layer.problems}
            if stands(place, index) and (
                stands(place - 1, index) or stands(place + 1, index)
            ):
                problems.add("frozen")
            known = same and ratios[0][index] is not None
            if known and (layer.update_ratio or 0.0) > LARGEST_UPDATE:
                problems.add("large update")
            ordered = [problem for problem in WORDS if problem in problems]
            layers.append(dataclasses.replace(layer, problems=ordered))
        found.append(dataclasses.replace(look, layers=layers))
    return found


def first_problem(looks: list[Look]) -> Problem | None:
    """The first look that shows a problem, and the layer that explains the others."""
    order = list(WORDS)
    for look in looks:
        troubled = [layer for layer in look.layers if layer.problems]
        if troubled:
            layer = min(troubled, key=lambda layer: order.index(layer.problems[0]))
            problem = layer.problems[0]
            text = layer.words(problem)
            return Problem(look.step, layer.index, layer.name, problem, text)
    return None


def verdict(looks: list[Look], first: Problem | None, loss_step: int | None) -> str:
    """The verdict in plain sentences."""
    sentences = []
    if first is not None:
        before = [look.step for look in looks if look.step < first.step]
        unseen = ""
        if before and before[-1] < first.step - 1:
            unseen = f", unseen at step {before[-1]}"
        sentences.append(
            f"breaks at step {first.step}{unseen}: layer {first.index} "
            f"({first.layer}), {first.text}"
        )
    if loss_step is not None:
        sentences.append(f"the loss is not finite from step {loss_step} on")
    ratios = [layer.update_ratio for look in looks for layer in look.layers]
    if len(looks) > 1 and 0.0 in ratios and not any(ratios):
        sentences.append("no step that was looked at has changed a weight")
    if not looks:
        sentences.append("no step was seen")
    if not sentences:
        sentences.append(f"healthy: nothing broke up to step {looks[-1].step}")
    return "; ".join(sentences)
