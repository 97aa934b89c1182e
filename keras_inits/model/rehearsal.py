"""What a layer's `build` gives its weights, heard by rehearsing it.

For layers that pass an initializer to `add_weight` and keep it nowhere.
"""

import contextlib
import inspect

import keras

from keras_inits.initializers import Zeros


def as_given(layer, argument):
    """What a layer was made with for an argument, or None if it has none such.

    MultiHeadAttention and others keep it under a leading underscore.
    """
    found = getattr(layer, argument, None)
    return getattr(layer, f"_{argument}", None) if found is None else found


def _made_with(layer):
    """The arguments of a layer that has no config, by its attributes of their names."""
    given: dict = {}
    for name, parameter in inspect.signature(type(layer)).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            given.update(name=layer.name, dtype=layer.dtype_policy)
            continue
        value = as_given(layer, name)
        if isinstance(value, keras.Variable):
            raise TypeError(f"{name} is a weight, not what was given")
        if value is not None:
            given[name] = value
    return given


def _listening(cls, calls):
    """A subclass whose objects write down what `add_weight` is given."""

    def add_weight(self, *args, **keywords):
        names = ("shape", "initializer", "dtype")
        given = {**dict(zip(names, args, strict=False)), **keywords}
        initializer = given.pop("initializer", None)
        variable = cls.add_weight(self, **given, initializer=Zeros())
        if initializer is None:
            initializer = "glorot_uniform"  # Keras' default
        calls.append((variable, initializer))
        return variable

    return type(cls.__name__, (cls,), {"add_weight": add_weight})


def _twin(layer, calls):
    """A layer made and built as another was, or None if that cannot be done again."""
    listening = _listening(type(layer), calls)
    for make in (
        lambda: listening.from_config(layer.get_config()),
        lambda: listening(**_made_with(layer)),
    ):
        with contextlib.suppress(Exception):  # there is no saying what a class raises
            twin = make()
            if not twin.built:
                twin.build_from_config(layer.get_build_config())
            return twin
    return None


def heard(layer):
    """The initializers that a layer passes to `add_weight` for its own weights.

    A twin of the layer is made from its config, or from the attributes that have the
    names of its arguments, and built for the same input, with zeros for its own
    weights. Then it is dropped.

    Args:
        layer: A built layer.

    Returns:
        A dict from the `id` of a weight to an object of Keras or of the layer's
        own; an empty one if the layer cannot be made again or has other weights
        then.
    """
    calls: list[tuple] = []
    twin = _twin(layer, calls)
    if twin is None:
        return {}
    given = {id(weight): initializer for weight, initializer in calls}
    told = {}
    # A layer's own weights, those made without `add_weight` too, stand before those
    # of the layers inside it, which the twin may not have built.
    for weight, other in zip(layer.weights, twin.weights, strict=False):
        if weight.shape != other.shape:
            return {}
        if id(other) in given:
            told[id(weight)] = keras.initializers.get(given[id(other)])
    return told
