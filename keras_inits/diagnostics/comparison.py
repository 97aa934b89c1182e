"""`compare`: one model, trained from several initializers with several seeds."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import rich.progress

from keras_inits import _backend, _checks, _convert, _errors, _reports, _tables
from keras_inits._types import Data, Host, InitializerLike, Integer, Real
from keras_inits.diagnostics import inputs
from keras_inits.diagnostics.report import number
from keras_inits.initializers import lookup
from keras_inits.model.initialization import planned
from keras_inits.model.plan import Plan

Start = InitializerLike | Callable[[keras.Model, int], Any]

START = "initializers, their names or configs, or functions of model and seed"
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


@dataclasses.dataclass(frozen=True)
class Run:
    """One finished training.

    Attributes:
        initializer: Name of the initializer.
        seed: The seed of weights and data order.
        losses: Training loss of each epoch.
        validation_losses: Validation loss before the first epoch and after each.
        metrics: The other validation metrics at the end, by name.
        seconds: Time it took.
    """

    initializer: str
    seed: int
    losses: list[float]
    validation_losses: list[float]
    metrics: dict[str, float]
    seconds: float


@dataclasses.dataclass(frozen=True)
class Comparison(_reports.Report):
    """The finished runs of `compare`.

    Attributes:
        initializers: Names, in the order given.
        epochs: Number of epochs of each run.
        runs: List of `Run`.
        interrupted: Whether runs are missing, because the user or an error stopped
            it.
    """

    initializers: list[str]
    epochs: int
    runs: list[Run]
    interrupted: bool

    def of(self, initializer: str) -> list[Run]:
        """The runs of one initializer."""
        given = isinstance(initializer, str)
        return [run for run in self.runs if given and run.initializer == initializer]

    def table(self) -> _tables.Table:
        """A `rich.table.Table` with a row for each initializer.

        Losses are those on the validation data, as the mean over the seeds and,
        in brackets, the least and the largest.
        """
        names = sorted({name for run in self.runs for name in run.metrics})
        missing = "interrupted: unfinished runs are left out"
        table = _tables.Table(
            f"validation, {self.epochs} epochs", missing if self.interrupted else None
        )
        table.texts("initializer")
        table.numbers("seeds", priority=2)
        table.numbers("first loss", priority=1)
        table.numbers("last loss", *names)
        for initializer in self.initializers:
            runs = self.of(initializer)
            table.add_row(
                initializer,
                str(len(runs)),
                spread([run.validation_losses[0] for run in runs]),
                spread([run.validation_losses[-1] for run in runs]),
                *(spread([run.metrics[name] for run in runs]) for name in names),
            )
        return table

    @_errors.named("Comparison.plot")
    def plot(self, path: str | Path | None = None, *, theme: str = "light") -> Any:
        """Draws the loss curves; see `curves.draw_comparison`."""
        from keras_inits.diagnostics import curves

        return curves.draw_comparison(self, path, theme=theme)


@_backend.outside_traces
def compare(
    build_model: Callable[[], keras.Model],
    x: Data,
    y: Data,
    initializers: Iterable[Start] | Mapping[str, Start],
    *,
    epochs: Integer,
    seeds: Iterable[Integer],
    batch_size: Integer = 32,
    validation_split: Real = 0.2,
    progress: bool = True,
) -> Comparison:
    """Trains the same model from several initializers with several seeds.

    The model is built once; before each run all its state is put back, and then
    its kernels are set. A share of the data is held out, the same for all runs,
    and the curves are those of this validation data: hand over training data
    only, never the data a model is tested on in the end. The order of the data
    follows the seed and is the same for all initializers and on every backend.

    Each initializer is checked against each kernel before the first run. Stopped
    by the user (`KeyboardInterrupt`), the function returns the runs that are
    finished; any other error that ends it has them in its attribute `comparison`.

    Args:
        build_model: Function without arguments that returns a compiled
            `keras.Model`.
        x: Training data, an array or a list or dict of arrays.
        y: Targets.
        initializers: What to compare, a list, or a dict with names for the
            table. An initializer, its name or config sets each kernel of dense
            and convolution layers, and the input kernel of recurrent ones, as
            `initialize` does with the run's seed. Another function is called
            with the model and the seed and sets what it likes, for example
            `lambda model, seed: lsuv(model, x, seed=seed)`.
        epochs: Epochs of each run, 1 or above.
        seeds: List of integers.
        batch_size: Samples in a training step.
        validation_split: Share of the data that is held out, between 0 and 1.
        progress: Whether a bar shows how far it is.

    Returns:
        A `Comparison`.

    Raises:
        ValueError: If an argument is not as said above.
        RuntimeError: If the backend cannot train.
    """
    inputs.check_gradients("Training")
    epochs = _checks.check_integer("epochs", epochs, 1)
    batch_size = _checks.check_integer("batch_size", batch_size, 1)
    progress = _checks.check_bool("progress", progress)
    numbers = [_checks.check_integer("seeds", seed) for seed in _listed(seeds)]
    starts = _starts(initializers)
    x = inputs.check_batch("x", x)
    y = inputs.check_batch("y", y)
    inputs.check_same_length(x, y)
    held_out, kept = _split(len(keras.tree.flatten(x)[0]), validation_split)
    validation = _take(x, held_out), _take(y, held_out)
    training = _take(x, kept), _take(y, kept)
    model = _compiled(build_model, x)
    for entry in starts.values():
        _check_start(entry, model)
    clean = [(v, np.array(_backend.to_numpy(v))) for v in _state(model)]

    result = Comparison(list(starts), epochs, [], interrupted=True)
    count = len(starts) * len(numbers)
    try:
        with _bar(progress) as bar:
            task = bar.add_task("", total=count * epochs)
            for name, entry in starts.items():
                for seed in numbers:
                    bar.update(task, description=f"{name}, seed {seed}")
                    for variable, value in clean:
                        variable.assign(value)
                    _start(entry, model, seed)

                    def step() -> None:
                        bar.advance(task)

                    data = training, validation
                    run = _train(model, name, seed, data, epochs, batch_size, step)
                    result.runs.append(run)
        return dataclasses.replace(result, interrupted=False)
    except KeyboardInterrupt:
        return result
    except BaseException as error:
        # mypy knows no attributes that an error is given, only notes.
        error.comparison = result  # type: ignore[attr-defined]
        error.add_note(
            f"compare: {len(result.runs)} of {count} runs are finished; they are in "
            "the attribute `comparison` of this error."
        )
        raise


def spread(values: list[float]) -> str:
    """Mean, and least and largest in brackets, of the finite values."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "not finite" if values else ""
    text = number(sum(finite) / len(finite))
    if len(values) > 1:
        highest = "∞" if len(finite) < len(values) else number(max(finite))
        text += f" ({number(min(finite))} to {highest})"
    return text


