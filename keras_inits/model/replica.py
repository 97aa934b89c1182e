"""What layers pass to `add_weight`, recorded while replicas of them are built.

For layers that pass an initializer to `add_weight` and keep it nowhere. A replica
is made from the layer's config, from its attributes, or from both, and tells for
the layers inside it too: so where a layer cannot be made again, one around it may.
"""

import contextlib
import inspect
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

import keras

from keras_inits._types import Shape
from keras_inits.initializers import Zeros
from keras_inits.model.addresses import addresses
from keras_inits.model.recording import Recorded
from keras_inits.model.rules import Weight
from keras_inits.model.unfolded import inputs_of

# Where a layer may keep what it was given for an argument.
SPELLINGS = ("{}", "_{}", "{}_rate", "{}_val", "{}_value")
LONGEST_REASON = 160

ADD_WEIGHT = Recorded("add_weight")


def as_given(layer: keras.Layer, argument: str) -> Any:
    """What a layer was made with for an argument, or None if it has none such.

    MultiHeadAttention and others keep it under a leading underscore.
    """
    found = getattr(layer, argument, None)
    return getattr(layer, f"_{argument}", None) if found is None else found


@contextlib.contextmanager
def _recording() -> Iterator[dict[int, tuple[keras.Variable, Any]]]:
    """Every layer's `add_weight` is recorded meanwhile, and draws zeros.

    Yields:
        A dict from a variable's id to it and its initializer.
    """
    calls: dict[int, tuple[keras.Variable, Any]] = {}

    def add_weight(layer: keras.Layer, *args: Any, **keywords: Any) -> keras.Variable:
        names = ("shape", "initializer", "dtype")
        given = {**dict(zip(names, args, strict=False)), **keywords}
        initializer = given.pop("initializer", None)
        variable = ADD_WEIGHT.original(layer, **given, initializer=Zeros())
        if initializer is None:
            initializer = "glorot_uniform"  # Keras' default
        # Beside the variable, which so keeps its id.
        calls[id(variable)] = (variable, keras.initializers.get(initializer))
        return variable

    with ADD_WEIGHT.by(add_weight), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when the layer itself was built
        yield calls


Located = tuple[str, keras.Layer, Shape]  # address, owner and shape of a weight


class _Way(NamedTuple):
    """A way to make a layer again.

    Attributes:
        is_whole: Whether every argument is known, or some are left to defaults.
        make: The function that makes it, not yet built.
    """

    is_whole: bool
    make: Callable[[], keras.Layer]


def _likeliest(values: Iterable[Any]) -> Any:
    """Which of several values was given: not the layer or weight made from it."""
    made = (keras.layers.Layer, keras.Variable)
    return min(values, key=lambda value: isinstance(value, made))


def _attributes(layer: keras.Layer, names: Iterable[str]) -> dict[str, Any]:
    """What a layer's attributes have for arguments of these names."""
    found: dict[str, Any] = {}
    for name in names:
        spelled = [text.format(name) for text in SPELLINGS]
        values = [getattr(layer, text) for text in spelled if hasattr(layer, text)]
        if values:
            found[name] = _likeliest(values)
    return found


