"""`diagnose`: one batch through a model, forward and backward, and a report."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _checks
from keras_inits._types import Data, Host, Real, Shape, Tensor
from keras_inits.diagnostics import (
    advice,
    capture,
    inputs,
    losses,
    signal_stream,
    statistics,
    theory,
    verdicts,
    weights,
)
from keras_inits.diagnostics.report import (
    LayerSignal,
    SignalReport,
    StreamPoint,
)
from keras_inits.model.addresses import addresses

LEARNING_RATE = 0.01
# Factors of the loss in float16, below whose smallest number gradients would become 0;
# the first is that of `keras.optimizers.LossScaleOptimizer`. A smaller one is taken
# where gradients overflow.
LOSS_SCALES = (2.0**15, 2.0**7, 1.0)


@_backend.outside_traces
def diagnose(
    model: keras.Layer,
    x: Data,
    y: Data | None = None,
    loss: Any = None,
    *,
    learning_rate: Real | None = None,
    training: bool | None = None,
) -> SignalReport:
    """Shows what a model's weights do to a signal, layer by layer.

    One batch runs through the model once, forward and, with `y`, backward, and
    each layer's output is looked at on its way, in the order of the data. The
    model is left as it was: its weights, the statistics of BatchNormalization
    and the states of seed generators included. The loss is that of `y` alone,
    without penalties on the weights; of several outputs the losses add up, with the
    `loss_weights` of `compile` where the losses are those of `compile`.

    Args:
        model: A built Keras model, sequential, functional or subclassed, or a layer.
        x: The batch, an array or a list or dict of arrays. As many samples as
            a training step takes are enough. Or what gives batches to `fit`: a
            `tf.data.Dataset`, a `torch.utils.data.DataLoader`, a
            `keras.utils.PyDataset`, a generator, any iterable of `x`, `(x, y)` or
            `(x, y, sample_weight)`. Only its first batch is asked for, so that an
            iterator, which can be read once, goes on with its second; sample
            weights are not used.
        y: The targets of the batch. `None` runs forward only. Those that come with
            a batch are used where there is a loss and the backend has gradients.
        loss: Name of a Keras loss, a `keras.losses.Loss`, a function of
            targets and outputs, or a list or dict of them for a model with
            several outputs. `None` is the loss the model was compiled with.
        learning_rate: Rate by which the ratio of update to weight is
            computed, for one step of plain gradient descent. `None` is that of
            the compiled optimizer, or 0.01.
        training: `True` or `False` is handed to the model. `None` looks at the
            first training step without its noise: BatchNormalization works
            with the statistics of the batch, all other layers as in inference.

    Returns:
        A `SignalReport`.

    Raises:
        ValueError: If `model` is no Keras model or layer, is not built or has no
            weights, if there is NaN or infinity in `x` or in a weight, if the batch is
            empty or has a shape that the model does not take, or if `y` comes without a
            loss.
        RuntimeError: If gradients are asked of a backend that has none.

    Reference:
        Glorot and Bengio 2010, "Understanding the difficulty of training deep
        feedforward neural networks", sections 3 and 4, looks at activations and
        gradients by layer in this way.
    """
    inputs.check_model(model)
    if training is not None:
        training = _checks.check_bool("training", training)
    x, y, source = inputs.first_batch(x, y)
    if source and loss is None and not losses.has_loss(model):
        y = None
    x = inputs.check_batch("x", x)
    inputs.check_fit(model, x)
    loss_function = None
    if y is not None:
        inputs.check_gradients("Argument `y`")
        loss_function = losses.loss_function_of(model, loss)
        y = inputs.check_batch("y", y)
        inputs.check_same_length(x, y)
    if learning_rate is None:
        rate = _compiled_rate(model)
    else:
        rate = _checks.check_positive("learning_rate", learning_rate)
    return look(model, x, y, loss_function, rate, training, source)[0]


def look(
    model: keras.Layer,
    x: Any,
    y: Any,
    loss_function: Callable[[Any, Any], Tensor] | None,
    learning_rate: float,
    training: bool | None = None,
    source: str | None = None,
    *,
    predicts: bool = True,
) -> tuple[SignalReport, list[keras.Layer]]:
    """The pass of `diagnose`, with arguments that have been checked.

    Args:
        model: The model.
        x: The batch as NumPy arrays.
        y: The targets as NumPy arrays, or `None`.
        loss_function: See `losses.loss_function_of`; `None` where there is no `y`.
        learning_rate: See `diagnose`, as for the others.
        training: See `diagnose`.
        source: Class of what gave the batch, `None` for arrays.
        predicts: Whether to say what theory predicts of each layer, which takes time.

    Returns:
        The report, and the list of the layer of each of its rows.
    """
    backward = y is not None
    variables = model.trainable_variables if backward else []
    gradients: list[Any] = [None] * len(variables)
    value = None
    tensors = inputs.tensors(x)
    targets = inputs.tensors(y) if backward else None
    parts = capture.all_layers(model)
    is_half = any(getattr(part, "compute_dtype", "") == "float16" for part in parts)
    for scale in LOSS_SCALES if is_half else (1.0,):
        watch = _Watch(backward, predicts, scale)
        with capture.observed(model, watch, training) as seen:
            if loss_function is not None:

                def loss_of(
                    flat: list[Tensor], state: Any, by: float = scale
                ) -> Tensor:
                    with keras.StatelessScope(state):
                        batch = keras.tree.pack_sequence_as(x, flat)
                        outputs = capture.run(model, batch, training)
                        loss = loss_function(targets, outputs)
                        return by * keras.ops.cast(loss, keras.config.floatx())

                flat = keras.tree.flatten(tensors)
                value, gradients = _backend.differentiate(loss_of, flat, variables)
                value /= scale
                gradients = [g.astype("float32") / scale for g in gradients]
            else:
                with keras.StatelessScope():
                    capture.run(model, tensors, training)
        if not watch.overflows:
            break

    of_variable = {id(v): g for v, g in zip(variables, gradients, strict=True)}
    rows = watch.rows(of_variable, learning_rate, capture.trainable(model))
    rows = weights.with_wanted(model, rows, watch.calls)
    rows = watch.predict(rows, [call for call, _ in watch.calls], training)
    points = watch.stream(rows, watch.points(model, seen))
    named = {id(variable): text for text, _, variable in addresses(model)}
    kernels = [[named[id(k)] for k in call.kernels] for call, _ in watch.calls]
    judgment = verdicts.judge(rows, points, kernels, _stddev(x))
    report = SignalReport(
        model=model.name,
        backend=_backend.name(),
        samples=len(keras.tree.flatten(x)[0]),
        input_mean=_stddev(x, place=0),
        input_stddev=_stddev(x),
        loss=value,
        learning_rate=learning_rate if backward else None,
        verdict=judgment.verdict,
        layers=judgment.layers,
        source=source,
        stream=points,
        healthy=judgment.healthy,
        advice=judgment.advice,
    )
    return report, [call.layer for call, _ in watch.calls]


class _Watch(theory.Predictor):
    """Turns each output, and the gradient that returns to it, into numbers."""

    def __init__(self, backward: bool, predicts: bool, scale: float) -> None:
        super().__init__(predicts)
        self.backward = backward
        self.scale = scale  # of the loss
        self.overflows = False  # whether a gradient is not finite
        # With their shapes, in the order in which they ended.
        self.calls: list[tuple[capture.Call, Shape]] = []
        self.signals: dict[capture.Call, statistics.Signal] = {}
        self.gradients: dict[capture.Call, float] = {}
        # Standard deviations of what no call put out.
        self.taken: dict[capture.Taken, tuple[float, float | None]] = {}
        # What differs from sample to sample.
        self.varying: set[signal_stream.Value] = set()

    def take(self, taken: capture.Taken, tensor: Tensor) -> None:
        def on_value(values: Host) -> None:
            if taken.is_floating:
                self.taken[taken] = statistics.spreads(values)
            self.keep(taken, values)
            if values.size and values.min() != values.max():
                self.varying.add(taken)

        _backend.tap(tensor, on_value)

    def observe(self, call: capture.Call, output: Tensor) -> Tensor:
        if any(source in self.varying for source in call.inputs):
            self.varying.add(call)
        activation = capture.activation_name(call.layer)

        def on_value(values: Host) -> None:
            self.calls.append((call, tuple(output.shape)))
            self.signals[call] = statistics.describe(values, call.unit_axis, activation)
            self.keep_output(call, values, self.signals[call])

        def on_gradient(values: Host) -> None:
            stddev = statistics.gradient_stddev(values)
            self.overflows |= math.isnan(stddev)
            self.gradients[call] = stddev / self.scale

        return _backend.tap(output, on_value, on_gradient if self.backward else None)

    def rows(
        self,
        gradients: dict[int, Tensor],
        learning_rate: float,
        trainable: dict[int, list[keras.Variable]],
    ) -> list[LayerSignal]:
        places = {call: index for index, (call, _) in enumerate(self.calls)}
        own = [trainable.get(id(call.layer), []) for call, _ in self.calls]
        return [
            LayerSignal(
                index=index,
                name=call.name,
                kind=type(call.layer).__name__,
                shape=shape,
                activation=capture.activation_name(call.layer),
                sources=[places[c] for c in call.sources if c in places],
                signal=self.signals[call],
                gradient_stddev=self.gradients.get(call),
                kernels=[
                    weights.kernel(call.layer, variable, gradients, learning_rate)
                    for variable in call.kernels
                ],
                varies=call in self.varying,
                bias_size=weights.bias_size(
                    call.layer, trainable.get(id(call.layer), [])
                ),
                waits=weights.waits(own[index], gradients),
            )
            for index, (call, shape) in enumerate(self.calls)
        ]

    def points(self, model: keras.Layer, seen: Any) -> list[signal_stream.Point] | None:
        """What `signal_stream.points` says of the pass."""
        return signal_stream.points(
            model, [call for call, _ in self.calls], seen.outputs
        )

    def stream(
        self, rows: list[LayerSignal], points: list[signal_stream.Point] | None
    ) -> list[StreamPoint]:
        """The `StreamPoint`s of a report.

        Args:
            rows: The rows.
            points: What `signal_stream.points` found. Where that is None, each layer
                with a kernel counts as one that the signal has to pass.
        """
        places = {call: index for index, (call, _) in enumerate(self.calls)}
        if points is None:
            points = [
                signal_stream.Point(c, True, True, False) for c in places if c.kernels
            ]
        points = signal_stream.hidden([point for point in points if point.counts])
        found: dict[tuple[int, int], StreamPoint] = {}
        for point in points:
            if isinstance(point.call, capture.Taken):
                taking = [i for c, i in places.items() if point.call in c.inputs]
                if taking and point.call in self.taken:
                    index = min(taking)
                    name = f"sum before {rows[index].name}"
                    stddev, within = self.taken[point.call]
                    found[index, 0] = StreamPoint(
                        name, index, stddev, within, is_sum=point.is_sum
                    )
                continue
            row = rows[places[point.call]]
            row = advice.activated(rows, row) if point.has_kernel else row
            found[row.index, 1] = StreamPoint(
                row.name,
                row.index,
                row.signal.stddev,
                row.signal.batch_stddev,
                row.gradient_stddev,
                row.shape,
                point.is_sum,
            )
        return [found[key] for key in sorted(found)]


def _compiled_rate(model: keras.Layer) -> float:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return LEARNING_RATE
    return float(_backend.to_numpy(optimizer.learning_rate))


def _stddev(x: Any, place: int = 1) -> float | None:
    """Mean (place 0) or standard deviation of the floating-point inputs, if any."""
    arrays = [a.ravel() for a in keras.tree.flatten(x) if a.dtype.kind == "f"]
    if not arrays:
        return None
    return statistics.finite_moments(np.concatenate(arrays))[place]
