"""The address of a weight: the way to it from the model down.

An address is made of the names of the layers on the shortest way from the model
to the weight's owner, the model's own name left out, and the weight's name in its
layer. Keras numbers the names that it makes itself by counts that run through the
whole process. Here they are counted within their parent, from the front:
`sequential_3/dense_12/kernel` is `dense/kernel` in every build. Names that a user
chose stay as they are, but for the name of a class around them at their front: many
a constructor puts the name that it is given there, which is none in the original and
Keras' own in a copy. The path that a variable was built with is not asked: a model
that was cloned or loaded has others.
"""

import collections
import functools
import re
from collections.abc import Collection, Iterable

import keras

from keras_inits import _checks
from keras_inits.initializers.lookup import snake_case
from keras_inits.model.owners import Owners
from keras_inits.model.unbuilt import raise_not_built, without_weights_yet

Located = tuple[str, keras.Layer, keras.Variable]  # address, owner, weight
Numbered = tuple[str, re.Pattern[str], re.Pattern[str], str]


def layers_of(model: keras.Layer) -> list[keras.Layer]:
    """Every layer in `model`, itself first, parents before their parts."""
    return Owners(model).layers


def require_weights(model: keras.Layer) -> None:
    """Refuses what is no model or layer, and a model with parts without weights yet."""
    _checks.check_layer("model", model)
    parts = without_weights_yet(model)
    if parts:
        raise_not_built(model, [part for part in parts if part])


@functools.cache
def _automatic(class_name: str) -> re.Pattern[str]:
    """A pattern for the names that Keras makes out of a class's."""
    # Bidirectional derives its directions' names from the wrapped layer's.
    base = re.escape(snake_case(class_name))
    return re.compile(rf"((?:forward_|backward_)?{base})(?:_(\d+))?")


def _automatic_base(layer: keras.Layer, name: str) -> str | None:
    """The part of a layer's name before Keras' number, or None if it was chosen."""
    match = _automatic(type(layer).__name__).fullmatch(name)
    return match[1] if match else None


def _made_as(variable: keras.Variable) -> tuple[str, int] | None:
    """Base and number of a name that Keras made for a variable, or None if chosen."""
    kind = type(variable)
    classes = [kind.__name__]
    if kind.__module__.startswith("keras."):
        classes.append("Variable")  # some backends call theirs otherwise
    for name in classes:
        match = _automatic(name).fullmatch(variable.name)
        if match:
            return snake_case(classes[-1]), int(match[2] or 0)
    return None


def _numbered(layer: keras.Layer) -> list[Numbered]:
    """Patterns for a layer's name where Keras numbered it, with what it replaces."""
    base = _automatic_base(layer, layer.name)
    if base is None or base == layer.name:
        return []
    before, after = "(?<![A-Za-z0-9])", "(?![A-Za-z0-9])"
    own = re.compile(f"{before}{re.escape(layer.name)}{after}")
    other = re.compile(rf"(?!{own.pattern}){before}{re.escape(base)}_\d+{after}")
    return [(layer.name, own, other, base)]


def _without_numbers(names: list[str], numbered: list[Numbered]) -> list[str]:
    """Chosen names without the numbers in them that Keras gave the layers around.

    Code derives names from others, as in `Dense(8, name=f"{self.name}_query")`. Where
    parts have other numbers beside Keras' one, as in `name=f"encoder_{i}"` in a class
    `Encoder`, these are none of Keras'.
    """
    for text, own, other, base in numbered:
        if any(text in name for name in names) and not any(map(other.search, names)):
            short = [own.sub(base, name) for name in names]
            names = short if len(set(short)) == len(set(names)) else names
    return names


def _counted(bases: Iterable[str], chosen: Collection[str]) -> list[str]:
    """Names for those that Keras named, numbered in their order from each base.

    >>> _counted(["dense", "dense", "lstm"], {"dense_1"})
    ['dense', 'dense_2', 'lstm']
    """
    counts: dict[str, int] = {}
    names = []
    for base in bases:
        while True:
            number = counts.get(base, 0)
            counts[base] = number + 1
            name = f"{base}_{number}" if number else base
            if name not in chosen:
                break
        names.append(name)
    return names


def _of_keras(layer: object) -> bool:
    return type(layer).__module__.startswith("keras.")


def _namesakes(owners: Owners, part: keras.Layer) -> tuple[str, ...]:
    """Names of the classes whose constructors may have put a name before a part's.

    They are those of the layers on the way to it, and of functional models that its
    layers stand in. Keras' own classes take parts that a user has named; so does a
    functional model that a user has kept beside one of these, which copies lose.
    """
    way = owners.way(part)[:-1]
    known = {id(layer) for layer in (*way, part)}
    graphs = [
        holder
        for holder in owners.holders(part)
        if id(holder) not in known and not _of_keras(owners.parent(holder))
    ]
    kinds = {type(layer) for layer in (*way, *graphs) if not _of_keras(layer)}
    return tuple(sorted(kind.__name__ for kind in kinds))


