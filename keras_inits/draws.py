"""What an initializer of one's own is written with.

A subclass of `keras_inits.RandomInitializer` states its formula in
`compute(ops, key, shape, dtype)`. The functions here turn the key into random
numbers: the same bits on every backend, eagerly and inside a traced function.

```python
class Spikes(keras_inits.RandomInitializer):
    # N(0, stddev**2) with probability `share`, else 0.
    def __init__(self, share=0.1, stddev=1.0, seed=None):
        super().__init__(seed=seed)
        self.share, self.stddev = share, stddev

    def compute(self, ops, key, shape, dtype):
        values = draws.normal(ops, key, shape, stddev=self.stddev, dtype=dtype)
        coins = draws.substream(key, "coins")
        coin = draws.uniform(ops, coins, shape, low=0.0, high=1.0, dtype="float32")
        return ops.where(coin < self.share, values, ops.zeros_like(values))
```

`ops` answers to the names of `keras.ops`, which are NumPy's, and `compute` must use
nothing else: eagerly it is NumPy, inside a traced function of a large tensor it is
`keras.ops` itself. It has besides `ops.full(shape, value, dtype)` and
`ops.cast(x, dtype)`, which round once.

The bits are the same wherever each step is exact or rounded once: comparisons,
`where`, `take`, reshaping, concatenating, integers, and one sum or one product of
floats after another, apart from a product that is added to something, which a
compiler may round once instead of twice. Sums over an axis, matrix products and
functions such as `exp` and `sin` are rounded differently by every library; a tensor
that needs them is computed from Python's floats and NumPy before, outside of `ops`.

`key` is that of the stream of the seed, or of the weight's address in a model. Two
draws of one stream are equal, number by number: a second draw takes a `substream`.
"""

from __future__ import annotations

import math

from keras_inits import _checks, _errors
from keras_inits._types import Array, Key, Shape
from keras_inits.engine import draws as formulas
from keras_inits.engine import quantile, streams
from keras_inits.engine.graph import GraphOps
from keras_inits.engine.host import HostOps
from keras_inits.engine.ops import Ops

__all__ = ["normal", "permutations", "substream", "truncated_normal", "uniform"]


@_errors.named("draws.uniform")
def uniform(
    ops: Ops, key: Key, shape: Shape, *, low: float = 0.0, high: float = 1.0, dtype: str
) -> Array:
    """Independent entries, uniform on `[low, high)`, in 2**24 equal steps.

    Args:
        ops: What `compute` was given.
        key: What `compute` was given, or a `substream` of it.
        shape: A tuple of integers.
        low: Lower end, a finite number.
        high: Upper end, a finite number above `low`, never drawn.
        dtype: "float16", "bfloat16", "float32" or "float64".

    Returns:
        An array of `ops`.

    Raises:
        ValueError: If an end is not finite, `low >= high`, the dtype does not hold the
            ends or no number between them; or if what every draw is given is not as
            above.
    """
    low, high = _checks.check_real("low", low), _checks.check_real("high", high)
    _checks.check_less("low", low, "high", high)
    shape, dtype = _check_draw(ops, key, shape, dtype)
    _checks.check_range(dtype, low, high)
    return formulas.uniform(ops, key, shape, low=low, high=high, dtype=dtype)


@_errors.named("draws.normal")
def normal(
    ops: Ops,
    key: Key,
    shape: Shape,
    *,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str,
) -> Array:
    """Independent entries of `N(mean, stddev**2)`, within 6.23 stddev of the mean.

    Args:
        ops: See `uniform`.
        key: See `uniform`.
        shape: See `uniform`.
        mean: Mean, a finite number.
        stddev: Standard deviation, a finite number, 0 or above.
        dtype: See `uniform`.

    Returns:
        An array of `ops`.

    Raises:
        ValueError: If an argument is out of range, or the values are not in that of
            the dtype.
    """
    mean = _checks.check_real("mean", mean)
    stddev = _checks.check_not_negative("stddev", stddev)
    shape, dtype = _check_draw(ops, key, shape, dtype)
    _checks.check_range(dtype, *formulas.normal_extent(mean, stddev))
    return formulas.normal(ops, key, shape, mean=mean, stddev=stddev, dtype=dtype)


