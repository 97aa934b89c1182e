"""The residual branches of a model: where they end and which kernels lie in them.

A residual branch is computed from what it is added to. It ends with the last kernel
before the sum; what lies between changes no direction of the signal: normalization,
dropout, scales, reshaping. Names are asked only for layers that `unfolded` could not
look into.
"""

import dataclasses
import re
from collections.abc import Iterable

import keras

from keras_inits._types import Shape
from keras_inits.model import graph
from keras_inits.model.addresses import addresses
from keras_inits.model.unfolded import Call, calls_of, has_parts

layers = keras.layers

PRODUCTS = ("Multiply", "Divide", "TrueDivide")
LINEAR_OPERATIONS = ("Matmul", "Einsum", "Dot", "Tensordot", "Conv", "Inner")
# Weights of two axes or more that are added or looked up.
TABLE = re.compile(r"bias|embedding|table|token|position")
SHOWN = 8  # kernels that an error lists


def _own_matrices(layer: keras.Layer) -> list[keras.Variable]:
    """The weights of a layer that mix what comes in, in their order."""
    return [v for v in layer.weights if len(v.shape) > 1 and not TABLE.search(v.name)]


def _kernels(call: Call) -> list[keras.Variable]:
    """The kernels that a call applies, the last one at the end."""
    operation = call.operation
    if isinstance(operation, layers.Layer):
        if isinstance(operation, layers.Wrapper):
            operation = operation.layer
        return [] if has_parts(operation) else _own_matrices(operation)
    if call.kind in LINEAR_OPERATIONS:
        return [v for v in call.variables if len(v.shape) > 1]
    return []


def is_sum(call: Call) -> bool:
    """Whether a call adds its inputs."""
    return graph.is_sum(call.operation)


def _is_softmax(call: Call) -> bool:
    return "softmax" in call.kind.lower()


def _carried(call: Call) -> list[Call]:
    """The inputs whose signal a call hands on, changed at most entry by entry."""
    if call.operation is None or _kernels(call) or has_parts(call.operation):
        return []
    if any(len(v.shape) > 1 for v in getattr(call.operation, "weights", ())):
        return []  # a table
    if is_sum(call):
        return call.inputs
    if call.kind in PRODUCTS and len(call.inputs) > 1:
        # A gate or a scale is smaller than what it scales.
        whole = [i for i in call.inputs if _same_shape(i.shape, call.shape)]
        return whole if len(whole) == 1 else []
    return call.inputs if len(call.inputs) == 1 and not _is_softmax(call) else []


