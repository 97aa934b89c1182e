"""Weight initializers for Keras 3 with the same bits on every backend."""

from keras_inits.fans import compute_fans
from keras_inits.gains import calculate_gain
from keras_inits.initializers import (
    STFT,
    Constant,
    DeltaOrthogonal,
    Dirac,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    Initializer,
    KaimingNormal,
    KaimingUniform,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    PerGate,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    Sparse,
    TruncatedNormal,
    TruncNormal,
    VarianceScaling,
    XavierNormal,
    XavierUniform,
    ZeroRow,
    Zeros,
)
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

__version__ = "0.1.0"