def _train(
    model: keras.Model,
    name: str,
    seed: int,
    data: Any,
    epochs: int,
    batch_size: int,
    step: Callable[[], None],
) -> Run:
    (x, y), (held_x, held_y) = data
    began = time.perf_counter()
    size = len(keras.tree.flatten(x)[0])
    quiet = {"verbose": 0, "batch_size": min(batch_size, size)}
    try:
        scores = model.evaluate(held_x, held_y, return_dict=True, **quiet)
    except Exception as error:
        rule = "run through the model, and `y` through its loss"
        shapes = [a.shape for a in keras.tree.flatten((held_x, held_y))]
        found = f"arrays of shapes {', '.join(map(str, shapes))}"
        _errors.raise_bad_argument("x", rule, found, _errors.reason(error), error)
    losses, validation_losses = [], [float(scores["loss"])]
    for epoch in range(epochs):
        # NumPy keeps the stream of RandomState as it is for good.
        order = np.random.RandomState([abs(seed) % 2**32, epoch]).permutation(size)
        history = model.fit(_take(x, order), _take(y, order), shuffle=False, **quiet)
        losses.append(float(history.history["loss"][-1]))
        scores = model.evaluate(held_x, held_y, return_dict=True, **quiet)
        validation_losses.append(float(scores["loss"]))
        step()
    metrics = {key: float(value) for key, value in scores.items() if key != "loss"}
    seconds = time.perf_counter() - began
    return Run(name, seed, losses, validation_losses, metrics, seconds)


