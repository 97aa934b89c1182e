"""Weight initializers for Keras 3 with the same bits on every backend."""

__version__ = "0.2.0"

import keras_inits.cli._start as _start  # noqa: F401, before Keras is imported
from keras_inits import draws, initializers
from keras_inits.diagnostics import (
    SignalMonitor,
    compare,
    data_scale,
    diagnose,
    lsuv,
)
from keras_inits.fans import compute_fans
from keras_inits.gains import calculate_gain
from keras_inits.initializers import *  # noqa: F403, its `__all__`
from keras_inits.model import detach, fans_of, initialize, recipes, reinitialize
from keras_inits.model.fingerprint import fingerprint
from keras_inits.registry import (
    disable,
    enable,
    enabled,
    get,
    is_enabled,
    names,
    register,
    unregister,
)

__all__ = [
    "SignalMonitor",
    "calculate_gain",
    "compare",
    "compute_fans",
    "data_scale",
    "detach",
    "diagnose",
    "disable",
    "draws",
    "enable",
    "enabled",
    "fans_of",
    "fingerprint",
    "get",
    "initialize",
    "is_enabled",
    "lsuv",
    "names",
    "recipes",
    "register",
    "reinitialize",
    "unregister",
]
__all__ += initializers.__all__
