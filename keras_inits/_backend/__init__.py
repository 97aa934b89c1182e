"""The only place that knows which backend runs, and imports one.

Everything else speaks NumPy's vocabulary or that of `keras.ops`. What must be asked
of a backend by name is asked here, in small functions, each tested under every
backend; where a backend is not named, it has what Keras has on all of them.
"""

from keras_inits._backend.gradients import (
    DIFFERENTIATES,
    differentiate,
    differentiates,
    tap,
    without_gradients,
)
from keras_inits._backend.questions import (
    has_wide,
    is_tracing,
    name,
    only_infers_shapes,
    outside_traces,
    stored_dtype,
    untraced,
    wide,
)
from keras_inits._backend.randomness import seeded
from keras_inits._backend.tensors import (
    ALIGNMENT,
    CONVERSIONS,
    bitcast,
    to_numpy,
    to_tensor,
)

__all__ = ["ALIGNMENT", "CONVERSIONS", "bitcast", "to_numpy", "to_tensor"]
__all__ += ["DIFFERENTIATES", "differentiate", "differentiates", "tap"]
__all__ += ["has_wide", "is_tracing", "name", "only_infers_shapes", "outside_traces"]
__all__ += ["seeded", "stored_dtype", "untraced", "wide", "without_gradients"]