def _same_shape(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(
        a == b or a is None or b is None for a, b in zip(one, other, strict=True)
    )


@dataclasses.dataclass
class Branches:
    """What is known of the residual branches of a model.

    Attributes:
        ends: The kernels that end a branch, one for each branch.
        signal: Ids of the kernels that the signal of a branch passes through: values
            and output projections of attention, feed-forward kernels.
        weighing: Ids of the kernels that act through a softmax: queries and keys.
        unseen: The kernels of layers that could not be looked into.
        missed: Kernels that may end a branch: these, and those of no known use that
            are as wide as those that do.
        addresses: Address of each weight by its id.
    """

    ends: list[keras.Variable]
    signal: set[int]
    weighing: set[int]
    unseen: list[keras.Variable]
    missed: list[keras.Variable]
    addresses: dict[int, str]

    def named(self, variables: Iterable[keras.Variable]) -> str:
        """Addresses of some weights as text, not too many."""
        found = list(dict.fromkeys(self.addresses[id(v)] for v in variables))
        text = ", ".join(map(repr, found[:SHOWN]))
        return text + (f" and {len(found) - SHOWN} more" if found[SHOWN:] else "")


class _Search:
    """The search for the branches in a graph.

    Sets of calls are the bits of an integer, as there are many and large ones.
    """

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.places = {id(call): place for place, call in enumerate(calls)}
        self.before: dict[int, int] = {}  # id of a call -> what it depends on
        for call in calls:
            self.before[id(call)] = 0
            for source in call.inputs:
                self.before[id(call)] |= self.bit(source) | self.before.get(
                    id(source), 0
                )
        self.residual = 0  # the sums that end a branch

    def bit(self, call: Call) -> int:
        """The set of one call; an input of the whole graph is in none."""
        place = self.places.get(id(call))
        return 0 if place is None else 1 << place

    def reached(self, call: Call) -> list[Call]:
        """All that a call's signal is carried from, itself first."""
        seen = {id(call): call}
        waiting = [call]
        while waiting:
            for source in _carried(waiting.pop()):
                if id(source) not in seen:
                    seen[id(source)] = source
                    waiting.append(source)
        return list(seen.values())

    def stream(self, call: Call) -> int:
        """What `reached` has, as a set."""
        found = 0
        for source in self.reached(call):
            found |= self.bit(source)
        return found

    def ends(self) -> list[tuple[Call, int]]:
        """A `(call that ends a branch, the stream beside it)` for each branch."""
        found = []
        for total in self.calls:
            if not is_sum(total) or len(total.inputs) < 2:
                continue
            parts = [p for p in total.inputs if _same_shape(p.shape, total.shape)]
            streams = [self.stream(part) for part in parts]
            for place, part in enumerate(parts):
                beside = 0
                for other, stream in enumerate(streams):
                    beside |= stream if other != place else 0
                for end in self.reached(part):
                    if _kernels(end) and beside & self.before[id(end)]:
                        found.append((end, beside))
                        self.residual |= self.bit(total)
        return found

    def kernels_of(self, end: Call, beside: int) -> tuple[set[int], set[int]]:
        """The kernels in a branch: of its signal, and those behind a softmax."""
        signal: set[int] = set()
        weighing: set[int] = set()
        waiting = [(end, True)]
        seen = set()
        while waiting:
            call, direct = waiting.pop()
            is_outside = self.bit(call) & (beside | self.residual)
            if (id(call), direct) in seen or (is_outside and call is not end):
                continue
            seen.add((id(call), direct))
            (signal if direct else weighing).update(map(id, _kernels(call)))
            for place, source in enumerate(call.inputs):
                kept = not _is_softmax(call)
                if call.kind == "DotProductAttention":
                    kept = place == 2  # query, key, value
                waiting.append((source, direct and kept))
        return signal, weighing


def branches_of(model: keras.Layer, named: re.Pattern[str]) -> Branches:
    """The residual branches of a model.

    Args:
        model: A built model or layer.
        named: A compiled regular expression for the addresses of the kernels that
            end a branch, where there is no graph to say so.

    Returns:
        The `Branches`.
    """
    search = _Search(calls_of(model))
    ends = search.ends()
    signal: set[int] = set()
    weighing: set[int] = set()
    for end, beside in ends:
        direct, behind = search.kernels_of(end, beside)
        signal |= direct
        weighing |= behind
    seen = {
        id(variable)
        for call in search.calls
        if not has_parts(call.operation)
        for variable in (*getattr(call.operation, "weights", ()), *call.variables)
    }
    found = addresses(model)
    texts = {id(variable): address for address, _, variable in found}
    matrices = [
        variable
        for _, layer, variable in found
        if any(v is variable for v in _own_matrices(layer))
    ]
    unseen = [v for v in matrices if id(v) not in seen]
    by_name = [v for v in unseen if named.search(texts[id(v)])]
    last = [_kernels(end)[-1] for end, _ in ends] + by_name
    signal |= set(map(id, by_name))
    known = signal | weighing
    widths = {variable.shape[-1] for variable in last}
    unknown = [v for v in matrices if id(v) not in known]
    return Branches(
        ends=last,
        signal=signal,
        weighing=weighing - signal,
        unseen=[v for v in unseen if id(v) not in signal],
        missed=[v for v in unknown if id(v) not in seen or v.shape[-1] in widths],
        addresses=texts,
    )
