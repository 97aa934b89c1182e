"""Whose weight it is: the layers of a model, and the one owner of each weight.

A layer holds variables of its own and other layers. The owner of a weight is the
layer among whose own variables it is. Where several layers have it among their
own, as a tied head or SpectralNormalization has the kernel of another layer, it
is the one that made it. Everything that asks whose weight it is, or what stands
inside of what, asks here.

Nothing depends on the order in which Keras lists layers, which is not the same on
every backend (attributes that are set before `super().__init__` are tracked on
some only): what stands in a model's graph comes in the graph's order and first,
other layers follow in the order in which they were set.
"""

import collections
import functools
from typing import Any

import keras


def own_variables(layer: keras.Layer) -> list[keras.Variable]:
    """The variables that a layer itself has, without those of layers inside it.

    Keras has them under private names only. Without these they are what the
    layers inside do not have.
    """
    try:
        found = [*layer._trainable_variables, *layer._non_trainable_variables]
    except AttributeError:
        inside = {id(v) for part in layers_in(layer) for v in part.weights}
        found = [v for v in layer.weights if id(v) not in inside]
    return list({id(variable): variable for variable in found}.values())


def layers_in(layer: keras.Layer) -> list[keras.Layer]:
    """The layers directly inside a layer: those that it consists of come first."""
    consists_of, beside = _parts(layer)
    return [*consists_of, *beside]


def _is_graph(layer: keras.Layer) -> bool:
    """Whether a layer is a functional or sequential model."""
    if isinstance(layer, keras.Sequential):
        return True
    # What a functional model has in public and other models lack.
    return isinstance(layer, keras.Model) and hasattr(layer, "operations")


def _parts(layer: keras.Layer) -> tuple[list[keras.Layer], list[keras.Layer]]:
    """The layers that a layer consists of, and those that it only refers to.

    A functional model consists of its graph: a layer that it keeps as an attribute
    beside that is lost when it is cloned, and not known to Keras on every backend.
    Any other layer consists of its attributes.
    """
    listed = layer.layers if isinstance(layer, keras.Model) else []
    try:
        tracked = layer._layers
    except AttributeError:  # private: only models name their layers in public
        tracked = getattr(layer, "layers", ())
    known = {id(part): part for part in tracked}
    consists_of = {id(part): part for part in listed if id(part) in known}
    beside = [part for key, part in known.items() if key not in consists_of]
    if _is_graph(layer):
        return list(consists_of.values()), beside
    return [*consists_of.values(), *beside], []


class Owners:
    """The layers of a model and the owners of its weights, found once.

    Args:
        model: A Keras model or layer.

    Attributes:
        model: The same.
        layers: Every layer in it, itself first, parents before their parts.
        weights: Its weights, each once, layer by layer in that order.
    """

    def __init__(self, model: keras.Layer) -> None:
        self.model = model
        self._parts: dict[int, tuple[list[keras.Layer], list[keras.Layer]]] = {}
        self.layers = self._walk()
        self._parent: dict[int, keras.layers.Layer | None] = {id(model): None}
        self._nearest_first = self._find_parents()
        self._graphs = collections.defaultdict(list)
        for layer in self.layers:
            if _is_graph(layer):
                for part in self._parts[id(layer)][0]:
                    self._graphs[id(part)].append(layer)
        weights = {id(variable): variable for variable in model.weights}
        self._owner = self._find_owners(weights)
        own = [v for layer in self.layers for v in own_variables(layer)]
        # A model may list weights that none of its layers has for its own.
        self.weights = list(
            {id(v): v for v in (*own, *weights.values()) if id(v) in weights}.values()
        )

    def _walk(self) -> list[keras.Layer]:
        found: dict[int, keras.layers.Layer] = {}
        waiting = [self.model]
        while waiting:
            layer = waiting.pop()
            if id(layer) in found:
                continue
            found[id(layer)] = layer
            self._parts[id(layer)] = parts = _parts(layer)
            waiting += [part for some in parts[::-1] for part in some[::-1]]
        return list(found.values())

    def _find_parents(self) -> list[keras.Layer]:
        """Sets each layer's parent on the shortest way; the nearest layers first.

        A way through layers that only refer to the next is taken where there is
        no other.
        """
        found = [self.model]
        waiting = collections.deque(found)
        referring: collections.deque[Any] = collections.deque()
        while waiting or referring:
            if waiting:
                layer = waiting.popleft()
                parts, beside = self._parts[id(layer)]
                referring.append((layer, beside))
            else:
                layer, parts = referring.popleft()
            for part in parts:
                if id(part) not in self._parent:
                    self._parent[id(part)] = layer
                    found.append(part)
                    waiting.append(part)
        return found

    def _find_owners(
        self, weights: dict[int, keras.Variable]
    ) -> dict[int, keras.Layer]:
        holding = collections.defaultdict(list)
        for layer in self._nearest_first:
            for variable in own_variables(layer):
                holding[id(variable)].append(layer)
        return {
            key: self._maker(variable, holding.get(key) or [self.model])
            for key, variable in weights.items()
        }

    def _maker(
        self, variable: keras.Variable, candidates: list[keras.Layer]
    ) -> keras.Layer:
        """Which of the layers that have a variable for their own has made it.

        The one whose name is the scope in which it was made; where that does not
        tell, one that contains no other; else the nearest to the model.
        """
        if len(candidates) > 1:
            scope = variable.path.split("/")[-2:-1]
            candidates = [c for c in candidates if [c.name] == scope] or candidates
        if len(candidates) > 1:
            inner = [
                layer
                for layer in candidates
                if not any(self._contains(layer, other) for other in candidates)
            ]
            candidates = inner or candidates
        return candidates[0]

    def _contains(self, layer: keras.Layer, other: keras.Layer) -> bool:
        seen = {id(layer)}
        waiting = [layer]
        while waiting:
            for parts in self._parts[id(waiting.pop())]:
                new = [part for part in parts if id(part) not in seen]
                if any(part is other for part in new):
                    return True
                seen.update(map(id, new))
                waiting += new
        return False

    def owner(self, variable: keras.Variable) -> keras.Layer | None:
        """The owner of a weight, or None if it is none of the model's."""
        return self._owner.get(id(variable))

    def parts_of(self, layer: keras.Layer) -> list[keras.Layer]:
        """The layers directly inside one of the model's layers."""
        return [part for parts in self._parts[id(layer)] for part in parts]

    def parent(self, layer: keras.Layer) -> keras.Layer | None:
        """The layer before one on the shortest way from the model, or None."""
        return self._parent[id(layer)]

    def way(self, layer: keras.Layer | None) -> list[keras.Layer]:
        """The layers from the model down to one of its layers, both included."""
        found = []
        while layer is not None:
            found.append(layer)
            layer = self.parent(layer)
        return found[::-1]

    @functools.cached_property
    def _rank(self) -> dict[int, int]:
        return {id(layer): rank for rank, layer in enumerate(self._nearest_first)}

    def holders(self, layer: keras.Layer) -> tuple[keras.Layer, ...]:
        """Every layer that one of the model's layers stands inside of, and itself.

        They are those on the way to it, and the functional and sequential models
        in whose graphs one of these stands.

        Returns:
            A tuple, the model first.
        """
        found = {id(holder): holder for holder in self.way(layer)}
        waiting = list(found.values())
        while waiting:
            for graph in self._graphs.get(id(waiting.pop()), ()):
                if id(graph) not in found:
                    found[id(graph)] = graph
                    waiting.append(graph)
        return tuple(sorted(found.values(), key=lambda one: self._rank[id(one)]))
