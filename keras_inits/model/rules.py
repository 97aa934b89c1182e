"""Rules: which weight gets which initializer.

A rule is a pair of a key, which chooses weights, and a value, which says what
they get. The first rule that has something for a weight wins. Drawing is the
business of `plan`.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import inspect
import numbers
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import keras
import numpy as np

from keras_inits import _checks, _convert, _errors
from keras_inits._types import Fans, Shape
from keras_inits.initializers import Constant, keras_own, lookup
from keras_inits.initializers.base import Initializer
from keras_inits.model.addresses import located
from keras_inits.model.composites import Foreign
from keras_inits.model.fans import layer_fans
from keras_inits.model.owners import Owners

Giver = Callable[[Any], Any]

# The names that Keras' layers give their weights: a role among these may be
# absent from a model without being a typo.
ROLES = (
    *("kernel", "bias", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel"),
    *("embeddings", "reverse_embeddings", "gamma", "beta", "scale", "alpha"),
    *("moving_mean", "moving_variance", "position_embeddings"),
)


@dataclasses.dataclass(frozen=True)
class Weight:
    """One weight of a model.

    Attributes:
        address: Its address.
        layer: Its owner.
        variable: The variable.
        holders: Its owner and every layer that this stands inside of, the model
            first, see `owners.Owners.holders`.
    """

    address: str
    layer: keras.layers.Layer
    variable: keras.Variable
    holders: tuple[keras.Layer, ...]

    @property
    def role(self) -> str:
        """Its name in its layer, by which rules choose it."""
        return re.sub(r"~\d+$", "", self.address.rpartition("/")[2])

    @property
    def shape(self) -> Shape:
        """Its shape as a tuple."""
        return tuple(self.variable.shape)

    @property
    def fans(self) -> Fans:
        """Its `(fan_in, fan_out)`, by `fans_of`."""
        return layer_fans(self.layer, self.variable)

    @property
    def dtype(self) -> str:
        """Standard name of the dtype it is stored in."""
        return keras.backend.standardize_dtype(self.variable.dtype)


def weights_of(model: keras.Layer) -> list[Weight]:
    """The `Weight`s of a model, each once, in the order of `addresses`."""
    owners = Owners(model)
    return [
        Weight(address, layer, variable, owners.holders(layer))
        for address, layer, variable in located(owners)
    ]


class _Keep:
    """What a rule gives a weight that is to stay as it is."""


KEEP = _Keep()


def as_initializer(identifier: Any, argument: str = "rules") -> Initializer:
    """The initializer that a rule's value or a layer's argument stands for.

    An object of one of Keras' own classes becomes one of the same distribution here.

    Args:
        identifier: The value: an initializer, its name or config, a function of
            shape and dtype, a number or an array.
        argument: By what name errors call the value.

    Returns:
        An `Initializer` of this package; what is of none of these classes is
        wrapped in one.

    Raises:
        ValueError: If it stands for none.
    """
    if isinstance(identifier, type) and issubclass(identifier, keras.Initializer):
        identifier = lookup.make(identifier, argument=argument)
    if _is_constant(identifier):
        return Constant(identifier)
    if not _is_initializer(identifier) and not callable(identifier):
        rule = "an initializer, its name or its config"
        _errors.raise_bad_value(argument, rule, identifier)
    found = lookup.find(identifier, argument)
    if isinstance(found, Initializer):
        return found
    ours = keras_own.ours_for(found)
    return Foreign(found) if ours is None else ours


def _is_constant(value: Any) -> bool:
    """Whether a value is a number or an array, which are constants."""
    if isinstance(value, (bool, str, bytes)) or callable(value):
        return False
    is_number = isinstance(value, (numbers.Real, np.ndarray, np.generic, list))
    return is_number or keras.ops.is_tensor(value) or isinstance(value, keras.Variable)


def _is_initializer(value: Any) -> bool:
    """Whether a rule's value is an initializer, not a function of a weight."""
    if isinstance(value, type):
        return issubclass(value, keras.Initializer)
    return isinstance(value, (str, keras.Initializer)) or (
        isinstance(value, Mapping) and "class_name" in value
    )


