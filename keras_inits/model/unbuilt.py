"""Which parts of a model have no weights yet.

Keras' `built` does not tell: a model that is only ever trained by its `train_step`
is never built as a whole though all its parts are, and a layer that never gets
weights may stay without being built for good.
"""

import inspect
import types
from collections.abc import Collection, Iterator
from typing import Any, NoReturn

import keras

from keras_inits._errors import raise_bad_argument
from keras_inits.model.owners import layers_in

# What a `build` names when it makes a weight itself.
MAKERS = {"add_weight", "add_variable", "Variable"}
# Their `build` makes no weights, and nothing behind them does.
BASES = (keras.Sequential, keras.Model, keras.layers.Layer)


def has_call(model: keras.Layer) -> bool:
    """Whether a model or layer can be called: not where only `train_step` is given."""
    return type(model).call not in (keras.Model.call, keras.layers.Layer.call)


def _trains_by_itself(model: keras.Layer) -> bool:
    """Whether a model may use parts that no call of it reaches."""
    step = getattr(type(model), "train_step", None)  # of Keras' own on some backends
    maker = getattr(step, "__module__", None) or "keras"
    return not has_call(model) or maker.split(".")[0] != "keras"


def without_weights_yet(model: keras.Layer) -> list[str]:
    """Names of the largest parts of a model that will have weights, but do not yet.

    Args:
        model: A Keras model or layer.

    Returns:
        A list of names of layers, each after those that it is in, joined by `/`;
        `[""]` for a model that has no weight at all.
    """
    found = _waiting(model, "", set())
    return [""] if found and not model.weights else found


def raise_not_built(model: keras.Layer, parts: Collection[str] = ()) -> NoReturn:
    """Refuses a model whose weights, or those of some parts, do not exist yet."""
    which, it = "which has no weights yet", "it"
    if parts:
        which = (
            f"in which these layers have no weights yet: {', '.join(map(repr, parts))}"
        )
        it = "it, or each of these,"
    hint = f"Call {it} on a batch of data or call its `build` with the input's shape."
    raise_bad_argument("model", "be built", f"{model.name!r}, {which}", hint)


def _waiting(layer: keras.Layer, name: str, seen: set[int]) -> list[str]:
    if id(layer) in seen:
        return []
    seen.add(id(layer))
    if layer.built and layer.weights and not _trains_by_itself(layer):
        return []  # what has none now is not used
    if not layer.built and _makes_weights(type(layer), "build", set()):
        return [name]
    inside = [
        found
        for part in layers_in(layer)
        for found in _waiting(part, f"{name}/{part.name}" if name else part.name, seen)
    ]
    return [name] if inside and name and not layer.weights else inside


def _makes_weights(cls: type[Any], method: str, seen: set[Any]) -> bool:
    """Whether a method of a class may make weights, by what its code names."""
    for parent in cls.__mro__:
        if parent in BASES:
            return False
        if method in vars(parent):
            function = inspect.unwrap(vars(parent)[method])
            if _leads_to_weights(cls, function, seen):
                return True
            if "super" not in _names(getattr(function, "__code__", None)):
                return False
    return False


def _leads_to_weights(cls: type[Any], function: Any, seen: set[Any]) -> bool:
    code = getattr(function, "__code__", None)
    if code in seen:
        return False
    seen.add(code)
    names = _names(code)
    if names & MAKERS:
        return True
    methods = [name for name in names if callable(getattr(cls, name, None))]
    if any(_makes_weights(cls, method, seen) for method in methods):
        return True
    return any(
        _leads_to_weights(cls, found, seen)
        if isinstance(found, types.FunctionType)
        else any(_makes_weights(found, m, seen) for m in ("__init__", "build"))
        for found in _named_in(function, names)
    )


def _names(code: types.CodeType | None) -> set[str]:
    """The global names and attributes in a function's code and those inside it."""
    if code is None:
        return set()
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _named_in(function: Any, names: set[str]) -> Iterator[Any]:
    """The classes of layers and the functions that names in a function stand for."""
    known = getattr(function, "__globals__", {})
    modules = [known[n] for n in names if isinstance(known.get(n), types.ModuleType)]
    for space in (known, vars(keras.layers), *map(vars, modules)):
        for name in names & space.keys():
            found = space[name]
            is_layer = isinstance(found, type) and issubclass(found, keras.layers.Layer)
            # Keras' own functions make no weights.
            is_own = getattr(found, "__module__", "").split(".")[0] == "keras"
            if is_layer or (isinstance(found, types.FunctionType) and not is_own):
                yield found
