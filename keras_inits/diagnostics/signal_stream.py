"""Where a model's signal has to pass: structure from the graph, numbers from the pass.

A point that every path from the inputs to the outputs goes through is on the stream:
what is lost there is lost. Beside it are branches, such as those of a residual
network, which may put out as little as they like; what counts is what they add.

`model.unfolded` knows what follows what, sums between layers included, but has no
values. The pass of `capture` has values, but sees no more than what goes into layers
and comes out of them. Here the two are brought together: the k-th call of a layer in
one is its k-th call in the other, and what a layer takes in is the value of what the
graph has before it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras

from keras_inits.diagnostics import capture
from keras_inits.model import unfolded
from keras_inits.model.branches import is_sum
from keras_inits.model.unfolded import Call

Value = capture.Call | capture.Taken  # what was observed of a node


@dataclasses.dataclass
class Point:
    """A point on the stream.

    Attributes:
        call: The observed call that put it out, or the value that a layer took in.
        has_kernel: Whether it is a layer's output that has a kernel, frozen or not.
        counts: Whether something happens here: a kernel, another weight, or a sum or
            another meeting of several signals.
        is_sum: Whether it is a sum that a branch with kernels ends in.
    """

    call: Value
    has_kernel: bool
    counts: bool
    is_sum: bool


def points(
    model: keras.Layer,
    calls: Sequence[capture.Call],
    outputs: Sequence[Value | None],
) -> list[Point] | None:
    """The points that the signal has to pass, in the order of the data.

    Args:
        model: The model.
        calls: The observed calls, see `capture.Call`.
        outputs: What was observed of the outputs of the model, see `capture.observed`.

    Returns:
        A list of `Point`s, those without a value left out; None if the graph of the
        model is not known.
    """
    if not unfolded.has_parts(model):
        return None  # a graph of it would be of the operations in a single layer
    try:
        nodes, ends = unfolded.graph_of(model)
    except Exception:  # there is no saying what a model does with its inputs
        nodes, ends = [], []
    if not nodes:
        return None
    values = _values(nodes, ends, calls, outputs)
    found: list[Point] = []
    before: Call | None = None
    for node in _bottlenecks(nodes, ends):
        added = _between(before, node)
        before = node
        value = values.get(id(node))
        if value is not None and node.operation is not None:
            kernel = isinstance(value, capture.Call) and _has_kernel(node)
            weights = getattr(node.operation, "weights", ())
            several = sum(source.is_floating for source in node.inputs) > 1
            total = is_sum(node) and several and any(map(_has_kernel, added))
            counts = kernel or bool(weights) or several
            found.append(Point(value, kernel, counts, total))
    return found


def _between(first: Call | None, last: Call) -> list[Call]:
    """The nodes on the way from one node to another, both left out."""
    found: dict[int, Call] = {}
    waiting = list(last.inputs)
    while waiting:
        node = waiting.pop()
        if node is not first and id(node) not in found:
            found[id(node)] = node
            waiting += node.inputs
    return list(found.values())


def _has_kernel(node: Call) -> bool:
    return _has_table(node.operation) or any(len(v.shape) > 1 for v in node.variables)


def hidden(points: list[Point]) -> list[Point]:
    """The points before the last kernel, if nothing happens after that.

    What it puts out is the model's answer, whose size is the loss's business. A
    backbone without a head ends otherwise, with a sum or a normalization.
    """
    answers = len(points) > 1 and points[-1].has_kernel
    return points[:-1] if answers else points


def _values(
    nodes: list[Call],
    ends: list[Call],
    calls: Sequence[capture.Call],
    outputs: Sequence[Value | None],
) -> dict[int, Value]:
    """What was observed of each node, by its id."""
    of_layer: dict[int, list[Call]] = {}
    for node in nodes:
        of_layer.setdefault(id(node.operation), []).append(node)
    values: dict[int, Value] = {}
    taken: list[tuple[list[Call], Sequence[Value | None]]] = []
    for call in calls:
        alike = of_layer.get(id(call.layer), ())
        if call.count < len(alike):
            node = alike[call.count]
            values[id(node)] = call
            taken.append((node.inputs, call.inputs))
    taken.append((ends, outputs))
    for sources, observed in taken:
        sources = [source for source in sources if source.is_floating]
        observed = [value for value in observed if getattr(value, "is_floating", True)]
        if len(sources) == len(observed):
            for source, value in zip(sources, observed, strict=True):
                # A block's row has the gradient too, which no `Taken` has.
                known = isinstance(values.get(id(source)), capture.Call)
                if value is not None and not known:
                    values[id(source)] = value
    return values


def _bottlenecks(nodes: list[Call], ends: list[Call]) -> list[Call]:
    """The nodes that lie on every path of the signal, in their order.

    Each node comes after those before it, so a node is on every path exactly if no
    edge passes over it. All starts and all ends are tied to one point each.
    """
    carrying = _carrying(nodes)
    useful = _leading_to(ends, carrying)
    kept = [node for node in nodes if id(node) in useful]
    places = {id(node): place for place, node in enumerate(kept)}
    following, furthest = [0] * len(kept), 0
    for place, node in enumerate(kept):
        before = [places[id(s)] for s in node.inputs if id(s) in useful]
        for source in before:
            following[source] = max(following[source], place)
        furthest = furthest if before else place
    for end in ends:
        if id(end) in useful:
            following[places[id(end)]] = len(kept)
    found = []
    for place, node in enumerate(kept):
        if furthest <= place:
            found.append(node)
        furthest = max(furthest, following[place])
    return found


def _carrying(nodes: list[Call]) -> set[int]:
    """Ids of the nodes that have the data's signal in them.

    It starts at floating-point inputs and at tables that integers are looked up in.
    Where a model has neither, as for images of integers, at the first floats. A mask
    that is computed from integers is none, though it meets the signal everywhere.
    """
    starts = [
        node
        for node in nodes
        if node.is_floating and not any(s.is_floating for s in node.inputs)
    ]
    proper = [n for n in starts if n.operation is None or _has_table(n.operation)]
    found = set(map(id, proper or starts))
    for node in nodes:
        if node.is_floating and any(id(source) in found for source in node.inputs):
            found.add(id(node))
    return found


def _has_table(operation: Any) -> bool:
    return any(len(v.shape) > 1 for v in getattr(operation, "weights", ()))


def _leading_to(ends: list[Call], carrying: set[int]) -> set[int]:
    """Those of the carrying nodes from which the outputs can be reached, by id."""
    found: set[int] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if id(node) in carrying and id(node) not in found:
            found.add(id(node))
            waiting += node.inputs
    return found
