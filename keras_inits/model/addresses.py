"""The address of a weight: its path, told from the model alone.

Keras numbers the layers it names itself by a count that runs through the whole
process, so the same model built twice has different paths. An address counts
them within the model instead, from the front, and leaves out the model's own
name: `sequential_3/dense_12/kernel` is `dense/kernel` in every build. Names that
a user chose stay as they are.
"""

import re

from keras_inits import _checks
from keras_inits.initializers.lookup import snake_case


def layers_of(model):
    """Every layer in `model`, itself first, parents before their parts.

    Keras offers the list only under a private name; without it, the layers that
    a model names as its own are walked.
    """
    if hasattr(model, "_flatten_layers"):
        return list(model._flatten_layers())
    found = [model]
    for layer in getattr(model, "layers", ()):
        found += [part for part in layers_of(layer) if part not in found]
    return found


def require_built(owner, model):
    """Refuses what is not a model or layer, or has no weights yet to speak of."""
    if not hasattr(model, "weights") or not hasattr(model, "built"):
        _checks.fail(owner, "model", "a Keras model or layer", model)
    waiting = [layer.name for layer in layers_of(model) if not layer.built]
    if not model.built or (waiting and not model.weights):
        _checks.not_built(owner, getattr(model, "name", model))


def _automatic_base(layer):
    """The part of a layer's name before Keras' number, or None if chosen."""
    base = snake_case(type(layer).__name__)
    # Bidirectional derives its directions' names from the wrapped layer's.
    match = re.fullmatch(rf"((?:forward_|backward_)?{base})(?:_\d+)?", layer.name)
    return match[1] if match else None


def addresses(model):
    """The weights of a model with their addresses and owners.

    Args:
        model: A built Keras model or layer.

    Returns:
        A list of `(address, layer, variable)` in the order of `model.weights`,
        each variable once; `layer` is the innermost one that holds it. Addresses
        are unique: of several weights with one path, the second ends in `~2`.

    Raises:
        ValueError: If it is not a model or layer, or not built.
    """
    require_built("addresses", model)
    layers = layers_of(model)
    bases = {layer.name: _automatic_base(layer) for layer in layers}
    owner = {id(v): layer for layer in layers for v in layer.weights}
    variables = list({id(v): v for v in model.weights}.values())
    chosen = {
        segment
        for variable in variables
        for segment in variable.path.split("/")
        if bases.get(segment) is None
    }
    renamed: dict[tuple, str] = {}  # (address of the parent, segment) -> segment
    counts: dict[tuple, int] = {}  # (address of the parent, base) -> next number
    found = []
    taken: dict[str, int] = {}
    for variable in variables:
        *parents, name = variable.path.split("/")
        if parents and parents[0] == model.name:
            parents = parents[1:]
        address: tuple[str, ...] = ()
        for segment in parents:
            base = bases.get(segment) or ""
            place = (address, segment)
            if not base:
                renamed[place] = segment
            while place not in renamed:
                number = counts.get((address, base), 0)
                counts[address, base] = number + 1
                candidate = f"{base}_{number}" if number else base
                if candidate not in chosen:
                    renamed[place] = candidate
            address = (*address, renamed[place])
        text = "/".join((*address, name))
        taken[text] = taken.get(text, 0) + 1
        if taken[text] > 1:
            text = f"{text}~{taken[text]}"
        found.append((text, owner[id(variable)], variable))
    return found
