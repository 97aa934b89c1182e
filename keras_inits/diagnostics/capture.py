"""One pass through a model, with each layer's output observed on its way.

While a pass runs, each layer's `call` is replaced on the instance by a function
that calls it and shows what came out; the `finally` of `observed` takes it away
again. So whatever the model is (sequential, functional with branches and nested
models, subclassed), a layer is seen exactly when and as often as it runs.

Variables keep their values: the pass runs in a `keras.StatelessScope`, which
throws away what BatchNormalization and the seed generators would store.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import inspect
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from keras_inits import _errors
from keras_inits._types import Tensor
from keras_inits.model import graph
from keras_inits.model.owners import Owners, layers_in
from keras_inits.model.unbuilt import raise_not_built

# Their inner layers run inside a loop over time, once a step, in some backends
# only as a trace: the layer is observed as a whole.
OPAQUE = (keras.layers.RNN, keras.layers.TimeDistributed)


class Call:
    """What is known of one call of one layer when it has run.

    Attributes:
        layer: The layer.
        name: Names of the layer and of those that called it, joined by `/`.
        count: How often the layer had been called before.
        inputs: What each tensor that went in is: a `Call`, or a `Taken` that no
            observed call put out.
        sources: The `Call`s among them.
        kernels: The trainable matrices of the layer itself, its main one first.
        unit_axis: The axis of the output that numbers the units.
    """

    def __init__(
        self,
        layer: keras.Layer,
        name: str,
        count: int,
        inputs: list[Call | Taken],
        kernels: Sequence[keras.Variable] = (),
    ) -> None:
        self.layer = layer
        self.name = name if not count else f"{name} (call {count + 1})"
        self.count = count
        self.inputs = inputs
        self.sources = [source for source in inputs if isinstance(source, Call)]
        self.kernels = kernels
        self.unit_axis = -1


@dataclasses.dataclass(eq=False)
class Taken:
    """A tensor that a layer takes in and no observed call put out, as a sum.

    Attributes:
        reader: Name of the layer, or of the model for its inputs.
        is_floating: Whether it has floating-point values.
    """

    reader: str
    is_floating: bool


class Observer:
    """Takes part in a pass; to be derived from.

    `replace` may put another output in the place of the layer's own; `observe`
    says what is to be done with the floating-point output of a call.
    """

    refused: Callable[[], Any] | None = None

    def refuse(self, function: Callable[..., Any], *arguments: Any) -> None:
        """End the pass with the error that a function raises for its arguments."""
        self.refused = functools.partial(function, *arguments)
        self.refused()

    def replace(
        self, call: Call, run: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Run the layer and return its outputs. `run(*args, **kwargs)` runs it."""
        return run(*args, **kwargs)

    def observe(self, call: Call, output: Tensor) -> Tensor:
        """Look at an output tensor; return it or an equal one."""
        return output

    def take(self, taken: Taken, tensor: Tensor) -> None:
        """Look at a tensor that a layer takes in; see `Taken`."""


class _StoppedError(Exception):
    """Name and reason of a model or layer that refuses its inputs before it runs."""


