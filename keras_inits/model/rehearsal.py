"""What a layer's `build` gives its weights, heard by rehearsing it.

For layers that pass an initializer to `add_weight` and keep it nowhere.
"""

import keras

from keras_inits.initializers import Zeros


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


def heard(layer, variable):
    """The initializer that a layer passes to `add_weight` for one of its weights.

    A twin of the layer is made from its config and built for the same input, with
    zeros for its own weights, and dropped again.

    Args:
        layer: A built layer.
        variable: One of its own weights.

    Returns:
        An object of Keras or of the layer's own, or None if the layer cannot be
        made from its config or has other weights then.
    """
    calls: list[tuple] = []
    try:
        twin = _listening(type(layer), calls).from_config(layer.get_config())
        if not twin.built:
            twin.build_from_config(layer.get_build_config())
    except Exception:  # whatever a class raises that cannot be made again
        return None
    given = {id(weight): initializer for weight, initializer in calls}
    # A layer's own weights stand before those of the layers inside it, which the
    # twin may not have built.
    own = [weight for weight in twin.weights if id(weight) in given]
    pairs = list(zip(layer.weights, own, strict=False))
    if any(weight.shape != other.shape for weight, other in pairs):
        return None
    for weight, other in pairs:
        if weight is variable:
            return keras.initializers.get(given[id(other)])
    return None
