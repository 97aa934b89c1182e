"""`detach`: a model that loads where this package is not installed."""

from __future__ import annotations

from typing import Any

import keras

from keras_inits import _backend, _checks, _convert, _errors
from keras_inits._types import Interval, Seed
from keras_inits.initializers import (
    TruncatedNormal,
    TruncNormal,
    VarianceScaling,
)
from keras_inits.initializers.base import Initializer
from keras_inits.initializers.lookup import parameters_of
from keras_inits.model.addresses import layers_of
from keras_inits.model.report import DetachReport, Replacement

UNTRUNCATED = 10.0  # standard deviations: beyond lies less than 2e-23


def _truncated(mean: float, stddev: float, bounds: Interval, seed: Seed) -> Any:
    """Keras' initializer for a truncated normal, or None."""
    lower, upper = bounds
    if (round(lower, 12), round(upper, 12)) == (-2.0, 2.0):
        return keras.initializers.TruncatedNormal(mean, stddev, seed)
    if lower < -UNTRUNCATED and upper > UNTRUNCATED:
        return keras.initializers.RandomNormal(mean, stddev, seed)
    return None


def counterpart(initializer: Initializer) -> Any:
    """Keras' own initializer of the same distribution, or None if it has none.

    Args:
        initializer: One of this package.
    """
    config = initializer.get_config()
    kind = type(initializer).__name__
    if isinstance(initializer, (TruncatedNormal, TruncNormal)):
        bounds, _ = initializer.interval()
        seed = _as_seed(config["seed"])
        return _truncated(initializer.mean, initializer.stddev, bounds, seed)
    if isinstance(initializer, VarianceScaling):
        if initializer.mode == "fan_geo_avg" or initializer.batch_axes is not None:
            return None
        if not hasattr(keras.initializers, kind):
            keys = ("scale", "mode", "distribution", "input_axes", "output_axes")
            config = {key: getattr(initializer, key) for key in keys}
            config["seed"] = initializer.get_config()["seed"]
            kind = "VarianceScaling"
        if "input_axes" not in parameters_of(keras.initializers.VarianceScaling):
            # Keras before 3.15: such a class draws by the shape alone.
            axes = config.pop("input_axes"), config.pop("output_axes")
            if axes != (None, None):
                return None
    own = getattr(keras.initializers, kind, None)
    if own is None or type(initializer).__module__.split(".")[0] != "keras_inits":
        return None
    if "seed" in config:
        config["seed"] = _as_seed(config["seed"])
    return own.from_config(config)


def _as_seed(seed: Any) -> Any:
    """A seed from a config: a seed generator is there as a config of its own."""
    if isinstance(seed, dict):
        return keras.saving.deserialize_keras_object(seed)
    return seed


def _places(layer: keras.Layer) -> list[str]:
    """Names of the attributes in which a layer keeps initializers of ours."""
    return [k for k, value in vars(layer).items() if isinstance(value, Initializer)]


@_backend.outside_traces
def detach(model: keras.Layer, *, strict: bool = True) -> DetachReport:
    """Puts Keras' own initializers in the place of ours in a model's layers.

    A saved model names the initializers of its layers. After `detach` those are
    Keras' own, so the file loads where keras_inits is not installed. Weights stay
    what they are. Each initializer is replaced by Keras' one of the same
    distribution with the same seed (which Keras draws from its own streams); Xavier
    and Kaiming become `VarianceScaling`.

    ```python
    keras_inits.detach(model)
    model.save("model.keras")
    ```

    Args:
        model: A Keras model or layer.
        strict: Whether an initializer without a counterpart in Keras (Dirac,
            DeltaOrthogonal, Sparse, PerGate, ZeroRow, other bounds of a truncated
            normal, `mode="fan_geo_avg"`, `batch_axes`) is an error. Otherwise it
            is kept and listed.

    Returns:
        A `DetachReport`.

    Raises:
        ValueError: If `model` is not a Keras model or layer or, under `strict`,
            if an initializer has no counterpart; nothing is replaced then.
    """
    _checks.check_layer("model", model)
    strict = _checks.check_bool("strict", strict)
    found = [
        (layer, key, vars(layer)[key], counterpart(vars(layer)[key]))
        for layer in layers_of(model)
        for key in _places(layer)
    ]
    kept = [f"{ours!r} of {la.name!r}" for la, _, ours, new in found if new is None]
    if strict and kept:
        _errors.raise_error(
            f"Keras has no initializer of the distribution of {', '.join(kept)}. Pass "
            "strict=False to keep what has none; the saved model then needs "
            "keras_inits."
        )
    entries = []
    for layer, key, ours, new in found:
        if new is not None:
            setattr(layer, key, new)
        after = None if new is None else _keras_text(new)
        argument = key.removeprefix("_")
        entries.append(Replacement(layer.name, argument, repr(ours), after))
    return DetachReport(model.name, entries)


def _keras_text(initializer: keras.initializers.Initializer) -> str:
    """An initializer of Keras as it would be written."""
    config = {
        key: value
        for key, value in initializer.get_config().items()
        if value is not None and not isinstance(value, dict)
    }
    arguments = ", ".join(
        f"{key}={_convert.short_text(value)}" for key, value in config.items()
    )
    return f"keras.initializers.{type(initializer).__name__}({arguments})"
