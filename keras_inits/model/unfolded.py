"""The calls of a model's innermost layers and operations, as one graph.

A functional model has its graph in the private `_nodes_by_depth`, see `graph`. A
layer that calls layers of its own is called with symbolic tensors, so that these
and the operations between them leave a graph of the same kind; what cannot be
called so stands in the graph as a whole.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import keras

from keras_inits import _backend
from keras_inits.model.owners import layers_in
from keras_inits.model.recording import Recorded

# Their inner layers run step by step, or are no more than the layer itself.
WHOLE = (keras.layers.RNN, keras.layers.TimeDistributed, keras.layers.Wrapper)
BATCH, LENGTH = 2, 64  # what stands for the dimensions that a model leaves open


CALL = Recorded("__call__")


class Call:
    """One call of a layer or an operation.

    Attributes:
        operation: The layer or operation, None for an input of the model.
        inputs: The `Call`s whose outputs went in, in their order.
        shape: Shape of the first output.
        variables: The weights that an operation was called with.
        is_floating: Whether the first output has floating-point values.
    """

    def __init__(
        self,
        operation: Any,
        inputs: list[Call],
        tensor: Any = None,
        variables: Iterable[keras.Variable] = (),
    ) -> None:
        self.operation = operation
        self.inputs = inputs
        self.shape = () if tensor is None else tuple(tensor.shape)
        self.variables = list(variables)
        dtype = getattr(tensor, "dtype", None)
        self.is_floating = dtype is not None and keras.backend.is_float_dtype(dtype)

    @property
    def kind(self) -> str:
        """Name of the operation's class."""
        return type(self.operation).__name__


