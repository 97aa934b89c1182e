"""The gain of an activation: the factor that keeps a signal's power through it.

PyTorch's table is kept for the names it has. Every other activation gets the
gain that its formula implies, by quadrature. The formulas stand here in NumPy,
in double precision, so that a gain is the same on every backend.
"""

import functools
import math
import sys

import keras
import numpy as np

from keras_inits import _backend, _checks

_erf = np.vectorize(math.erf, otypes=[float])


def _sigmoid(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _softplus(x):
    return np.logaddexp(0.0, x)


def _elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _hard_sigmoid(x):
    return np.clip(x / 6.0 + 0.5, 0.0, 1.0)


# Keras' element-by-element activations under its own default arguments.
FORMULAS = {
    "celu": _elu,
    "elu": _elu,
    "exponential": np.exp,
    "gelu": lambda x: 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0))),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0.0),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda x: x * _hard_sigmoid(x),
    "hard_tanh": lambda x: np.clip(x, -1.0, 1.0),
    "log_sigmoid": lambda x: -_softplus(-x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "relu6": lambda x: np.clip(x, 0.0, 6.0),
    "silu": lambda x: x * _sigmoid(x),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0),
    "softplus": _softplus,
    "softsign": lambda x: x / (1.0 + np.abs(x)),
    "sparse_plus": lambda x: np.where(
        x <= -1, 0.0, np.where(x < 1, 0.25 * (x + 1) ** 2, x)
    ),
    "sparse_sigmoid": lambda x: np.clip(0.5 * (x + 1), 0.0, 1.0),
    "squareplus": lambda x: 0.5 * (x + np.sqrt(x**2 + 4.0)),
    "tanh_shrink": lambda x: x - np.tanh(x),
}
ALIASES = {"hard_swish": "hard_silu", "swish": "silu"}

LINEAR = (
    *("linear", "conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
)
TORCH = (*LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu")
WHOLE_VECTOR = ("glu", "log_softmax", "softmax", "sparsemax")
NAMES = (*TORCH, *sorted([*FORMULAS, *ALIASES]))

# Panels whose edges hold the kinks of every piecewise activation above; beyond
# 14 deviations the normal density is below 1e-43.
PANEL_EDGES = np.linspace(-14.0, 14.0, 57)
PANEL_NODES = 24


@functools.lru_cache(maxsize=1)
def _quadrature():
    """Nodes and weights with which a sum is an expectation over N(0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(PANEL_NODES)
    middle = 0.5 * (PANEL_EDGES[1:] + PANEL_EDGES[:-1])[:, None]
    half = 0.5 * np.diff(PANEL_EDGES)[:, None]
    z = (middle + half * nodes).ravel()
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return z, (half * weights).ravel() * density


@functools.lru_cache(maxsize=64)
def _formula_gain(name):
    z, weights = _quadrature()
    return 1.0 / math.sqrt(np.sum(weights * FORMULAS[name](z) ** 2))


def _callable_gain(owner, function):
    z, weights = _quadrature()
    values = np.asarray(_backend.to_numpy(function(z)), np.float64)
    power = float(np.sum(weights * values**2)) if values.shape == z.shape else 0.0
    if not (math.isfinite(power) and power > sys.float_info.min):
        rule = "a function that works element by element and is not zero everywhere"
        _checks.fail(owner, "nonlinearity", rule, function)
    return 1.0 / math.sqrt(power)


def activation_name(nonlinearity):
    """The name of a Keras activation given as a function, else the argument."""
    label = getattr(nonlinearity, "__name__", "")
    known = callable(nonlinearity) and label in (*NAMES, *WHOLE_VECTOR)
    if known and getattr(keras.activations, label, None) is nonlinearity:
        return label
    return nonlinearity


def calculate_gain(nonlinearity, param=None, *, owner="calculate_gain"):
    """The gain of an activation, by PyTorch's table or by quadrature.

    PyTorch's table has 1 for linear, the convolutions' names and sigmoid, 5/3
    for tanh, sqrt(2) for relu, `sqrt(2 / (1 + param**2))` for leaky_relu and 3/4
    for selu. Any other activation f gets

        gain = 1 / sqrt(E[f(z)**2]),  z ~ N(0, 1)

    so that weights of deviation `gain / sqrt(fan_in)` keep the mean square of
    pre-activations at 1. The two agree for linear and relu only: the entries for
    tanh, sigmoid and selu are PyTorch's conventions.

    >>> calculate_gain("leaky_relu", 0.2)
    1.3867504905630728
    >>> round(calculate_gain("gelu"), 4)
    1.5335

    Args:
        nonlinearity: Name of an activation, as PyTorch or Keras has it, or a
            callable. A callable that is not one of Keras' own is given a NumPy
            array of float64; if it computes in float32 its gain is exact to
            about 1e-7 only, and may differ so much between backends.
        param: Negative slope of leaky_relu, a number between -1e150 and 1e150,
            0.01 by default. Other activations ignore it, as they do in PyTorch.
        owner: By what name errors call the caller.

    Returns:
        The gain, a Python float.

    Raises:
        ValueError: If the name is unknown, `param` is out of range, the activation
            acts on whole vectors (softmax, glu), or a callable's mean square is
            zero, subnormal or not finite in double precision.

    Reference:
        `torch.nn.init.calculate_gain`; He et al. 2015, equations 10 and 15,
        https://arxiv.org/abs/1502.01852
    """
    nonlinearity = activation_name(nonlinearity)
    if isinstance(nonlinearity, str) and nonlinearity in WHOLE_VECTOR:
        rule = "an activation that works element by element"
        _checks.fail(owner, "nonlinearity", rule, nonlinearity)
    if not isinstance(nonlinearity, str) and callable(nonlinearity):
        return _callable_gain(owner, nonlinearity)
    name = _checks.choice(owner, "nonlinearity", nonlinearity, NAMES)
    if name in LINEAR or name == "sigmoid":
        return 1.0
    if name == "tanh":
        return 5.0 / 3.0
    if name == "relu":
        return math.sqrt(2.0)
    if name == "leaky_relu":
        slope = 0.01 if param is None else _checks.slope(owner, "param", param)
        return math.sqrt(2.0 / (1.0 + slope**2))
    if name == "selu":
        return 0.75
    return _formula_gain(ALIASES.get(name, name))