class _Pass:
    """The bookkeeping of one pass: who calls whom, whose output goes where."""

    def __init__(
        self, model: keras.Layer, observer: Observer, training: bool | None
    ) -> None:
        self.model = model
        self.observer = observer
        self.training = training
        self.kernels = kernels(model)
        self.names: list[str] = []
        self.counts: dict[int, int] = {}
        self.seen = [0]
        self.makers: dict[int, tuple[weakref.ref[Any], Call | Taken]] = {}
        # What is known of the model's outputs.
        self.outputs: list[Call | Taken | None] = []
        self.failed: tuple[str, str] | None = None

    def maker(self, tensor: Tensor) -> Call | Taken | None:
        """What is known of a tensor: a `Call`, a `Taken`, or None."""
        reference, maker = self.makers.get(id(tensor), (None, None))
        return maker if reference is not None and reference() is tensor else None

    def inputs(self, name: str, args: Any, kwargs: Any) -> list[Call | Taken]:
        found = []
        for tensor in keras.tree.flatten((args, kwargs)):
            if not keras.ops.is_tensor(tensor):
                continue
            maker = self.maker(tensor)
            if maker is None:
                maker = Taken(name, is_floating(tensor))
                self.makers[id(tensor)] = weakref.ref(tensor), maker
                self.observer.take(maker, tensor)
            found.append(maker)
        return found

    def wrap(self, layer: keras.Layer) -> Callable[..., Any]:
        run = layer.call

        @functools.wraps(run)
        def call(*args: Any, **kwargs: Any) -> Any:
            return self.call(layer, run, args, kwargs)

        return call

    def call(
        self,
        layer: keras.Layer,
        run: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
    ) -> Any:
        if self.training is None and isinstance(layer, keras.layers.BatchNormalization):
            kwargs["training"] = True
        is_model = layer is self.model
        self.names += [] if is_model else [layer.name]
        self.seen.append(0)
        try:
            count = self.counts.get(id(layer), 0)
            self.counts[id(layer)] = count + 1
            name = "/".join(self.names) or layer.name
            taken = self.inputs(name, args, kwargs)
            matrices = self.kernels.get(id(layer), ())
            this = Call(layer, name, count, taken, matrices)
            outputs = self.observer.replace(this, run, args, kwargs)
        except Exception as error:
            # The innermost comes first; further out Keras rewords the error.
            if self.failed is None:
                self.failed = "/".join(self.names) or layer.name, _first_line(error)
            raise
        finally:
            inside = self.seen.pop()
            if not is_model:
                self.names.pop()
        self.seen[-1] += inside
        outputs = self.show(this, outputs, inside)
        if is_model:
            flat = keras.tree.flatten(outputs)
            self.outputs = [self.maker(t) for t in flat if is_floating(t)]
        return outputs

    def show(self, call: Call, outputs: Any, inside: int) -> Any:
        flat = keras.tree.flatten(outputs)
        place = next((i for i, tensor in enumerate(flat) if is_floating(tensor)), None)
        if place is None:
            return outputs
        # A block that hands on the output of a layer inside of it has nothing
        # to add, unless it is a layer with weights that ends with another one.
        from_inside = isinstance(self.maker(flat[place]), Call)
        if inside and from_inside and not call.kernels:
            return outputs
        call.unit_axis = unit_axis(call, flat[place])
        shown = self.observer.observe(call, flat[place])
        flat[place] = shown
        self.seen[-1] += 1
        self.makers[id(shown)] = (weakref.ref(shown), call)
        return keras.tree.pack_sequence_as(outputs, flat)


def is_floating(tensor: Any) -> bool:
    """Whether it is a tensor with a batch of floating-point values, and not empty."""
    if not keras.ops.is_tensor(tensor) or len(tensor.shape) < 1 or 0 in tensor.shape:
        return False
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))


def inner_layers(layer: keras.Layer) -> list[keras.Layer]:
    """The layers directly inside of a layer that are observed on their own."""
    return [] if isinstance(layer, OPAQUE) else layers_in(layer)


def all_layers(model: keras.Layer) -> list[keras.Layer]:
    """The model and every observed layer inside of it, each once."""
    found: dict[int, keras.Layer] = {}
    waiting = [model]
    while waiting:
        layer = waiting.pop()
        if id(layer) not in found:
            found[id(layer)] = layer
            waiting += inner_layers(layer)
    return list(found.values())


def trainable(model: keras.Layer) -> dict[int, list[keras.Variable]]:
    """The trainable weights of each observed layer.

    Those of the layers inside of one that is observed as a whole count as its own.

    Returns:
        A mapping from a layer's id to a list.
    """
    owners = Owners(model)
    found: dict[int, list[keras.Variable]] = collections.defaultdict(list)
    for variable in owners.weights:
        if variable.trainable:
            way = owners.way(owners.owner(variable))
            opaque = [layer for layer in way if isinstance(layer, OPAQUE)]
            found[id((opaque or way[-1:])[0])].append(variable)
    return found


def kernels(model: keras.Layer) -> dict[int, list[keras.Variable]]:
    """The trainable matrices of each observed layer with any, its main one first."""
    matrices = {
        key: [v for v in found if len(v.shape) >= 2 and not v.name.endswith("bias")]
        for key, found in trainable(model).items()
    }
    return {key: found for key, found in matrices.items() if found}


