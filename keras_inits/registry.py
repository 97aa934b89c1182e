"""Names of initializers, here and in Keras.

Importing the package gives Keras the names that it lacks and leaves the others
alone. `enable` makes every name of Keras' own stand for the class here;
`disable` takes that back.

A name is an initializer's name only where Keras looks for an initializer: in the
table of `keras.initializers.get`. Among Keras' custom objects, which replace an
equal string anywhere in any config, stand only names with their package, such as
"keras_inits>HeNormal".
"""

from __future__ import annotations

import contextlib
import inspect
import random
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, overload

import keras

from keras_inits import _errors, initializers
from keras_inits._types import ArrayLike, F, InitializerLike
from keras_inits.initializers import keras_own, lookup

KERAS_ALIASES = (
    *("normal", "uniform", "one", "zero"),
    *("IdentityInitializer", "OrthogonalInitializer", "STFTInitializer"),
)
_MISSING = object()

_lock = threading.RLock()


def _is_keras_name(name: str) -> bool:
    return name in KERAS_ALIASES or hasattr(keras.initializers, name)


def names() -> list[str]:
    """Every name that `get` takes, sorted.

    >>> "xavier_uniform" in names()
    True

    Returns:
        A list of strings.
    """
    return sorted(lookup.BY_NAME)


@_errors.named("get")
def get(identifier: InitializerLike | ArrayLike | None) -> Any:
    """Returns the initializer that an identifier stands for.

    Names that Keras has too give the class here, whether `enable` is on or off.

    >>> get("glorot_uniform")
    GlorotUniform()
    >>> get({"class_name": "Sparse", "config": {"sparsity": 0.5}})
    Sparse(sparsity=0.5)

    Args:
        identifier: A name, a config `{"class_name": ..., "config": {...}}`, a
            class, an instance or other callable, a tensor or array, or None.

    Returns:
        An initializer, or None for None.

    Raises:
        ValueError: If a name or class name is unknown, or needs arguments that
            the config lacks.
    """
    return lookup.find(identifier)


@overload
def register(initializer: F, /, *, package: str = ...) -> F: ...


@overload
def register(*names: str, package: str = ...) -> Callable[[F], F]: ...


@_errors.named("register")
def register(*names: Any, package: str = "Custom") -> Any:
    """Makes an initializer known by name here, in Keras and in saved models.

    A decorator, with or without arguments:

    ```python
    @keras_inits.register("signs")
    class RandomSigns(keras_inits.RandomInitializer):
        def compute(self, ops, key, shape, dtype):
            values = keras_inits.draws.normal(ops, key, shape, dtype=dtype)
            return ops.sign(values)

    keras.layers.Dense(8, kernel_initializer="signs")
    ```

    The class's or function's own name, its snake-case form and `names` all stand
    for it. Defining it anew, as a notebook does, replaces the one before.

    Args:
        *names: Further names, or, without arguments, the initializer itself.
        package: Under which package Keras' saving files it.

    Returns:
        What was decorated.

    Raises:
        ValueError: If it is neither a subclass of
            `keras.initializers.Initializer` nor a function, or a name is taken,
            here or in Keras.
    """
    if not isinstance(package, str):
        _errors.raise_bad_value("package", "the name of a package", package)
    if len(names) == 1 and not isinstance(names[0], str):
        return register(package=package)(names[0])

    @_errors.named("register")
    def decorate(initializer: F) -> F:
        if not (
            issubclass(initializer, keras.Initializer)
            if isinstance(initializer, type)
            else isinstance(initializer, types.FunctionType)
        ):
            rule = "a subclass of keras.initializers.Initializer or a function"
            _errors.raise_bad_value("initializer", rule, initializer)
        for name in names:
            if not isinstance(name, str):
                _errors.raise_bad_value("names", "strings", name)
        every = lookup.names_of(initializer, names)
        with _lock:
            for name in every:
                taken = lookup.BY_NAME.get(name)
                taken = taken or keras.saving.get_custom_objects().get(name)
                if _is_keras_name(name) or (taken and not _same(taken, initializer)):
                    rule = "a name that is not taken"
                    _errors.raise_bad_value("names", rule, name)
            keras.saving.register_keras_serializable(package=package)(initializer)
            lookup.BY_NAME.update(dict.fromkeys(every, initializer))
            _table().update(dict.fromkeys(every, _entry(initializer)))
        return initializer

    return decorate


@_errors.named("unregister")
def unregister(initializer: Any) -> None:
    """Takes back what `register` did.

    Args:
        initializer: The class or function.

    Raises:
        ValueError: If it was not registered, or belongs to the package.
    """
    with _lock:
        ours = map(initializers.__dict__.get, initializers.__all__)
        own = any(initializer is one for one in ours)
        every = [n for n, found in lookup.BY_NAME.items() if found is initializer]
        if own or not every:
            rule = "what `register` was given"
            _errors.raise_bad_value("initializer", rule, initializer)
        for name in every:
            del lookup.BY_NAME[name]
            if _stands_for(_table().get(name), initializer):
                del _table()[name]
        custom = keras.saving.get_custom_objects()
        registered = keras.saving.get_registered_name(initializer)
        if custom.get(registered) is initializer:
            del custom[registered]


def _same(one: Any, other: Any) -> bool:
    """Whether two classes or functions are one definition, run twice."""
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def _table() -> dict[str, Any]:
    """The table in which `keras.initializers.get` looks names up.

    Of a Keras that has none, an empty one, in which nothing is found.
    """
    function = inspect.unwrap(keras.initializers.get)
    found = getattr(function, "__globals__", {}).get("ALL_OBJECTS_DICT")
    return found if isinstance(found, dict) else {}


