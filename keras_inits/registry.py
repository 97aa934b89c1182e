"""Names of initializers, here and in Keras.

Importing the package gives Keras the names that it lacks and leaves the others
alone. `enable` makes every name of Keras' own stand for the class here, by
entries among Keras' custom objects; `disable` takes them back.
"""

import contextlib
import threading

import keras

from keras_inits import _checks, initializers
from keras_inits.initializers import lookup

KERAS_ALIASES = (
    *("normal", "uniform", "one", "zero"),
    *("IdentityInitializer", "OrthogonalInitializer", "STFTInitializer"),
)
_MISSING = object()

_lock = threading.RLock()
_replaced: dict[str, object] | None = None  # what `enable` found; None when it is off


def _is_keras_name(name):
    return name in KERAS_ALIASES or hasattr(keras.initializers, name)


def names():
    """Every name that `get` takes, sorted.

    >>> "xavier_uniform" in names()
    True

    Returns:
        A list of strings.
    """
    return sorted(lookup.BY_NAME)


def get(identifier):
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
    return lookup.find("get", identifier)


def register(*names, package="Custom"):
    """Makes an initializer known by name here, in Keras and in saved models.

    A decorator, with or without arguments:

    ```python
    @keras_inits.register("spiky")
    class Spiky(keras_inits.RandomInitializer):
        ...

    keras.layers.Dense(8, kernel_initializer="spiky")
    ```

    The class's own name, its snake-case form and `names` all stand for it.
    Defining a class anew, as a notebook does, replaces the one before.

    Args:
        *names: Further names, or, without arguments, the class itself.
        package: Under which package Keras' saving files the class.

    Returns:
        The decorated class.

    Raises:
        ValueError: If it is not a subclass of `keras.initializers.Initializer`,
            or a name is taken, here or in Keras.
    """
    if len(names) == 1 and isinstance(names[0], type):
        return register(package=package)(names[0])

    def decorate(cls):
        if not (isinstance(cls, type) and issubclass(cls, keras.Initializer)):
            rule = "a subclass of keras.initializers.Initializer"
            _checks.fail("register", "cls", rule, cls)
        every = lookup.names_of(cls, names)
        custom = keras.saving.get_custom_objects()
        with _lock:
            for name in every:
                taken = lookup.BY_NAME.get(name) or custom.get(name)
                if _is_keras_name(name) or (taken and not _same(taken, cls)):
                    rule = "a name that is not taken"
                    _checks.fail("register", "names", rule, name)
            keras.saving.register_keras_serializable(package=package)(cls)
            lookup.BY_NAME.update(dict.fromkeys(every, cls))
            custom.update(dict.fromkeys(every, cls))
        return cls

    return decorate


def unregister(cls):
    """Takes back what `register` did for a class.

    Args:
        cls: The class.

    Raises:
        ValueError: If the class was not registered, or belongs to the package.
    """
    with _lock:
        own = cls in map(initializers.__dict__.get, initializers.__all__)
        every = [name for name, found in lookup.BY_NAME.items() if found is cls]
        if own or not every:
            rule = "a class that `register` was given"
            _checks.fail("unregister", "cls", rule, cls)
        custom = keras.saving.get_custom_objects()
        for name in (*every, keras.saving.get_registered_name(cls)):
            lookup.BY_NAME.pop(name, None)
            if custom.get(name) is cls:
                del custom[name]


def _same(one, other):
    """Whether two classes are one definition, run twice."""
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def enable():
    """Makes every initializer name of Keras' own stand for the class here.

    Strings, class names, aliases and `{"class_name": ...}` configs, the layers'
    defaults among them, then give the same weights on every backend, and no
    kernel is compiled for them. Objects of Keras' own classes, and configs that
    Keras itself wrote into a saved model, stay what they are. A model that is
    built now names this package in its config, so loading it needs
    `import keras_inits`. Calling it twice changes nothing more.
    """
    global _replaced
    with _lock:
        if _replaced is not None:
            return
        custom = keras.saving.get_custom_objects()
        ours = {n: c for n, c in lookup.BY_NAME.items() if _is_keras_name(n)}
        _replaced = {name: custom.get(name, _MISSING) for name in ours}
        custom.update(ours)


def disable():
    """Gives Keras' names back what they stood for before `enable`."""
    global _replaced
    with _lock:
        if _replaced is None:
            return
        custom = keras.saving.get_custom_objects()
        for name, before in _replaced.items():
            if before is _MISSING:
                custom.pop(name, None)
            else:
                custom[name] = before
        _replaced = None


def is_enabled():
    """Whether `enable` is on."""
    return _replaced is not None


@contextlib.contextmanager
def enabled():
    """Context in which `enable` is on; on leaving, what was before is again.

    >>> with enabled():
    ...     layer = keras.layers.Dense(4)
    >>> layer.kernel_initializer
    GlorotUniform()
    """
    before = is_enabled()
    enable()
    try:
        yield
    finally:
        (enable if before else disable)()


def _give_keras_the_names_it_lacks():
    custom = keras.saving.get_custom_objects()
    for name, cls in lookup.BY_NAME.items():
        if not _is_keras_name(name):
            custom.setdefault(name, cls)


_give_keras_the_names_it_lacks()