@functools.cache
def _prefix(class_names: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for the name of one of the classes at the front of another name."""
    bases = "|".join(re.escape(snake_case(name)) for name in class_names) or "(?!)"
    return re.compile(rf"({bases})(?:_(\d+))?_(?=[A-Za-z])")


def _without_prefixes(names: list[str], prefixes: list[re.Pattern[str]]) -> list[str]:
    """Names without prefixes at their front, as long as all of them stay different.

    A constructor gives each part the same: numbers that differ are the user's.

    >>> _without_prefixes(["block_conv", "block_norm"], [_prefix(("Block",))] * 2)
    ['conv', 'norm']
    >>> _without_prefixes(["block_block_conv", "block_conv"], [_prefix(("Block",))] * 2)
    ['block_conv', 'conv']
    """
    while True:
        found = [p.match(name) for p, name in zip(prefixes, names, strict=True)]
        short = [
            name[match.end() :] if match else name
            for match, name in zip(found, names, strict=True)
        ]
        bases = {match[1]: match[2] for match in found if match}
        same = all(bases[match[1]] == match[2] for match in found if match)
        if not bases or not same or len(set(short)) < len(set(names)):
            return names
        names = short


def _layer_names(
    owners: Owners, parts: list[keras.Layer], numbered: list[Numbered]
) -> list[str]:
    """Names of the layers inside one, in their order."""
    names = {id(part): part.name for part in parts}
    chosen = [part for part in parts if _automatic_base(part, part.name) is None]
    short = _without_prefixes(
        _without_numbers([part.name for part in chosen], numbered),
        [_prefix(_namesakes(owners, part)) for part in chosen],
    )
    names.update(zip(map(id, chosen), short, strict=True))
    bases = [_automatic_base(part, names[id(part)]) for part in parts]
    entries = list(zip(names.values(), bases, strict=True))
    taken = {name for name, base in entries if base is None}
    counted = iter(_counted([base for base in bases if base is not None], taken))
    return [name if base is None else next(counted) for name, base in entries]


def _variable_names(
    variables: Iterable[keras.Variable], numbered: list[Numbered]
) -> dict[int, str]:
    """Names of a layer's own weights; Keras' numbers tell in which order it made them.

    Returns:
        A mapping from a variable's id to its name.
    """
    made = {id(v): _made_as(v) for v in variables}
    chosen = [v for v in variables if made[id(v)] is None]
    texts = _without_numbers([v.name for v in chosen], numbered)
    names = dict(zip(map(id, chosen), texts, strict=True))
    unnamed = [(*found, key) for key, found in made.items() if found is not None]
    unnamed.sort(key=lambda entry: entry[1])
    counted = _counted([base for base, _, _ in unnamed], set(names.values()))
    names.update(zip([key for _, _, key in unnamed], counted, strict=True))
    return names


def _texts(owners: Owners) -> dict[int, str]:
    """The address of each of the model's weights, not yet told from equal ones."""
    owned = collections.defaultdict(list)
    for variable in owners.weights:
        owned[id(owners.owner(variable))].append(variable)
    needed: dict[int, object] = {}
    for layer in owners.layers:
        if id(layer) in owned:
            needed.update((id(holder), holder) for holder in owners.way(layer))
    found: dict[int, str] = {}
    waiting = [(owners.model, "", _numbered(owners.model))]
    while waiting:
        layer, prefix, numbered = waiting.pop()
        names = _variable_names(owned.get(id(layer), ()), numbered)
        found.update((key, prefix + name) for key, name in names.items())
        parts = [
            part
            for part in owners.parts_of(layer)
            if id(part) in needed and owners.parent(part) is layer
        ]
        for part, name in zip(
            parts, _layer_names(owners, parts, numbered), strict=True
        ):
            waiting.append((part, f"{prefix}{name}/", numbered + _numbered(part)))
    return found


def located(owners: Owners) -> list[Located]:
    """See `addresses`, for the `Owners` of a model."""
    texts = _texts(owners)
    taken: dict[str, int] = {}
    found = []
    for variable in owners.weights:
        address = text = texts[id(variable)]
        while address in taken:
            taken[text] += 1
            address = f"{text}~{taken[text]}"
        taken[address] = 1
        found.append((address, owners.owner(variable), variable))
    return found


def addresses(model: keras.Layer) -> list[Located]:
    """The weights of a model with their addresses and owners.

    Args:
        model: A Keras model or layer, all of whose parts have their weights.

    Returns:
        A list of `(address, layer, variable)`, each variable once, layer by layer
        from the front; `layer` is the owner. Addresses are unique: of several
        weights with one name in one layer, the second ends in `~2`.

    Raises:
        ValueError: If it is not a model or layer, or a part has no weights yet.
    """
    require_weights(model)
    return located(Owners(model))
