"""The formulas of Keras' activations under its default arguments, in mpmath."""

import mpmath


def _elu(x):
    return x if x > 0 else mpmath.expm1(x)


def _softplus(x):
    return mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)


def _hard_sigmoid(x):
    return min(max(x / 6 + mpmath.mpf(1) / 2, 0), 1)


FORMULAS = {
    "celu": _elu,
    "elu": _elu,
    "exponential": mpmath.exp,
    "gelu": lambda x: x * mpmath.ncdf(x),
    "hard_shrink": lambda x: x if abs(x) > 0.5 else mpmath.mpf(0),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda x: x * _hard_sigmoid(x),
    "hard_tanh": lambda x: min(max(x, -1), 1),
    "log_sigmoid": lambda x: -_softplus(-x),
    "mish": lambda x: x * mpmath.tanh(_softplus(x)),
    "relu6": lambda x: min(max(x, 0), 6),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "soft_shrink": lambda x: mpmath.sign(x) * max(abs(x) - 0.5, 0),
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "sparse_plus": lambda x: x if x >= 1 else (0 if x <= -1 else (x + 1) ** 2 / 4),
    "sparse_sigmoid": lambda x: min(max((x + 1) / 2, 0), 1),
    "squareplus": lambda x: (x + mpmath.sqrt(x**2 + 4)) / 2,
    "tanh_shrink": lambda x: x - mpmath.tanh(x),
}