def _starts(initializers: Any) -> dict[str, Any]:
    """Name -> an initializer, or a function that sets a model's weights by a seed."""
    if not isinstance(initializers, dict):
        listed = _listed(initializers, "initializers")
        initializers = {_name_of(entry): entry for entry in listed}
        if len(initializers) < len(listed):
            _errors.raise_bad_value(
                "initializers",
                "a dict with a name for each, where two look alike",
                listed,
            )
    if not initializers:
        _errors.raise_bad_value(
            "initializers", "at least one initializer", initializers
        )
    for name in initializers:
        if not isinstance(name, str):
            _errors.raise_bad_value(
                "initializers", "a dict with strings for names", name
            )
    return {name: _resolved(entry) for name, entry in initializers.items()}


def _resolved(entry: Any) -> Any:
    is_class = isinstance(entry, type) and issubclass(entry, keras.Initializer)
    if is_class or isinstance(entry, (str, dict, keras.Initializer)):
        return lookup.find(entry, "initializers")
    if not callable(entry):
        _errors.raise_bad_value("initializers", START, entry)
    return entry


def _check_start(entry: Any, model: keras.Layer) -> None:
    """Refuses an initializer that cannot draw a kernel of the model."""
    if isinstance(entry, keras.Initializer):
        _kernels_from(entry, model, 0)
    else:
        _checks.check_takes("initializers", START, entry, (model, 0))


def _start(entry: Any, model: keras.Layer, seed: int) -> None:
    """Sets a model's weights by a seed."""
    if isinstance(entry, keras.Initializer):
        _kernels_from(entry, model, seed).carry_out(dry_run=False)
    else:
        entry(model, seed)


def _kernels_from(initializer: Any, model: keras.Layer, seed: int) -> Plan:
    """The plan to draw the kernels of a model, as `initialize` does."""
    rules = dict.fromkeys(KERNELS, initializer)
    return planned("compare", model, rules, seed, strict=False)


def _name_of(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    return getattr(entry, "__name__", None) or _errors.shown(entry)


def _listed(values: Any, argument: str = "seeds") -> list[Any]:
    found = _convert.entries(values)
    if not found:
        _errors.raise_bad_value(argument, "a list with at least one entry", values)
    return found


def _split(size: int, share: Real) -> tuple[Host, Host]:
    share = _checks.check_real(
        "validation_split", share, "between 0 and 1", lambda s: 0 < s < 1
    )
    count = round(size * share)
    if not 0 < count < size:
        rule = f"a share that leaves samples on both sides of {size}"
        _errors.raise_bad_value("validation_split", rule, share)
    order = np.random.RandomState(0).permutation(size)
    return np.sort(order[:count]), np.sort(order[count:])


def _take(data: Any, places: Any) -> Any:
    def take(array: Host) -> Host:
        taken = array[places]
        # Not every backend has integers without a sign; these fit in 32 bits.
        return taken.astype("int32") if array.dtype.kind == "u" else taken

    return keras.tree.map_structure(take, data)


def _compiled(build_model: Any, x: Any) -> keras.Model:
    rule = "a function without arguments that returns a Keras model"
    if not callable(build_model) or isinstance(build_model, keras.Layer):
        _errors.raise_bad_value("build_model", rule, build_model)
    _checks.check_takes("build_model", rule, build_model, ())
    try:
        model = build_model()
    except TypeError as error:
        if error.__traceback__ and error.__traceback__.tb_next is None:
            # It is the call that failed: a function written in C tells no signature.
            _errors.raise_bad_value("build_model", rule, build_model)
        raise
    if not isinstance(model, keras.Model):
        _errors.raise_bad_value("build_model", rule, model)
    if getattr(model, "optimizer", None) is None or not model.compiled:
        _errors.raise_bad_argument(
            "build_model",
            "return a compiled model",
            f"{model.name!r} without an optimizer",
            "Call model.compile in it.",
        )
    inputs.with_call(model)
    inputs.check_fit(model, x)
    if not model.built:
        model(inputs.tensors(_take(x, slice(0, 1))))
    inputs.check_model(model)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return model


def _state(model: keras.Model) -> list[keras.Variable]:
    """All variables of a model that a run changes, the optimizer's included."""
    variables = [*model.variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in variables}.values())


def _bar(shown: bool) -> rich.progress.Progress:
    return rich.progress.Progress(
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TextColumn("epochs"),
        rich.progress.TimeRemainingColumn(),
        disable=not shown,
        transient=True,
    )
