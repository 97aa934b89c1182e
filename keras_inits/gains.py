"""The gain of an activation: the factor that keeps a signal's power through it.

PyTorch's table is kept for the names it has. Every other activation of Keras has
the gain that its formula implies, tabulated, so that a gain is the same number on
every machine: the tests integrate each formula anew. A function of one's own is
integrated here.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_inits import _backend, _checks, _errors
from keras_inits._types import Activation, Host, Moments, Real

# 1 / sqrt(E[f(z)**2]) for z ~ N(0, 1), rounded once, for Keras' element-by-element
# activations f under its own default arguments.
GAINS = {
    "celu": 1.2451983007007066,
    "elu": 1.2451983007007066,
    "exponential": 0.36787944117144233,
    "gelu": 1.5335304411955353,
    "hard_shrink": 1.015796354719734,
    "hard_sigmoid": 1.897840424729559,
    "hard_silu": 1.7366572127665416,
    "hard_tanh": 1.3920361404483097,
    "log_sigmoid": 1.0418668355353018,
    "mish": 1.486847581273208,
    "relu6": 1.4142135650950736,
    "silu": 1.676532470331091,
    "soft_shrink": 1.5443605282801334,
    "softplus": 1.0418668355353018,
    "softsign": 2.3375333631085398,
    "sparse_plus": 1.3803368628588104,
    "sparse_sigmoid": 1.6243215587888256,
    "squareplus": 0.816496580927726,
    "tanh_shrink": 2.3383675301021216,
}
ALIASES = {"hard_swish": "hard_silu", "swish": "silu"}

LINEAR = (
    *("linear", "conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
)
TORCH = (*LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu")
WHOLE_VECTOR = ("glu", "log_softmax", "softmax", "sparsemax")
NAMES = (*TORCH, *sorted([*GAINS, *ALIASES]))

# Panels whose edges hold the kinks of most piecewise functions; beyond 14 standard
# deviations the normal density is below 1e-43.
PANEL_EDGES = np.linspace(-14.0, 14.0, 57)
PANEL_NODES = 24

# Backends and C libraries round a function's values in ways of their own, at most
# some 1e-7 of them. So many digits of the integral seldom show it.
CALLABLE_DIGITS = 5


@functools.lru_cache(maxsize=1)
def _quadrature() -> tuple[Host, Host]:
    """Nodes and weights with which a sum is an expectation over N(0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(PANEL_NODES)
    middle = 0.5 * (PANEL_EDGES[1:] + PANEL_EDGES[:-1])[:, None]
    half = 0.5 * np.diff(PANEL_EDGES)[:, None]
    z = (middle + half * nodes).ravel()
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return z, (half * weights).ravel() * density


def response(activation: Activation, stddev: float = 1.0) -> Moments:
    """What comes out of an activation f: `(E f(x), E f(x)**2)`, x ~ N(0, stddev**2).

    Args:
        activation: A function that is given a NumPy array of float64, or a name out
            of `NAMES`.
        stddev: Standard deviation of what goes in.

    Returns:
        The mean and the mean square, (0, 0) for a function that does not work
        element by element.
    """
    function: Any = activation
    if isinstance(activation, str):
        name = "linear" if activation in LINEAR else activation
        function = keras.activations.get(name)
    z, weights = _quadrature()
    try:
        values = np.asarray(_backend.to_numpy(function(stddev * z)), np.float64)
    except Exception:  # there is no saying what a function raises
        values = np.zeros(())
    if values.shape != z.shape:
        return 0.0, 0.0
    return float(np.sum(weights * values)), float(np.sum(weights * values**2))


def _callable_gain(function: Callable[..., Any]) -> float:
    power = response(function)[1]
    if not (math.isfinite(power) and power > sys.float_info.min):
        rule = "a function that works element by element and is not zero everywhere"
        _errors.raise_bad_value("nonlinearity", rule, function)
    return float(f"{1.0 / math.sqrt(power):.{CALLABLE_DIGITS}g}")


def activation_name(nonlinearity: Any) -> Any:
    """The name of a Keras activation given as a function, else the argument."""
    label = getattr(nonlinearity, "__name__", "") if callable(nonlinearity) else ""
    known = callable(nonlinearity) and label in (*NAMES, *WHOLE_VECTOR)
    if known and getattr(keras.activations, label, None) is nonlinearity:
        return label
    return nonlinearity


@_errors.named("calculate_gain")
def calculate_gain(nonlinearity: Activation, param: Real | None = None) -> float:
    """The gain of an activation, by PyTorch's table or by its mean square.

    PyTorch's table has 1 for linear, the convolutions' names and sigmoid, 5/3
    for tanh, sqrt(2) for relu, `sqrt(2 / (1 + param**2))` for leaky_relu and 3/4
    for selu. Any other activation f gets

        gain = 1 / sqrt(E[f(z)**2]),  z ~ N(0, 1)

    so that weights of standard deviation `gain / sqrt(fan_in)` keep the mean square of
    pre-activations at 1. The two agree for linear and relu only: the entries for
    tanh, sigmoid and selu are PyTorch's conventions.

    >>> calculate_gain("leaky_relu", 0.2)
    1.3867504905630728
    >>> round(calculate_gain("gelu"), 4)
    1.5335

    Args:
        nonlinearity: Name of an activation, as PyTorch or Keras has it, or a
            callable. A callable that is not one of Keras' own is given a NumPy
            array of float64, and its gain is rounded to 5 digits. That makes it
            the same on nearly every backend and machine, but only the gains of
            names are promised to be the same on all.
        param: Negative slope of leaky_relu, a number between -1e150 and 1e150,
            0.01 by default. Other activations ignore it, as they do in PyTorch.

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
    return gain_of(nonlinearity, param)


def gain_of(nonlinearity: Any, param: Real | None = None) -> float:
    """`calculate_gain` for callers whose names errors are to bear."""
    nonlinearity = activation_name(nonlinearity)
    if isinstance(nonlinearity, str) and nonlinearity in WHOLE_VECTOR:
        rule = "an activation that works element by element"
        _errors.raise_bad_value("nonlinearity", rule, nonlinearity)
    if not isinstance(nonlinearity, str) and callable(nonlinearity):
        return _callable_gain(nonlinearity)
    name = _checks.check_choice("nonlinearity", nonlinearity, NAMES)
    if name in LINEAR or name == "sigmoid":
        return 1.0
    if name == "tanh":
        return 5.0 / 3.0
    if name == "relu":
        return math.sqrt(2.0)
    if name == "leaky_relu":
        slope = 0.01 if param is None else _checks.check_slope("param", param)
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if name == "selu":
        return 0.75
    return GAINS[ALIASES.get(name, name)]
