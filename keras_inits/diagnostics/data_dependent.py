"""Weights set by what the data do in them: `lsuv` and `data_scale`.

Both send one batch through the model, once. A layer that multiplies by a kernel
is run again on the input that has reached it, its kernel rescaled before each
run, until what it puts out before its activation has the size wanted; then the
batch goes on to the next layer. All kernels are stored at the end, so a call
that fails changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _checks, _errors, _reports, _tables
from keras_inits._types import Data, Host, Integer, Real, Shape
from keras_inits.diagnostics import capture, inputs, statistics
from keras_inits.diagnostics.report import number
from keras_inits.engine import streams
from keras_inits.initializers.orthogonal import Orthogonal
from keras_inits.model import plan
from keras_inits.model.addresses import addresses

Draw = Callable[[str, keras.Variable], Host]

TARGETS = ("variance", "mean_square")
# The kernel by which a layer's output is linear; of a separable convolution's
# two, the second.
KERNEL_NAMES = ("pointwise_kernel", "kernel")


@dataclasses.dataclass(frozen=True)
class LayerScale:
    """What was done to one kernel.

    Attributes:
        weight: The kernel's address in the model.
        shape: Its shape.
        before: Variance, or mean square, that the first run showed.
        scale: Factor by which the kernel was multiplied in all.
        tries: How often it was rescaled.
        after: Variance, or mean square, at the end.
        converged: Whether that is within the tolerance.
    """

    weight: str
    shape: Shape
    before: float
    scale: float
    tries: int
    after: float
    converged: bool


@dataclasses.dataclass(frozen=True)
class ScaleReport(_reports.Report):
    """What `lsuv` or `data_scale` did to a model.

    Attributes:
        model: Name of the model.
        target: What was brought to 1, the variance or the mean square.
        layers: A `LayerScale` for each kernel, in the order of the data.
        left: Addresses of the matrices that were left as they are, because
            their layer's output is not linear in them or because no data came
            by.
        source: Class of what gave the batch, None for arrays.
    """

    model: str
    target: str
    layers: list[LayerScale]
    left: list[str]
    source: str | None = None

    @property
    def converged(self) -> bool:
        """Whether every kernel reached the target."""
        return all(layer.converged for layer in self.layers)

    def table(self) -> _tables.Table:
        """A `rich.table.Table` with a row for each kernel."""
        on = f" on the first batch of {self.source}" if self.source else ""
        table = _tables.Table(
            f"{self.model}: {self.target.replace('_', ' ')} brought to 1{on}",
            f"left as they are: {', '.join(self.left)}" if self.left else None,
        )
        table.texts("kernel")
        table.texts("shape", priority=1)
        table.numbers("before", "scale")
        table.numbers("tries", priority=2)
        table.numbers("after", "converged")
        for row in self.layers:
            table.add_row(
                row.weight,
                "x".join(str(size) for size in row.shape),
                number(row.before),
                number(row.scale),
                str(row.tries),
                number(row.after),
                "yes" if row.converged else "no",
            )
        return table


@_backend.outside_traces
def lsuv(
    model: keras.Layer,
    x: Data,
    *,
    seed: Integer | None = None,
    tolerance: Real = 0.1,
    max_tries: Integer = 10,
) -> ScaleReport:
    """Layer-sequential unit-variance initialization.

    Each kernel is set to an orthonormal matrix, then, in the order of the data,
    scaled until the output B of its layer, before the activation, has unit
    variance over the batch and all units:

        while |var(B) - 1| >= tolerance and tries < max_tries:
            kernel = kernel / sqrt(var(B))

    The start is what `initialize` draws with `Orthogonal()` and this seed: the
    same bits on every backend. Dense layers and convolutions are
    set, the projections within attention included; recurrent layers and
    embeddings are left as they are, and so are biases, which the paper takes to
    be 0. A layer that is called twice is scaled by the first call.

    Args:
        model: A built Keras model or layer. Its kernels are changed.
        x: A batch of the data, an array or a list or dict of arrays, or what gives
            batches to `fit`, whose first one is used: see `diagnose`.
        seed: Integer, or `None` for a fresh one.
        tolerance: How far from 1 the variance may stay, above 0.
        max_tries: How often a kernel is rescaled at most, 0 or above.

    Returns:
        A `ScaleReport`.

    Raises:
        ValueError: If `model` is no Keras model or layer, is not built or has no kernel
            to scale, if the batch is empty or not finite or does not fit the model, or
            if a layer puts out the same value everywhere or overflows. The model is
            unchanged then.

    Reference:
        Mishkin and Matas 2016, "All you need is a good init", algorithm 1,
        https://arxiv.org/abs/1511.06422
    """
    seed = streams.seed_or_fresh(_checks.check_seed_of_call(seed))

    def orthonormal(address: str, variable: keras.Variable) -> Host:
        key = streams.from_address(seed, address)
        return plan.draw(Orthogonal(), key, tuple(variable.shape), variable.dtype)

    # Not with a star: after such a call Python looks for an interrupt once more.
    return _scale(model, x, "variance", orthonormal, tolerance, max_tries)


@_backend.outside_traces
def data_scale(
    model: keras.Layer,
    x: Data,
    target: str = "variance",
    *,
    tolerance: Real = 0.1,
    max_tries: Integer = 10,
) -> ScaleReport:
    """Scales each kernel so that its layer's output has size 1 on the data.

    As `lsuv`, but from the kernels that the model has: their directions stay,
    only their scale changes.

    Args:
        model: See `lsuv`.
        x: See `lsuv`.
        target: What is brought to 1: `"variance"`, or `"mean_square"`, which
            counts the mean as signal too and is what He et al. 2015 hold fixed.
        tolerance: How far from 1 it may stay, above 0.
        max_tries: See `lsuv`.

    Returns:
        A `ScaleReport`.

    Raises:
        ValueError: See `lsuv`, and if `target` is unknown.
    """
    _checks.check_choice("target", target, TARGETS)
    return _scale(model, x, target, None, tolerance, max_tries)


def _scale(
    model: keras.Layer,
    x: Any,
    target: str,
    start: Draw | None,
    tolerance: Real,
    max_tries: Integer,
) -> ScaleReport:
    tolerance = _checks.check_positive("tolerance", tolerance)
    max_tries = _checks.check_integer("max_tries", max_tries, 0)
    inputs.check_model(model)
    x, _, source = inputs.first_batch(x)
    x = inputs.check_batch("x", x)
    inputs.check_fit(model, x)
    named = {id(variable): text for text, _, variable in addresses(model)}
    scaler = _Scaler(target, named, start, tolerance, max_tries)
    with (
        capture.observed(model, scaler, None),
        keras.StatelessScope(),
        _backend.without_gradients(),
    ):
        capture.run(model, inputs.tensors(x), None)
    if not scaler.rows:
        found = f"{model.name!r} with none that the data pass"
        _errors.raise_bad_argument(
            "model", "have a dense layer or a convolution", found
        )
    matrices = [
        variable
        for kernels in capture.kernels(model).values()
        for variable in kernels
        if id(variable) not in scaler.values
    ]
    left = [named[id(variable)] for variable in matrices]
    report = ScaleReport(model.name, target, scaler.rows, sorted(set(left)), source)
    return _store(scaler.values.values(), report)


def _store(
    pairs: Iterable[tuple[keras.Variable, Host]], result: ScaleReport
) -> ScaleReport:
    """Sets all variables, or none if that is cut short, and returns `result`.

    Args:
        pairs: Of a variable and its values.
        result: Returned from here, where an interrupt still undoes what was set.
    """
    before = []
    try:
        for variable, values in pairs:
            before.append((variable, np.array(_backend.to_numpy(variable))))
            variable.assign(keras.ops.convert_to_tensor(values, dtype=variable.dtype))
        return result
    except BaseException:
        for variable, values in before:
            variable.assign(keras.ops.convert_to_tensor(values, dtype=variable.dtype))
        raise


class _Scaler(capture.Observer):
    """Runs a layer, rescales its kernel and runs it again, until it fits."""

    def __init__(
        self,
        target: str,
        named: dict[int, str],
        start: Draw | None,
        tolerance: float,
        max_tries: int,
    ) -> None:
        self.target = target
        self.named = named
        self.start = start
        self.tolerance = tolerance
        self.max_tries = max_tries
        self.rows: list[LayerScale] = []
        self.values: dict[int, tuple[keras.Variable, Host]] = {}

    def replace(
        self, call: Any, run: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        kernel = _scalable_kernel(call)
        if kernel is None or id(kernel) in self.values:
            return run(*args, **kwargs)
        address = self.named[id(kernel)]
        values = kernel.value if self.start is None else self.start(address, kernel)
        values = _backend.to_numpy(values).astype("float64")
        scale, tries, before = 1.0, 0, None
        while True:
            if tries or self.start:
                # Within the pass's scope: the variable itself keeps its value.
                self._set(kernel, address, (values * scale).astype("float32"))
            outputs, size = self._run(call.layer, run, args, kwargs)
            before = size if before is None else before
            if not 0.0 < size < float("inf"):
                found = f"a {self.target.replace('_', ' ')} of {size:g} at {address!r}"
                self.refuse(
                    _errors.raise_bad_argument,
                    "model",
                    "put out a signal of finite size in every layer",
                    f"{found}, which no scale brings to 1",
                )
            if abs(size - 1.0) < self.tolerance or tries == self.max_tries:
                break
            scale /= size**0.5
            tries += 1
        self.values[id(kernel)] = kernel, (values * scale).astype("float32")
        converged = abs(size - 1.0) < self.tolerance
        shape = tuple(kernel.shape)
        self.rows.append(
            LayerScale(address, shape, before, scale, tries, size, converged)
        )
        return outputs

    def _set(self, kernel: keras.Variable, address: str, values: Host) -> None:
        try:
            kernel.assign(keras.ops.convert_to_tensor(values, dtype=kernel.dtype))
        except Exception as error:
            rule = "take new values for its kernels"
            found = f"{type(error).__name__} at {address!r}"
            way_out = _errors.reason(error)
            self.refuse(
                _errors.raise_bad_argument, "model", rule, found, way_out, error
            )

    def _run(
        self,
        layer: keras.Layer,
        run: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> tuple[Any, float]:
        """The layer's outputs, and the size of what its activation was given."""
        seen = []
        activation = getattr(layer, "activation", None)
        if activation is None:
            outputs = run(*args, **kwargs)
        else:

            def show(values: Any, *more: Any, **keywords: Any) -> Any:
                seen.append(values)
                return activation(values, *more, **keywords)

            with capture.replaced(layer, "activation", show):
                outputs = run(*args, **kwargs)
        blob = seen[0] if seen else keras.tree.flatten(outputs)[0]
        mean, stddev, missing = statistics.finite_moments(_backend.to_numpy(blob))
        if missing:
            return outputs, float(np.nan)
        square = stddev**2
        return outputs, square + mean**2 if self.target == "mean_square" else square


def _scalable_kernel(call: Any) -> keras.Variable | None:
    """The kernel that the output of the call is linear in, or `None`."""
    activation = getattr(call.layer, "activation", None)
    inner = [
        part for part in capture.inner_layers(call.layer) if part is not activation
    ]
    if inner or isinstance(call.layer, capture.OPAQUE):
        return None
    found = {variable.name: variable for variable in call.kernels}
    return next((found[name] for name in KERNEL_NAMES if name in found), None)
