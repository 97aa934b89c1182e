"""What theory says of a layer's standard deviation, and which assumption of it fails.

Weights are drawn with mean 0, independently of each other and of the data. On average
over draws, a kernel w and a bias b then turn an input x into z with

    Var z = fan_in * E[w**2] * E[x**2] + Var b,    E z = E b

for the products of two different weights have mean 0, so that only squares are left,
whatever the inputs have in common. In a convolution with padding fewer than `fan_in`
inputs meet at the borders: their mean number counts. z is a sum of many terms, so it is
taken as normal, which gives an activation f

    Var f = E[f(z)**2] - E[f(z)]**2

The variances of what is added up are added; a normalization leaves 1 times its scale;
an embedding has the variance of its table. E[x**2] is the one that was measured, so
that each layer is a prediction of its own: where one fails, the next one starts anew.

A batch and a draw are one case of the average. The units of a layer are drawn
independently, and the measured variance is a mean over them, so its standard error
follows from how much the units differ. Prediction and measurement part where they are
further from each other than `SIGMAS` standard errors. Then an assumption fails, and
which one is told by where: before an activation or in it.

To add a layer: a rule that returns a `Prediction`, and its row in `RULES`.

Reference:
    Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
    neural networks", section 4.2.1; He et al. 2015, equation 7,
    https://arxiv.org/abs/1502.01852; Poole et al. 2016, equation 3,
    https://arxiv.org/abs/1606.05340
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, gains
from keras_inits._types import Host, Moments, Shape, Tensor
from keras_inits.diagnostics import capture, statistics
from keras_inits.diagnostics.report import LayerSignal
from keras_inits.fans import einsum_operands
from keras_inits.model import fans

layers = keras.layers
Value = capture.Call | capture.Taken

SIGMAS = 6.0
# Of fewer units, too little is known of how they differ. Units that are squares of
# normal numbers, the worst there is, raise a false alarm in 1 of 20000 layers of 32.
LEAST_UNITS = 32
# A part of the variance that is no matter: 1% of the standard deviation.
NEGLIGIBLE = 0.02

# The assumptions, as a report names them.
CENTERED = "weights have mean 0"
INDEPENDENT = "weights are independent of each other and of the input"
NORMAL = "input of the activation is normal"
UNCORRELATED = "summands are uncorrelated"
LARGE = "variance is far above epsilon in each unit"
ALIKE = "rows are looked up alike"
ASSUMPTIONS = (CENTERED, INDEPENDENT, NORMAL, UNCORRELATED, LARGE, ALIKE)


@dataclasses.dataclass(frozen=True)
class Measured:
    """The variance of a tensor, and how far from its average over draws it may be.

    Attributes:
        variance: Mean square distance from a center, over the batch and all units.
        tolerance: How far its logarithm may be off; `None` for too few units.
    """

    variance: float
    tolerance: float | None

    def parts_from(self, predicted: float, slack: float = 0.0) -> bool:
        """Whether it is further from a prediction than a draw can explain."""
        if self.tolerance is None or self.variance == predicted:
            return False
        if not (self.variance > 0 and predicted > 0):
            return True
        distance = abs(math.log(self.variance / predicted))
        return distance > self.tolerance + slack + NEGLIGIBLE


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What theory says of a layer.

    Attributes:
        variance: The variance of its output.
        assumption: The one that fails if another variance is measured.
        slack: How far the logarithm of the variance is left open.
    """

    variance: float
    assumption: str
    slack: float = 0.0


def measure(values: Host, unit_axis: int, center: float) -> Measured:
    """The mean square distance of a tensor from a center, and its tolerance."""
    by_unit = statistics.unit_squares(values, unit_axis, center)
    variance = float(np.mean(by_unit))
    if by_unit.size < LEAST_UNITS or not math.isfinite(variance):
        return Measured(variance, None)
    if variance == 0:
        return Measured(variance, 0.0)
    variation = float(np.std(by_unit, ddof=1)) / variance
    return Measured(variance, SIGMAS * variation / math.sqrt(by_unit.size))


@dataclasses.dataclass
class Case:
    """One call of one layer, with what the pass has shown of it.

    Attributes:
        layer: The layer.
        taken: Mean and standard deviation of each floating-point input.
        shapes: Shape of each floating-point input, and of the output at the end.
        training: See `diagnose`.
        output: What was measured of the output.
        before: The same of the input of the layer's activation, with the mean of its
            bias as center.
    """

    layer: keras.Layer
    taken: list[Moments]
    shapes: list[Shape]
    training: bool | None
    output: Measured
    before: Measured | None