def activation_name(layer: keras.Layer) -> str | None:
    """Name of the activation a layer ends with, or `None`."""
    if isinstance(layer, keras.Model):
        return None
    activation, _ = graph.activation_of(layer) or (None, None)
    if activation is None or isinstance(activation, str):
        return activation
    return getattr(activation, "__name__", type(activation).__name__)


def unit_axis(call: Call, tensor: Tensor) -> int:
    """The axis that numbers the units: where the layer says, else as before it."""
    data_format = getattr(call.layer, "data_format", None)
    rank = len(tensor.shape)
    if data_format is not None and rank > 2:
        return 1 if data_format == "channels_first" else -1
    for source in call.sources:
        if source.unit_axis == 1 and rank > 2:
            return 1
    return -1


@contextlib.contextmanager
def replaced(layer: keras.Layer, attribute: str, value: Any) -> Iterator[None]:
    """The layer has another attribute meanwhile, on the instance alone."""
    # Past Layer.__setattr__, which would track the value.
    attributes = layer.__dict__
    had = attribute in attributes
    before = attributes.get(attribute)
    try:
        attributes[attribute] = value
        yield
    finally:
        if had:
            attributes[attribute] = before
        elif attribute in attributes:  # an interrupt may come before it is set
            del attributes[attribute]


def _has_build(layer: keras.Layer) -> bool:
    """Whether the layer's class says how it is built."""
    return getattr(type(layer), "build", None) is not keras.Layer.build


@contextlib.contextmanager
def observed(
    model: keras.Layer, observer: Observer, training: bool | None
) -> Iterator[_Pass]:
    """Every call of a layer of the model goes through `observer` meanwhile.

    Args:
        model: A Keras model or layer that has weights.
        observer: An `Observer`.
        training: See `run`.

    Yields:
        What is known of the pass; its `outputs` are what the model put out, in the
        words of `Call.inputs`, and None for what nothing is known of.

    Raises:
        ValueError: If a layer is called that has not been built, or if one
            cannot run on what it is given.
    """
    current = _Pass(model, observer, training)

    def without_weights(layer: keras.Layer) -> Callable[..., None]:
        run = layer.build

        def add_weight(*args: Any, **kwargs: Any) -> None:
            observer.refuse(raise_not_built, model, [layer.name])

        @functools.wraps(run)
        def build(*args: Any, **kwargs: Any) -> None:
            with replaced(layer, "add_weight", add_weight):
                run(*args, **kwargs)
            if layer.weights:  # of layers that it has made
                add_weight()

        return build

    try:
        with contextlib.ExitStack() as stack:
            for layer in all_layers(model):
                stack.enter_context(replaced(layer, "call", current.wrap(layer)))
                if layer is model or not (layer.built or _has_build(layer)):
                    # Its parts may have been built one by one.
                    stack.enter_context(replaced(layer, "built", True))
                elif not layer.built:
                    build = without_weights(layer)
                    stack.enter_context(replaced(layer, "built", False))
                    stack.enter_context(replaced(layer, "build", build))
            yield current
    except Exception as error:
        if observer.refused:
            # Keras rewords what is raised inside of a layer.
            observer.refused()
        if isinstance(error, _StoppedError) and not current.failed:
            current.failed = error.args
        if current.failed:
            name, reason = current.failed
            found = f"an error in layer {name!r}: {reason.rstrip('.')}"
            rule = "run through the model"
            _errors.raise_bad_argument("x", rule, found, cause=error)
        raise


def run(model: keras.Layer, inputs: Any, training: bool | None) -> Any:
    """Call the model, with the training flag if it takes one.

    Args:
        model: The same.
        inputs: The inputs, structured as the model takes them.
        training: `True` or `False` for the whole model. `None` for the first
            training step without its noise: BatchNormalization works with the
            batch's own mean and variance, as it does in training, and all other
            layers as in inference, so that no dropout blurs the numbers.
    """
    takes_training = "training" in inspect.signature(model.call).parameters
    flag = {"training": bool(training)} if takes_training else {}
    try:
        return model(inputs, **flag)
    except Exception as error:
        raise _StoppedError(model.name, _first_line(error)) from error


def _first_line(error: BaseException) -> str:
    return next((t.strip() for t in str(error).splitlines() if t.strip()), "")
