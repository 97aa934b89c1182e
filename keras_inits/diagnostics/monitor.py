"""`SignalMonitor`: the signal looked at again and again while a model trains.

A look is the pass of `diagnose`, between two training steps, and the weights before
and after the step that follows. `training` has the numbers and the verdict, `heatmap`
the picture.
"""

import csv as csv_format
import dataclasses
import importlib
import importlib.util
import math
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _checks, _errors
from keras_inits._types import Data, Host
from keras_inits.diagnostics import capture, diagnosis, inputs, losses, training

# A look takes up to 31 times as long as a step of a small network compiled by XLA, for
# it runs operation by operation; see docs/benchmarks.md.
INTERVAL = 1000
SEED = 0  # of what a layer draws during a look, so that looks can be compared
COLUMNS = (
    *("index", "name", "stddev", "saturated", "dead", "not_finite"),
    *("gradient_stddev", "update_ratio"),
)
Logs = dict[str, Any] | None
Weights = list[tuple[keras.Variable, Host]]  # with their values at a look


class SignalMonitor(keras.callbacks.Callback):
    """Looks at the signal through training and names what breaks first, and when.

    Every `interval` steps, beginning before the first one, a batch that stays the same
    (the probe) runs through the model as in `diagnose`: output and gradient of each
    layer. The update is that of the training itself, whatever the optimizer and the
    rate are: with w the trainable weights of a layer before the step after a look,

        update_ratio = |w_next - w| / |w|

    about 1e-3 in a network that learns. With `steps_per_execution`, it is the update
    of the steps that Keras runs at once.

    Training is not changed: it ends at the same weights with and without the monitor,
    bit for bit, and so do optimizer, statistics of BatchNormalization and seeds.

        monitor = keras_inits.SignalMonitor(x[:64], y[:64], csv="signal.csv")
        model.fit(x, y, callbacks=[monitor])
        print(monitor.report)
        monitor.report.plot("signal.png")

    A second `fit` of the model continues the first one. At the default interval the
    looks took 2 to 3% of the time of the training for a network of five layers, whose
    steps are short beside a look, and 1% or less for a larger one.
    To see in which step something breaks, take an interval of 1.

    Args:
        x: The probe, as `diagnose` takes it: a batch of arrays, or a source of
            batches, whose first one is kept.
        y: Its targets. `None` looks at outputs and updates, and at no gradients. The
            loss is the one that the model is compiled with.
        interval: Steps between two looks, an integer, 1 or above.
        csv: Path of a file that gets a row for each layer and look, as soon as the
            step after it is done. A file that is there already is replaced when the
            first row is written.
        tensorboard: Path of a directory for summaries, which needs the package
            `tensorboard`.

    Attributes:
        report: A `TrainingReport` of all looks so far.

    Raises:
        ValueError: If an argument is not as said above, or if the probe does not fit
            the model when `fit` begins.
        RuntimeError: If `y` is given on a backend that has no gradients.
        ImportError: If `tensorboard` is given and the package is not installed.

    Reference:
        The ratio of update to weight: Bottou 2012, "Stochastic gradient descent
        tricks", https://doi.org/10.1007/978-3-642-35289-8_25. Activations and
        gradients by layer through training: Glorot and Bengio 2010, "Understanding
        the difficulty of training deep feedforward neural networks", sections 3 and 4.
    """

    # Keras goes on with the next step meanwhile: `on_train_batch_end` only notes the
    # loss, which is handed over in the order of the steps.
    async_safe = True

    @_errors.named_by_class
    def __init__(
        self,
        x: Data,
        y: Data | None = None,
        *,
        interval: int = INTERVAL,
        csv: str | Path | None = None,
        tensorboard: str | Path | None = None,
    ) -> None:
        super().__init__()
        x, y, self._source = inputs.first_batch(x, y)
        self._x = inputs.check_batch("x", x)
        self._y = None
        if y is not None and (_backend.differentiates() or not self._source):
            inputs.check_gradients("Argument `y`")
            self._y = inputs.check_batch("y", y)
            inputs.check_same_length(self._x, self._y)
        self._interval = _checks.check_integer("interval", interval, 1)
        self._csv = None if csv is None else _checks.check_path("csv", csv)
        self._tensorboard = None
        if tensorboard is not None:
            self._tensorboard = _check_directory("tensorboard", tensorboard)
        self._looks: list[training.Look] = []
        self._healthy: list[bool] = []  # whether a look by itself is
        # For each layer of the last look its weights, until its step is done.
        self._before: list[Weights] | None = None
        self._done = 0  # steps before this epoch
        self._batch: int | None = None  # the last one that began in this epoch
        self._next = 0  # step of the next look
        self._loss_step: int | None = None
        self._loss: Any = None
        self._weights: Any = None
        self._writer: Any = None
        self._seen = ""

    @property
    def report(self) -> training.TrainingReport:
        """What was seen so far."""
        looks = training.judged(self._looks, self._healthy)
        first = training.first_problem(looks)
        return training.TrainingReport(
            model=self._seen,
            backend=_backend.name(),
            samples=len(keras.tree.flatten(self._x)[0]),
            interval=self._interval,
            looks=looks,
            first=first,
            loss_step=self._loss_step,
            verdict=training.verdict(looks, first, self._loss_step),
        )

    def __getstate__(self) -> dict[str, Any]:
        # Without what belongs to one process and to one `fit`.
        kept = dict(self.__dict__)
        return kept | dict.fromkeys(
            ("_model", "_writer", "_before", "_weights", "_loss")
        )

    @_errors.named_by_class
    def on_train_begin(self, logs: Logs = None) -> None:
        if self._batch is not None:  # an interrupt ended the training before
            self._done += self._batch + 1
            self._batch = None
        if self._before is not None:
            self._before = None
            self._write(self._looks[-1])
        model = self.model
        _checks.check_layer("model", model)
        inputs.with_call(model)
        inputs.check_fit(model, self._x)
        self._seen = model.name
        self._weights = capture.trainable(model)
        self._loss = None
        if self._y is not None and not (self._source and not losses.has_loss(model)):
            self._loss = losses.loss_function_of(model, None)

    @_errors.named_by_class
    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._batch = batch
        self._finish()
        if self._done + batch >= self._next:
            self._look(self._done + batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if self._loss_step is None and loss is not None and not math.isfinite(loss):
            self._loss_step = self._done + batch

    @_errors.named_by_class
    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish()
        if self._batch is not None:
            steps = self._batch + self.model.steps_per_execution
            most = (self.params or {}).get("steps")
            self._done += min(steps, most) if most else steps
            self._batch = None

    def on_train_end(self, logs: Logs = None) -> None:
        self._weights = self._loss = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _look(self, step: int) -> None:
        self._next = (step // self._interval + 1) * self._interval
        # This attribute of Keras' callbacks has the weights of now on every backend:
        # on JAX it puts them from the state of the training loop into the model.
        model = self.model
        y = None if self._loss is None else self._y
        with _backend.seeded(SEED):
            report, layers = diagnosis.look(
                *(model, self._x, y, self._loss, diagnosis.LEARNING_RATE),
                predicts=False,
            )
        rows = [
            training.LayerLook(
                index=row.index,
                name=row.name,
                stddev=row.signal.stddev,
                saturated=row.signal.saturated,
                dead=row.signal.dead,
                not_finite=row.signal.not_finite,
                gradient_stddev=row.gradient_stddev,
                problems=list(row.problems),
            )
            for row in report.layers
        ]
        self._looks.append(training.Look(step, report.loss, rows))
        self._healthy.append(report.healthy)
        self._before = [
            [(variable, _values(variable)) for variable in self._weights[id(layer)]]
            if id(layer) in self._weights
            else []
            for layer in layers
        ]

    def _finish(self) -> None:
        """Adds the update to the last look, now that its step is done."""
        if self._before is None:
            return
        _ = self.model  # puts the weights of now into the model; see `_look`
        look = self._looks[-1]
        layers = [
            dataclasses.replace(layer, update_ratio=_update_ratio(weights))
            for layer, weights in zip(look.layers, self._before, strict=True)
        ]
        self._before = None
        self._looks[-1] = dataclasses.replace(look, layers=layers)
        self._write(self._looks[-1])

    def _write(self, look: training.Look) -> None:
        """Writes a look to the file and the directory that were asked for."""
        if self._csv is not None:
            is_first = look is self._looks[0]
            with open(
                self._csv, "w" if is_first else "a", newline="", encoding="utf-8"
            ) as file:
                writer = csv_format.writer(file)
                if is_first:
                    writer.writerow(("step", "loss", *COLUMNS))
                for layer in look.layers:
                    cells = [getattr(layer, column) for column in COLUMNS]
                    writer.writerow((look.step, look.loss, *cells))
        if self._tensorboard is not None:
            if self._writer is None:
                module = importlib.import_module("tensorboard.summary")
                self._writer = module.Writer(str(self._tensorboard))
            if look.loss is not None:
                self._writer.add_scalar("probe/loss", look.loss, look.step)
            for layer in look.layers:
                for column in COLUMNS[2:]:
                    value = getattr(layer, column)
                    if value is not None:
                        tag = f"{column}/{layer.name}"
                        self._writer.add_scalar(tag, value, look.step)
            self._writer.flush()


def _values(variable: keras.Variable) -> Host:
    """A copy of a variable's values: a training step may reuse its memory."""
    return np.array(_backend.to_numpy(variable))


def _update_ratio(weights: Weights) -> float | None:
    """Length of the step from the values kept to those of now, over that of the former.

    Args:
        weights: Pairs of a variable and its values before the step.
    """
    update = size = 0.0
    with np.errstate(all="ignore"):  # what is not finite gives a ratio that is not
        for variable, before in weights:
            before = before.astype("float32", copy=False)
            after = _backend.to_numpy(variable).astype("float32", copy=False)
            update += float(np.sum(np.square(after - before, dtype="float64")))
            size += float(np.sum(np.square(before, dtype="float64")))
    if size == 0:
        return None
    return math.sqrt(update / size)


def _check_directory(argument: str, value: Any) -> Path:
    """The path of a directory for summaries that is there or can be made."""
    try:
        path = Path(value)
        os.fsencode(path)
        valid = path.is_dir() or (path.absolute().parent.is_dir() and path.name)
        valid = valid and not path.is_file()
    except Exception:  # a value of another type, or a name that no system takes
        valid = False
    if not valid:
        _errors.raise_bad_value(
            argument,
            "the path of a directory, or of a new one in a directory that exists",
            value,
        )
    if importlib.util.find_spec("tensorboard") is None:
        _errors.raise_error(
            "Argument `tensorboard` needs TensorBoard, which is not installed. Install "
            "it with: pip install tensorboard",
            ImportError,
        )
    return path