class Predictor(capture.Observer):
    """Keeps of a pass what predictions are made from and held against.

    Args:
        is_wanted: Whether there are to be any.
    """

    def __init__(self, is_wanted: bool) -> None:
        self.rules = RULES if is_wanted else {}
        self.moments: dict[Value, Moments] = {}
        self.shapes: dict[Value, Shape] = {}
        self.outputs: dict[capture.Call, Measured] = {}
        self.before: dict[capture.Call, Measured] = {}

    def keep(self, taken: capture.Taken, values: Host) -> None:
        """Keeps what is needed of a tensor that no call put out."""
        is_number = taken.is_floating or values.dtype.kind in "iub"
        if self.rules and is_number and values.size:
            self.shapes[taken] = values.shape
            self.moments[taken] = statistics.finite_moments(values)[:2]

    def keep_output(
        self, call: capture.Call, values: Host, signal: statistics.Signal
    ) -> None:
        """Keeps what is needed of the output of a call."""
        self.shapes[call] = values.shape
        self.moments[call] = signal.mean, signal.stddev
        if type(call.layer) in self.rules and values.ndim > 1:
            self.outputs[call] = measure(values, call.unit_axis, signal.mean)

    def replace(
        self, call: capture.Call, run: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        layer = call.layer
        is_weighted = self.rules.get(type(layer)) is _weighted
        if not is_weighted or layer.activation in (None, LINEAR):
            return run(*args, **kwargs)
        center, activation = 0.0, layer.activation

        def on_bias(values: Host) -> None:
            nonlocal center
            center = statistics.finite_moments(values)[0]

        def activated(tensor: Tensor) -> Tensor:
            def on_value(values: Host) -> None:
                axis = capture.unit_axis(call, tensor)
                self.before[call] = measure(values, axis, center)

            if getattr(layer, "bias", None) is not None:
                # In the pass JAX has a tracer for its values.
                _backend.tap(keras.ops.convert_to_tensor(layer.bias), on_bias)

            return activation(_backend.tap(tensor, on_value))

        with capture.replaced(layer, "activation", activated):
            return run(*args, **kwargs)

    def predict(
        self,
        rows: Sequence[LayerSignal],
        calls: Sequence[capture.Call],
        training: bool | None,
    ) -> list[LayerSignal]:
        """The rows, with what theory says of them.

        Args:
            rows: The rows.
            calls: The call of each.
            training: See `diagnose`.
        """
        found = []
        for row, call in zip(rows, calls, strict=True):
            prediction = self._prediction(call, training)
            if prediction is not None:
                measured = self.outputs[call]
                parts = measured.parts_from(prediction.variance, prediction.slack)
                row = dataclasses.replace(
                    row,
                    predicted_stddev=math.sqrt(prediction.variance),
                    failed_assumption=prediction.assumption if parts else None,
                )
            found.append(row)
        return found

    def _prediction(
        self, call: capture.Call, training: bool | None
    ) -> Prediction | None:
        if call not in self.outputs:
            return None
        sources = [source for source in call.inputs if source in self.moments]
        case = Case(
            call.layer,
            [self.moments[source] for source in sources],
            [self.shapes[value] for value in (*sources, call)],
            training,
            self.outputs[call],
            self.before.get(call),
        )
        found = RULES[type(call.layer)](case)
        return found if found and math.isfinite(found.variance) else None


def _function(layer: keras.Layer) -> Callable[..., Any] | None:
    """The activation that a layer is or ends with, `None` for one of whole vectors."""
    if type(layer) in ACTIVATIONS:
        return lambda z: layer.call(keras.ops.convert_to_tensor(z, "float32"))
    activation: Any = layer.activation
    if activation is None:
        return LINEAR
    if isinstance(activation, keras.Layer):
        return _function(activation) if type(activation) in ACTIVATIONS else None
    is_whole = gains.activation_name(activation) in gains.WHOLE_VECTOR
    return None if is_whole else activation


def _bias(layer: keras.Layer) -> Moments:
    """Mean and standard deviation of a layer's bias."""
    bias = getattr(layer, "bias", None)
    return (0.0, 0.0) if bias is None else _moments(bias)


def _moments(variable: keras.Variable) -> Moments:
    return statistics.finite_moments(_backend.to_numpy(variable))[:2]


def _weighted(case: Case) -> Prediction | None:
    layer, function = case.layer, _function(case.layer)
    is_plain = not getattr(layer, "lora_enabled", False)
    is_plain = is_plain and not getattr(layer, "quantization_mode", None)
    if isinstance(layer, layers.EinsumDense):
        taken, kernel, made = einsum_operands(layer.equation)
        # What no weight tells apart is added up with the same weight.
        is_plain = is_plain and {*taken} <= {*kernel, *made, "."}
    if function is None or not is_plain or len(case.taken) != 1:
        return None
    mean, stddev = case.taken[0]
    variance, most = mean**2 + stddev**2, 1.0
    share = _share_of_taps(case)
    slack = -math.log(share)  # what goes in may be all in the middle
    named = {variable.name: variable for variable in layer.weights}
    for kernel in (named[role] for role in KERNELS if role in named):
        mean, stddev = _moments(kernel)
        square = mean**2 + stddev**2
        fan_in = share * fans.layer_fans(layer, kernel)[0]
        variance, share = variance * fan_in * square, 1.0
        if abs(mean) > SIGMAS * stddev / math.sqrt(math.prod(kernel.shape)):
            # By Cauchy and Schwarz, (sum x)**2 is at most fan_in times sum x**2.
            most *= 1.0 + fan_in * mean**2 / square
    mean, stddev = _bias(layer)
    variance += stddev**2
    measured = case.before or case.output
    highest = min(measured.variance, variance * most)
    is_shifted = highest > variance and not measured.parts_from(highest, slack)
    assumption = CENTERED if is_shifted else INDEPENDENT
    if function is LINEAR:
        return Prediction(variance, assumption, slack)
    if not measured.parts_from(variance, slack):
        assumption = NORMAL
    return _through(function, (mean, math.sqrt(variance)), assumption, slack)


def _through(
    function: Callable[..., Any], given: Moments, assumption: str, slack: float = 0.0
) -> Prediction | None:
    """What an activation makes of a normal input."""
    mean, stddev = given

    def of_float32(z: Host) -> Tensor:  # which every backend computes in
        return function((mean + z).astype("float32"))

    with np.errstate(all="ignore"):
        first, second = gains.response(of_float32, stddev)
    if not 0 < second < math.inf:
        return None  # all is 0, or the function does not work element by element
    return Prediction(max(second - first**2, 0.0), assumption, slack)


def _share_of_taps(case: Case) -> float:
    """The share of a kernel's inputs that is there, where there may be padding."""
    layer, share = case.layer, 1.0
    if not hasattr(layer, "kernel_size"):
        return share
    first = 2 if layer.data_format == "channels_first" else 1
    taken, made = (shape[first:][: len(layer.kernel_size)] for shape in case.shapes)
    if isinstance(layer, fans.TRANSPOSED):
        # The same pairs of entries meet as in the convolution that goes back.
        taken, made = made, taken
    for axis, size in enumerate(layer.kernel_size):
        stride, dilation = layer.strides[axis], layer.dilation_rate[axis]
        reach = dilation * (size - 1)
        added = (made[axis] - 1) * stride + reach + 1 - taken[axis]
        before = {"same": added // 2, "causal": reach}.get(layer.padding, 0)
        places = stride * np.arange(made[axis])[:, None] - before
        places = places + dilation * np.arange(size)
        share *= float(np.mean((places >= 0) & (places < taken[axis])))
        if isinstance(layer, fans.TRANSPOSED):
            share *= made[axis] * stride / taken[axis]
    return share


def _activated(case: Case) -> Prediction | None:
    function = _function(case.layer)
    if function is None or len(case.taken) != 1:
        return None
    return _through(function, case.taken[0], NORMAL)


def _added(case: Case) -> Prediction | None:
    return Prediction(sum(stddev**2 for _, stddev in case.taken), UNCORRELATED)


def _normalized(case: Case) -> Prediction | None:
    layer = case.layer
    by_batch = case.training is not False and layer.trainable
    is_root = getattr(layer, "rms_scaling", False)
    if is_root or (isinstance(layer, layers.BatchNormalization) and not by_batch):
        return None
    named = {variable.name: variable for variable in layer.weights}
    scale = named.get("gamma", named.get("scale"))
    mean, stddev = (1.0, 0.0) if scale is None else _moments(scale)
    variance = mean**2 + stddev**2
    if isinstance(layer, layers.RMSNormalization):
        center, spread = case.taken[0]
        square = center**2 + spread**2
        variance *= spread**2 / square if square else 0.0
    shift = _moments(named["beta"])[1] if "beta" in named else 0.0
    return Prediction(variance + shift**2, LARGE)


def _looked_up(case: Case) -> Prediction | None:
    return Prediction(_moments(case.layer.embeddings)[1] ** 2, ALIKE)


LINEAR = keras.activations.linear
KERNELS = ("depthwise_kernel", *fans.KERNELS)
ACTIVATIONS = (layers.ReLU, layers.LeakyReLU, layers.ELU)
# By class: what a class that extends one of these computes is not known.
RULES: dict[type[keras.Layer], Callable[[Case], Prediction | None]] = {
    **dict.fromkeys(fans.WEIGHTED, _weighted),
    **dict.fromkeys((layers.Activation, *ACTIVATIONS), _activated),
    **dict.fromkeys(fans.NORMALIZATIONS, _normalized),
    layers.Embedding: _looked_up,
    layers.Add: _added,
}