def _takes_a_shape(function: Callable[..., Any]) -> bool | None:
    """Whether a function is an initializer, `(shape, dtype=None)`.

    A function `(layer, variable)` needs both. Returns None if the signature says
    neither.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    names = [parameter.name for parameter in parameters]
    if "shape" in names[:1] or "dtype" in names:
        return True
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    by_place = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    needed = [p for p in parameters if p.kind in by_place and p.default is p.empty]
    return {1: True, 2: False}.get(len(needed))


class Rule:
    """One rule, its value resolved as far as that goes without a weight.

    Args:
        key: What chooses the weights.
        value: What they get.
    """

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.by_role: dict[str, Giver] | None = None
        self.chooses = self._chooser(key)
        if isinstance(value, Mapping) and "class_name" not in value:
            for role in value:
                if not isinstance(role, str):
                    rule = "a mapping from the names of weights to initializers"
                    _errors.raise_bad_value("rules", rule, value)
            self.by_role = {r: self._giver(v) for r, v in value.items()}
        else:
            self.gives = self._giver(value)
        self.used: set[str] = set()  # the roles for which it had something
        self.matched = False

    def _chooser(self, key: Any) -> Callable[[Weight], bool]:
        if isinstance(key, type) and issubclass(key, keras.layers.Layer):
            return lambda weight: any(isinstance(h, key) for h in weight.holders)
        if isinstance(key, str):
            return lambda weight: (
                key == weight.role or fnmatch.fnmatchcase(weight.address, key)
            )
        if _checks.is_pattern(key):
            return lambda weight: key.search(weight.address) is not None
        rule = (
            "keyed by layer classes, names of weights, globs or regular expressions "
            "on addresses, or functions of layer and variable"
        )
        if callable(key) and not isinstance(key, (type, keras.Layer)):
            _checks.check_takes("rules", rule, key, (None, None))
            return lambda weight: bool(key(weight.layer, weight.variable))
        return _errors.raise_bad_value("rules", rule, key)

    def _giver(self, value: Any) -> Giver:
        """A function from a weight to its initializer, to `KEEP` or to None."""
        if value is None:
            return lambda weight: KEEP
        is_function = callable(value) and not _is_initializer(value)
        takes_a_shape = _takes_a_shape(value) if is_function else None
        if _is_initializer(value) or _is_constant(value) or takes_a_shape:
            initializer = as_initializer(value)
            return lambda weight: initializer
        if not is_function or isinstance(value, type):
            rule = (
                "values that are initializers, numbers, arrays, None, mappings from "
                "the names of weights to these, or functions of layer and variable"
            )
            _errors.raise_bad_value("rules", rule, value)
        if takes_a_shape is None:
            rule = (
                "values whose signature tells a function (layer, variable) from an "
                "initializer (shape, dtype=None)"
            )
            hint = "Wrap it in a function that names its parameters so."
            _errors.raise_bad_value("rules", rule, value, hint)

        def give(weight: Weight) -> Initializer | None:
            found = value(weight.layer, weight.variable)
            return None if found is None else as_initializer(found)

        return give

    def initializer(self, weight: Weight) -> Any:
        """What the rule has for a weight, or None."""
        if not self.chooses(weight):
            return None
        if self.by_role is None:
            self.matched = True
            return self.gives(weight)
        if weight.role not in self.by_role:
            return None
        self.matched = True
        self.used.add(weight.role)
        return self.by_role[weight.role](weight)

    def require_used(self, weights: list[Weight], way_out: str) -> None:
        """Refuses a rule that chose no weight, or names a role that none has."""
        roles = list(dict.fromkeys(weight.role for weight in weights))
        if not self.matched:
            for weight in weights:
                if self.chooses(weight) and weight.role in (self.by_role or roles):
                    _errors.raise_error(
                        f"The rule {describe(self.key)} matches only weights that "
                        f"earlier rules set, such as {weight.address!r}. {way_out}"
                    )
            near = self._nearest(weights, roles)
            _raise_unmatched(describe(self.key), near, way_out)
        for role in self.by_role or ():
            if role not in (*self.used, *ROLES, *roles):
                text = f"{describe(self.key)}: {role!r}"
                near = _errors.close(role, [*roles, *ROLES], 3)
                _raise_unmatched(text, near, way_out)

    def _nearest(self, weights: list[Weight], roles: list[str]) -> list[str]:
        if isinstance(self.key, type):
            classes = [type(h).__name__ for w in weights for h in w.holders]
            return list(dict.fromkeys(classes))[:8]
        places = [*roles, *(weight.address for weight in weights)]
        text = getattr(self.key, "pattern", self.key)
        near = _errors.close(text, places, 3) if isinstance(text, str) else []
        return near or [weight.address for weight in weights[:3]]


def _raise_unmatched(rule: str, near: Iterable[str], way_out: str) -> NoReturn:
    near = ", ".join(map(repr, near))
    text = f"The rule {rule} matches no weight of the model. Nearest are {near}."
    _errors.raise_error(f"{text} {way_out}")


def describe(key: Any) -> str:
    """A rule's key as text for messages."""
    if isinstance(key, type):
        return key.__name__
    if callable(key):
        return getattr(key, "__name__", repr(key))
    return repr(key)


def parse(rules: Any, model: keras.Layer) -> list[Rule]:
    """The rules as a list of `Rule`.

    A value may have a method `bound_to(model)`, which returns the value for that
    model; recipes that look at the model's graph use it.

    Raises:
        ValueError: If they are not a mapping or a sequence of pairs, or a key or
            value is none of the allowed kinds.
    """
    kind = "a mapping or a sequence of pairs (key, value)"
    if _is_initializer(rules):
        value = f'"{rules}"' if isinstance(rules, str) else "..."
        hint = f'To set every kernel write {{"kernel": {value}}}.'
        _errors.raise_bad_value("rules", kind, rules, hint)
    pairs = rules.items() if isinstance(rules, Mapping) else rules
    found = _convert.entries(pairs)
    if found is None:
        _errors.raise_bad_value("rules", kind, rules)
    parsed = []
    for pair in found:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            _errors.raise_bad_value("rules", kind, pair)
        key, value = pair
        if hasattr(value, "bound_to"):
            value = value.bound_to(model)
        parsed.append(Rule(key, value))
    return parsed