@_errors.named("draws.truncated_normal")
def truncated_normal(
    ops: Ops,
    key: Key,
    shape: Shape,
    *,
    mean: float = 0.0,
    stddev: float = 1.0,
    lower: float | None = -2.0,
    upper: float | None = 2.0,
    dtype: str,
) -> Array:
    """Independent entries of `N(mean, stddev**2)` that lie in an interval.

    Args:
        ops: See `uniform`.
        key: See `uniform`.
        shape: See `uniform`.
        mean: Mean before the truncation, a finite number.
        stddev: Standard deviation before the truncation, a finite number above 0.
        lower: Lower end in standard deviations from the mean, or None for none.
        upper: Upper end in standard deviations from the mean, or None for none.
        dtype: See `uniform`.

    Returns:
        An array of `ops`.

    Raises:
        ValueError: If an argument is out of range, `lower >= upper`, the dtype does
            not hold the values, or the interval cannot be drawn from, see
            `TruncatedNormal`.
    """
    mean = _checks.check_real("mean", mean)
    stddev = _checks.check_positive("stddev", stddev)
    shape, dtype = _check_draw(ops, key, shape, dtype)
    low = _checks.check_real_or_none("lower", lower)
    high = _checks.check_real_or_none("upper", upper)
    low = -math.inf if low is None else float(low)
    high = math.inf if high is None else float(high)
    _checks.check_less("lower", low, "upper", high)
    quantile.check_interval("lower", lower, low, high)
    _checks.check_range(dtype, *formulas.normal_extent(mean, stddev, (low, high)))
    limits = (mean + low * stddev, mean + high * stddev)
    return formulas.truncated_normal(
        ops, key, shape, mean, stddev, (low, high), limits, dtype=dtype
    )


@_errors.named("draws.permutations")
def permutations(ops: Ops, key: Key, count: int, length: int) -> Array:
    """Independent permutations of `range(length)`.

    Each orders `length` random numbers of 32 bits, equal ones by their index.

    Args:
        ops: See `uniform`.
        key: See `uniform`.
        count: Number of permutations, 0 or above.
        length: Length of each, 0 or above.

    Returns:
        An integer array of `ops` of shape `(count, length)`, a permutation a row.

    Raises:
        ValueError: If a number is negative or not an integer.
    """
    _check_stream(ops, key)
    count = _checks.check_integer("count", count, 0)
    length = _checks.check_integer("length", length, 0)
    _checks.check_shape((count, length))
    return formulas.permutations(ops, key, count, length)


@_errors.named("draws.substream")
def substream(key: Key, name: str) -> Key:
    """The key of a stream of its own for a further draw of the same tensor.

    Args:
        key: See `uniform`.
        name: What is drawn from it, a string; another name, another stream.

    Returns:
        A key.

    Raises:
        ValueError: If `name` is not a string.
    """
    _check_key(key)
    if not isinstance(name, str):
        _errors.raise_bad_value("name", "a string", name)
    return streams.fold(key, name)


def _check_draw(ops: Ops, key: Key, shape: Shape, dtype: str) -> tuple[Shape, str]:
    """What every draw is given, the last two in their canonical form."""
    _check_stream(ops, key)
    shape = _checks.check_shape(shape)
    return shape, _checks.check_dtype(dtype, _checks.FLOAT_DTYPES)


def _check_stream(ops: Ops, key: Key) -> None:
    if not isinstance(ops, (HostOps, GraphOps)):
        _errors.raise_bad_value("ops", "what `compute` was given", ops)
    _check_key(key)


def _check_key(key: Key) -> None:
    words = key if isinstance(key, tuple) else ()
    if len(words) != 2 or not all(type(w) is int and 0 <= w < 2**64 for w in words):
        rule = "what `compute` was given, or a `substream` of it"
        _errors.raise_bad_value("key", rule, key)