def _mixed(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two dicts as one, in which the first one's values come first."""
    both = {name: [first[name], second[name]] for name in first if name in second}
    return {**second, **first, **{n: _likeliest(values) for n, values in both.items()}}


def _ways_to_make(layer: keras.Layer) -> list[_Way]:
    """The ways to make a layer again, the likeliest first.

    By the class's `from_config`, the config filled up with attributes where it
    lacks an argument; then by calling the class with what config and attributes
    have for its arguments, the one or the other first.
    """
    cls = type(layer)
    _, *parameters = inspect.signature(cls.__init__).parameters.values()
    takes_others = any(p.kind is p.VAR_KEYWORD for p in parameters)
    others = {"name": layer.name, "dtype": layer.dtype_policy}
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    taken = [p.name for p in parameters if p.kind not in variadic]
    names = [name for name in taken if name not in (*others, "trainable")]
    attributes = _attributes(layer, names)

    def by_class(given: dict[str, Any]) -> _Way:
        given = {name: given[name] for name in names if name in given}
        base = others if takes_others else {n: others[n] for n in others if n in taken}
        return _Way(len(given) == len(names), lambda: cls(**base, **_fresh_all(given)))

    try:
        config = dict(layer.get_config())
    except Exception as error:  # there is no saying what a class raises
        failure = error

        def fail() -> NoReturn:
            raise failure

        return [_Way(True, fail), by_class(attributes)]
    own = cls.from_config.__func__ is not keras.layers.Layer.from_config.__func__
    absent = [] if own else [name for name in names if name not in config]
    filled = {**{n: attributes[n] for n in absent if n in attributes}, **config}
    is_whole = all(name in filled for name in absent)
    return [
        _Way(is_whole, lambda: cls.from_config(_fresh_all(filled))),
        by_class(_mixed(config, attributes)),
        by_class(_mixed(attributes, config)),
    ]


def _fresh_all(given: dict[str, Any]) -> dict[str, Any]:
    return {name: _fresh(name, value) for name, value in given.items()}


def _fresh(argument: str, value: Any) -> Any:
    """A value that another layer may be given: no weight, and no layer in use."""
    if isinstance(value, keras.Variable):
        raise TypeError(f"{argument} is a weight, not what was given")
    if isinstance(value, keras.layers.Layer):
        return _unbuilt(value)
    if isinstance(value, dict):
        return {key: _fresh(argument, entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        kind = tuple if isinstance(value, tuple) else list
        return kind(_fresh(argument, entry) for entry in value)
    return value


def _unbuilt(layer: keras.Layer) -> keras.Layer:
    """A layer made as another was, by the first way that works."""
    first, *others = _ways_to_make(layer)
    for way in others:
        with contextlib.suppress(Exception):
            return way.make()
    return first.make()


def _build(replica: keras.Layer, layer: keras.Layer) -> None:
    """Builds a replica for the shapes that the layer was built for."""
    config = layer.get_build_config()
    if replica.built or not config:
        return
    by_call = type(layer).build is keras.layers.Layer.build
    if not by_call or len(replica.weights) == len(layer.weights):
        replica.build_from_config(config)
        return
    # Keras builds such a layer by its first call.
    args, kwargs = inputs_of(layer)
    replica(*args, **kwargs)


def reason(error: BaseException) -> str:
    """An exception as one line."""
    if isinstance(error, _NotMadeError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # Keras puts the cause last, after a paragraph about deserialization.
    marked = [line for line in lines if line.startswith("Exception encountered: ")]
    text = (
        marked[-1].removeprefix("Exception encountered: ")
        if marked
        else "".join(lines[:1])
    )
    text = textwrap.shorten(text, LONGEST_REASON, placeholder=" ...")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _NotMadeError(LookupError):
    """A layer was made again, but does not make the weight by `add_weight`."""


class Replicas:
    """Replicas of the layers of a model, each made when it is first asked for.

    What stays of one are the initializers and shapes of its weights, by their
    addresses in it.
    """

    def __init__(self) -> None:
        self.ways: dict[int, list[_Way]] = {}
        self.records: dict[
            tuple[int, int], Any
        ] = {}  # (id of a layer, way) -> dict or error
        self.addresses: dict[int, dict[int, Located]] = {}

    def _ways(self, layer: keras.Layer) -> list[_Way]:
        if id(layer) not in self.ways:
            self.ways[id(layer)] = _ways_to_make(layer)
        return self.ways[id(layer)]

    def _record(self, layer: keras.Layer, place: int) -> dict[str, Any] | Exception:
        """What the replica made in one way passes to `add_weight`, or an error."""
        key = (id(layer), place)
        if key not in self.records:
            way = self._ways(layer)[place]
            try:
                with _recording() as calls:
                    replica = way.make()
                    _build(replica, layer)
                    self.records[key] = {
                        address: (tuple(v.shape), calls.get(id(v), (v, None))[1])
                        for address, _, v in addresses(replica)
                    }
            except Exception as error:  # there is no saying what a class raises
                self.records[key] = error
        return self.records[key]

    def _within(self, layer: keras.Layer) -> dict[int, Located]:
        """Addresses in a layer of its weights, by their ids, and their shapes."""
        if id(layer) not in self.addresses:
            self.addresses[id(layer)] = {
                id(variable): (address, owner, tuple(variable.shape))
                for address, owner, variable in addresses(layer)
            }
        return self.addresses[id(layer)]

    def _found(self, weight: Weight, around: keras.Layer, place: int) -> Any:
        """The initializer that one replica has for a weight, or an error."""
        record = self._record(around, place)
        if isinstance(record, Exception):
            return record
        within = self._within(around)
        for address, owner, shape in within.values():
            if owner is weight.layer and record.get(address, (None,))[0] != shape:
                return ValueError("a layer made like it has other weights")
        _, initializer = record.get(within[id(weight.variable)][0], (None, None))
        return initializer or _NotMadeError(
            "it does not make the weight by `add_weight`"
        )

    def initializer(self, weight: Weight) -> Any:
        """What `add_weight` gets for a weight.

        Asked are replicas of the weight's layer and of those around it, the
        nearest first; those of which an argument is not known come last.

        Args:
            weight: A `rules.Weight`.

        Returns:
            An initializer, or an exception that says why there is none.
        """
        holders = [holder for holder in weight.holders if holder is not weight.layer]
        holders.sort(key=lambda holder: len(holder.weights))
        errors = []
        for is_whole in (True, False):
            for holder in (weight.layer, *holders):
                for place, way in enumerate(self._ways(holder)):
                    if way.is_whole is not is_whole:
                        continue
                    found = self._found(weight, holder, place)
                    if not isinstance(found, Exception) or isinstance(
                        found, _NotMadeError
                    ):
                        return found
                    if holder is weight.layer:
                        errors.append(found)
        return errors[-1]