def _entry(initializer: Any) -> type[Any]:
    """What the table holds for a class or a function.

    Keras makes an object of what it finds there, by calling it or by
    `from_config`; of a function, that object is the function.
    """
    if isinstance(initializer, type):
        return initializer
    methods = {
        "__new__": lambda cls: initializer,
        "from_config": classmethod(lambda cls, config: initializer),
        "function": initializer,
    }
    return type(keras.saving.get_registered_name(initializer), (), methods)


def _stands_for(entry: object, initializer: object) -> bool:
    return entry is initializer or getattr(entry, "function", None) is initializer


class _Switch:
    """Whether Keras' names and objects stand for ours, for the whole process.

    On while `enable` holds or a context of `enabled` is open. `disable` ends both;
    the contexts that it ended count no longer when they are left.
    """

    def __init__(self) -> None:
        self.held = False
        self.contexts: set[object] = set()
        self.before: dict[str, object] | None = None  # Keras' entries, while on

    def update(self) -> None:
        """Switches on or off, as it should be."""
        wanted = self.held or bool(self.contexts)
        if wanted and self.before is None:
            self.turn_on()
        if not wanted and self.before is not None:
            self.turn_off()

    @_errors.named("enable")
    def turn_on(self) -> None:
        """Replaces Keras' entries; all is as before if Keras does not follow."""
        table = _table()
        ours = {n: c for n, c in lookup.BY_NAME.items() if _is_keras_name(n)}
        self.before = {name: table.get(name, _MISSING) for name in ours}
        table.update(ours)
        keras_own.begin(everywhere=True)
        state = random.getstate()  # of which an unseeded initializer takes a number
        try:
            answer = _other_answer()
        except BaseException:
            self.turn_off()
            raise
        finally:
            random.setstate(state)
        if answer is not None:
            self.turn_off()
            _errors.raise_error(
                f"Keras {keras.__version__} gives {answer}, so nothing was enabled. "
                "Pass objects, as in kernel_initializer=keras_inits.get("
                "'glorot_uniform'), or install a version of Keras that keras_inits "
                "supports.",
                RuntimeError,
            )

    def turn_off(self) -> None:
        """Puts Keras' entries back, but what somebody has changed since."""
        table, replaced = _table(), self.before or {}
        for name, before in replaced.items():
            if table.get(name) is not lookup.BY_NAME.get(name):
                continue
            if before is _MISSING:
                table.pop(name, None)
            else:
                table[name] = before
        self.before = None
        keras_own.end(everywhere=True)


_switch = _Switch()


def _other_answer() -> str | None:
    """What Keras gives for a name while `enable` is on, where it is not ours.

    Asked are a name, an alias, configs and an object; what a user has set among
    Keras' custom objects is the user's.

    Returns:
        A text, or None if all is ours.
    """
    for name in ("glorot_uniform", "normal", "HeNormal", "zeros"):
        if keras.saving.get_registered_object(name) is not None:
            continue
        identifiers: tuple[Any, ...] = (name, {"class_name": name, "config": {}})
        for identifier in identifiers:
            try:
                found = type(keras.initializers.get(identifier))
            except ValueError as error:
                found = type(error)
            if found is not lookup.BY_NAME[name]:
                return f"{found.__module__}.{found.__name__} for {identifier!r}"
    for theirs in keras_own.classes():
        if theirs.__name__ == "Zeros":
            before = keras_own.answered()
            theirs()((1,))
            if keras_own.answered() != before:
                return None
    return "its own values for an object of keras.initializers.Zeros"


def enable() -> None:
    """Makes every initializer name and object of Keras' own draw what ours draw.

    Strings, class names, aliases and `{"class_name": ...}` configs, the layers'
    defaults among them, give the classes here: the same weights on every backend,
    and no kernel compiled for them. Objects of Keras' own classes, which libraries
    such as KerasHub pass and saved models name, draw what the class here of their
    name draws for their arguments and seed; the objects, their classes and their
    configs stay Keras' own. Values that only Keras takes, such as an infinite
    constant, it draws as before.

    A model that is built now from names has this package in its config, so loading
    it needs `import keras_inits`; `detach` takes it out. It holds for the process,
    all its threads, until `disable`. Calling it twice changes nothing more.

    Raises:
        RuntimeError: If Keras does not give the classes here then, which is asked
            each time. Nothing has changed then.
    """
    with _lock:
        before = _switch.held
        _switch.held = True
        try:
            _switch.update()
        except BaseException:
            _switch.held = before
            raise


def disable() -> None:
    """Gives Keras' names and objects back what they stood for before `enable`.

    Entries that somebody else has changed since stay what they are. It ends the
    open contexts of `enabled`, too.
    """
    with _lock:
        _switch.held = False
        _switch.contexts.clear()
        _switch.update()


def is_enabled() -> bool:
    """Whether `enable` is on."""
    return _switch.before is not None


@contextlib.contextmanager
def enabled() -> Iterator[None]:
    """Context in which `enable` is on, for all threads of the process.

    Contexts may overlap, in threads or asyncio tasks: it is on until the last one
    is left, and after that if `enable` was called.

    >>> with enabled():
    ...     layer = keras.layers.Dense(4)
    >>> layer.kernel_initializer
    GlorotUniform()

    Raises:
        RuntimeError: See `enable`.
    """
    context = object()
    with _lock:
        _switch.contexts.add(context)
        try:
            _switch.update()
        except BaseException:
            _switch.contexts.discard(context)
            raise
    try:
        yield
    finally:
        with _lock:
            _switch.contexts.discard(context)
            _switch.update()


def _give_keras_the_names_it_lacks() -> None:
    table = _table()
    for name, cls in lookup.BY_NAME.items():
        if not _is_keras_name(name):
            table.setdefault(name, cls)


_give_keras_the_names_it_lacks()