class _Record(keras.Operation):
    """Stands for a layer in a graph, so that its own list of calls stays as it is."""

    def __init__(self, operation: Any) -> None:
        super().__init__()
        self.operation = operation
        self.outputs = None

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.operation(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        # A graph has no place for what is no tensor, as a cache that is None.
        self.outputs = self.operation.compute_output_spec(*args, **kwargs)
        return [t for t in keras.tree.flatten(self.outputs) if _is_symbolic(t)]

    def record(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs of the layer, whose tensors come from this call."""
        self(*args, **kwargs)
        return self.outputs


def functional(model: Any) -> Any:
    """What has a model's graph, or None."""
    if isinstance(model, keras.Sequential):
        model = getattr(model, "_functional", None)
    return model if getattr(model, "_nodes_by_depth", None) else None


def has_parts(layer: Any) -> bool:
    """Whether an operation is a layer with layers inside of it."""
    if isinstance(layer, WHOLE) or not isinstance(layer, keras.layers.Layer):
        return False
    return bool(layers_in(layer))


def _is_opened(layer: Any) -> bool:
    """Whether a layer's own call is followed.

    So is that of a layer with matrices of its own, unless it is one of Keras'.
    """
    if not isinstance(layer, keras.layers.Layer) or isinstance(layer, WHOLE):
        return False
    if has_parts(layer):
        return True
    is_own = type(layer) is getattr(keras.layers, type(layer).__name__, None)
    return not is_own and any(len(v.shape) > 1 for v in layer.weights)


def _accepted(layer: keras.Layer, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a layer's `call` takes of the arguments that Keras itself handles."""
    parameters = inspect.signature(layer.call).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return kwargs
    names = [parameter.name for parameter in parameters]
    handled = ("training", "mask")
    return {n: v for n, v in kwargs.items() if n in names or n not in handled}


def _call(layer: keras.Layer, *args: Any, **kwargs: Any) -> Any:
    """What a layer does with symbolic tensors while a graph is recorded."""
    if not any(map(_is_symbolic, keras.tree.flatten((args, kwargs)))):
        return CALL.original(layer, *args, **kwargs)
    if functional(layer) is None and _is_opened(layer):
        # There is no saying what a layer does with its inputs; then it is recorded.
        with contextlib.suppress(Exception):
            return layer.call(*args, **_accepted(layer, kwargs))
    return _Record(layer).record(*args, **kwargs)


def _closed(tensor: Any) -> Any:
    """A symbolic tensor like another, every dimension a number."""
    if not isinstance(tensor, keras.KerasTensor):
        return tensor
    shape = [
        (LENGTH if axis else BATCH) if size is None else size
        for axis, size in enumerate(tensor.shape)
    ]
    return keras.Input(batch_shape=shape, dtype=tensor.dtype)


_lock = threading.Lock()


@contextlib.contextmanager
def _arrays_give_way() -> Iterator[None]:
    """An array beside a symbolic tensor leaves their operation to Keras meanwhile."""
    kind = keras.KerasTensor
    with _lock:
        refusals = {n: vars(kind)[n] for n in _backend.CONVERSIONS if n in vars(kind)}
        for name in refusals:
            delattr(kind, name)
        kind.__array_ufunc__ = None  # NumPy's word for it
        try:
            yield
        finally:
            del kind.__array_ufunc__
            for name, refusal in refusals.items():
                setattr(kind, name, refusal)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def trace(layer: keras.Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The graph that a layer's call leaves.

    Returns:
        A `keras.Function`, or None if the layer cannot be called with symbolic
        tensors.
    """
    args, kwargs = keras.tree.map_structure(_closed, (args, _accepted(layer, kwargs)))
    inputs = [t for t in keras.tree.flatten((args, kwargs)) if _is_symbolic(t)]
    try:
        with CALL.by(_call), _arrays_give_way(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said when the model itself was built
            outputs = layer.call(*args, **kwargs)
        outputs = [t for t in keras.tree.flatten(outputs) if _is_symbolic(t)]
        return keras.Function(inputs, outputs)
    except Exception:  # there is no saying what a layer does with its inputs
        return None


def inputs_of(layer: keras.Layer) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Symbolic inputs of the shapes for which a layer was built."""
    config = layer.get_build_config() or {}
    if "input_shape" in config:
        return (_symbolic(config["input_shape"]),), {}
    shapes = config.get("shapes_dict", {})
    return (), {n.removesuffix("_shape"): _symbolic(s) for n, s in shapes.items()}


def _symbolic(shape: Any) -> Any:
    """Symbolic tensors of a shape or of a structure of shapes."""
    if isinstance(shape, dict):
        return {name: _symbolic(entry) for name, entry in shape.items()}
    if shape and isinstance(shape[0], (list, tuple, dict)):
        return [_symbolic(entry) for entry in shape]
    return keras.KerasTensor(shape)


def calls_of(model: keras.Layer) -> list[Call]:
    """The calls of the innermost layers and operations of a model.

    Args:
        model: A built model or layer.

    Returns:
        A list of `Call`s, each after those whose outputs it takes; an empty one if
        the model cannot be looked into.
    """
    return graph_of(model)[0]


def graph_of(model: keras.Layer) -> tuple[list[Call], list[Call]]:
    """A model's calls, see `calls_of`, and those of them that make its outputs."""
    found: list[Call] = []
    outputs: list[Call] = []
    graph = functional(model)
    if graph is None:
        args, kwargs = inputs_of(model)
        graph = trace(model, args, kwargs)
    if graph is not None:
        found += [Call(None, [], tensor) for tensor in graph.inputs]
        outputs = _follow(graph, found[:], found)
    return found, outputs


def _follow(graph: Any, inputs: list[Call], found: list[Call]) -> list[Call]:
    """Appends a graph's calls to those found.

    Returns:
        The `Call`s of its outputs.
    """
    made = {id(t): call for t, call in zip(graph.inputs, inputs, strict=True)}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            tensors = node.input_tensors
            if all(id(tensor) in made for tensor in node.output_tensors):
                continue  # an input
            taken = [made[id(tensor)] for tensor in tensors]
            outputs = _opened(node, tensors, taken, found)
            for tensor, call in zip(node.output_tensors, outputs, strict=True):
                made[id(tensor)] = call
    return [made[id(tensor)] for tensor in graph.outputs]


def _opened(
    node: Any, tensors: list[Any], taken: list[Call], found: list[Call]
) -> list[Call]:
    """The `Call`s that make a node's outputs."""
    operation = node.operation
    if isinstance(operation, _Record):
        operation = operation.operation
    inner = functional(operation)
    if inner is None and _is_opened(operation):
        inner = trace(operation, node.arguments.args, node.arguments.kwargs)
    if inner is not None and len(inner.inputs) == len(taken):
        outputs = _follow(inner, taken, found)
        if len(outputs) == len(node.output_tensors):
            return outputs
    arguments = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
    weights = [value for value in arguments if isinstance(value, keras.Variable)]
    first = node.output_tensors[0] if node.output_tensors else None
    call = Call(operation, taken, first, weights)
    found.append(call)
    return [call] * len(node.output_tensors)
