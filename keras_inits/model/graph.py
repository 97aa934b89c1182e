"""The graph of a functional or sequential model: which operation follows which.

Keras has the graph in the private `_nodes_by_depth` of a functional model (the public
way, `get_config`, fails where one layer cannot be saved). Where a model has none, as a
subclassed one, the graph is empty and each layer stands alone.
"""

import collections
from collections.abc import Iterable
from typing import Any

import keras

from keras_inits import gains
from keras_inits.initializers.lookup import snake_case
from keras_inits.model.unfolded import functional

layers = keras.layers
Edges = collections.defaultdict[Any, list[Any]]

# A signal passes through these with its distribution about kept, so what comes after
# them is what follows the layer before them.
TRANSPARENT_LAYERS = (
    *(layers.Activation, layers.ActivityRegularization, layers.Identity),
    *(layers.Dropout, layers.AlphaDropout, layers.GaussianDropout),
    *(layers.GaussianNoise, layers.Masking, layers.Rescaling),
    *(layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D),
    *(layers.BatchNormalization, layers.GroupNormalization),
    *(layers.LayerNormalization, layers.RMSNormalization),
    *(layers.UnitNormalization, layers.Flatten, layers.Permute, layers.Reshape),
    *(layers.RepeatVector, layers.Cropping1D, layers.Cropping2D, layers.Cropping3D),
    *(layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D),
    *(layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D),
    *(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
    *(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    *(layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D),
    *(layers.GlobalAveragePooling3D, layers.GlobalMaxPooling1D),
    *(layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D),
    *(layers.Add, layers.Subtract, layers.Average, layers.Maximum, layers.Minimum),
    *(layers.Concatenate,),
)
# The same for operations that stand in the graph by themselves, by class name.
TRANSPARENT_OPERATIONS = (
    *("Add", "Subtract", "Maximum", "Minimum", "Concatenate", "Reshape", "Transpose"),
    *("Squeeze", "ExpandDims", "Cast", "Pad", "Mean", "GetItem", "Identity"),
)
SUMS = ("Add",)


class Graph:
    """The operations of a model and what each is followed and preceded by.

    Args:
        model: A built model.
    """

    def __init__(self, model: keras.Layer) -> None:
        self.operations: dict[Any, Any] = {}  # id -> operation
        self.after: Edges = collections.defaultdict(list)  # id -> ids
        self.before: Edges = collections.defaultdict(list)
        self.wrapper: dict[int, Any] = {}  # id of a wrapped layer -> the wrapper's key
        self._add(model, into=[], out_of=[])

    def _link(self, one: Iterable[Any], other: Iterable[Any]) -> None:
        for first in one:
            for second in other:
                self.after[first].append(second)
                self.before[second].append(first)

    def _add(self, model: keras.Layer, into: list[Any], out_of: list[Any]) -> bool:
        """Adds a model's operations, tied to what stands before and after it."""
        model = functional(model)
        if model is None:
            return False
        nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
        known = set(map(id, nodes))
        heads, tails = {}, {}
        for node in nodes:
            operation = node.operation
            key = id(operation)
            if key in heads:
                continue
            heads[key], tails[key] = self._ends(operation)
            if isinstance(operation, layers.InputLayer):
                self._link(into, [key])
        for node in nodes:
            for parent in node.parent_nodes:
                if id(parent) in known:
                    self._link(tails[id(parent.operation)], heads[id(node.operation)])
        for tensor in model.outputs:
            self._link(tails[id(tensor._keras_history.operation)], out_of)
        return True

    def _ends(self, operation: Any) -> tuple[list[Any], list[Any]]:
        """Where an operation is entered and left; a nested model is entered within."""
        key = id(operation)
        self.operations[key] = operation
        nested = isinstance(operation, keras.Model)
        if isinstance(operation, layers.Wrapper):
            self.wrapper[id(operation.layer)] = key
        if not nested or functional(operation) is None:
            return [key], [key]
        # Keys of two points that stand for the nested model's edges.
        entry, exit_ = (key, "entry"), (key, "exit")
        self._add(operation, into=[entry], out_of=[exit_])
        return [entry], [exit_]

    def reachable(self, start: int, edges: Edges) -> list[Any]:
        """Ids of all that comes after (or before) an operation, nearest first."""
        seen: dict[Any, None] = {}
        waiting = collections.deque(edges[start])
        while waiting:
            key = waiting.popleft()
            if key not in seen:
                seen[key] = None
                waiting.extend(edges[key])
        return list(seen)

    def activation_after(self, layer: keras.Layer) -> tuple[Any, float | None]:
        """The nearest activation that a layer's output meets, as `(name, slope)`.

        Looks through what is transparent and stops at anything else.
        """
        seen = set()
        key = self.wrapper.get(id(layer), id(layer))
        waiting = collections.deque(self.after[key])
        while waiting:
            key = waiting.popleft()
            if key in seen:
                continue
            seen.add(key)
            operation = self.operations.get(key)
            if operation is not None:
                found = activation_of(operation)
                if found is not None:
                    return found
                if not _is_transparent(operation):
                    continue
            waiting.extend(self.after[key])
        return LINEAR


LINEAR = ("linear", None)


def _is_transparent(operation: Any) -> bool:
    if isinstance(operation, layers.Layer):
        return isinstance(operation, TRANSPARENT_LAYERS)
    return type(operation).__name__ in TRANSPARENT_OPERATIONS


def is_sum(operation: Any) -> bool:
    """Whether an operation adds its inputs."""
    if isinstance(operation, layers.Layer):
        return isinstance(operation, layers.Add)
    return type(operation).__name__ in SUMS


def activation_of(operation: Any) -> tuple[Any, float | None] | None:
    """The activation that an operation is or ends with, as `(activation, slope)`.

    Returns:
        None if it has none, or a linear one. The activation is a name that
        `calculate_gain` knows or a function.
    """
    if isinstance(operation, layers.ReLU):
        if operation.max_value is not None:
            return ("relu6", None) if operation.max_value == 6 else ("relu", None)
        slope = float(operation.negative_slope)
        return ("leaky_relu", slope) if slope else ("relu", None)
    if isinstance(operation, layers.LeakyReLU):
        return "leaky_relu", float(operation.negative_slope)
    if isinstance(operation, layers.PReLU):
        constant = getattr(operation.alpha_initializer, "value", 0.0)
        return "leaky_relu", float(constant)
    if isinstance(operation, layers.ELU):
        return "elu", None
    if isinstance(operation, layers.Softmax):
        return "softmax", None
    if isinstance(operation, layers.Layer):
        function = getattr(operation, "activation", None)
        if isinstance(function, layers.Layer):
            return activation_of(function)
        found = gains.activation_name(function)
        if found is None or found == "linear":
            return None
        return found, None
    name = snake_case(type(operation).__name__)
    if name in (*gains.NAMES, *gains.WHOLE_VECTOR) and name not in gains.LINEAR:
        return name, getattr(operation, "negative_slope", None)
    return None
