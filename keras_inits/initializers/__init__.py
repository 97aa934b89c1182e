"""The initializers, one family a file."""

from keras_inits.initializers.base import Initializer, RandomInitializer
from keras_inits.initializers.combinators import PerGate, ZeroRow
from keras_inits.initializers.constants import Constant, Ones, Zeros
from keras_inits.initializers.distributions import (
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    TruncNormal,
)
from keras_inits.initializers.identity import Dirac, Identity
from keras_inits.initializers.orthogonal import DeltaOrthogonal, Orthogonal
from keras_inits.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from keras_inits.initializers.sparse import Sparse
from keras_inits.initializers.spectral import STFT
from keras_inits.initializers.torch_scaling import (
    KaimingNormal,
    KaimingUniform,
    XavierNormal,
    XavierUniform,
)

__all__ = [
    "STFT",
    "Constant",
    "DeltaOrthogonal",
    "Dirac",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "KaimingNormal",
    "KaimingUniform",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "PerGate",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "Sparse",
    "TruncNormal",
    "TruncatedNormal",
    "VarianceScaling",
    "XavierNormal",
    "XavierUniform",
    "ZeroRow",
    "Zeros",
]
