"""Random initializers whose spread is set by the weight's fans.

Entries are independent with mean 0. A class contributes its `scale`, the mode
that chooses the fan, and the distribution; `fans` counts, `engine.draws` supplies the
numbers. The classes with Keras' names truncate the normal distribution at two standard
deviations, those with PyTorch's do not.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable
from typing import Any

import keras

from keras_inits import _checks, _ranges
from keras_inits._types import (
    Array,
    Axes,
    C,
    Fans,
    Interval,
    Key,
    Moments,
    Real,
    Seed,
    Shape,
)
from keras_inits.engine import draws, normal
from keras_inits.engine.ops import Ops
from keras_inits.fans import count_fans
from keras_inits.initializers.base import RandomInitializer
from keras_inits.initializers.lookup import listed

MODES = ("fan_in", "fan_out", "fan_avg", "fan_geo_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
TRUNCATION = (-2.0, 2.0)
_, TRUNCATED_STDDEV = normal.truncated_moments(*TRUNCATION)


@listed()
class VarianceScaling(RandomInitializer, keras.initializers.VarianceScaling):
    """Entries of mean 0 and variance `scale / n`, n a fan or an average of both.

    n is `fan_in`, `fan_out`, their mean `(fan_in + fan_out) / 2` for `"fan_avg"`
    or their geometric mean `sqrt(fan_in * fan_out)` for `"fan_geo_avg"`, and at
    least 1. The distribution is one of

    - `"truncated_normal"`, also called `"normal"`: a normal distribution truncated at
      two of its standard deviations, widened so that what is left has the stated
      variance;
    - `"untruncated_normal"`: `N(0, scale / n)`;
    - `"uniform"`: `U(-limit, limit)` with `limit = sqrt(3 * scale / n)`.

    Args:
        scale: Factor of the variance, a finite number above 0.
        mode: One of `"fan_in"`, `"fan_out"`, `"fan_avg"`, `"fan_geo_avg"`.
        distribution: One of those above.
        seed: See `RandomInitializer`.
        input_axes: See `compute_fans`. Keras' `EinsumDense` fills them in.
        output_axes: See `compute_fans`.
        batch_axes: See `compute_fans`.

    Raises:
        ValueError: If `scale` is not positive, `mode` or `distribution` is
            unknown, or the axes do not fit the shape.

    Reference:
        `keras.initializers.VarianceScaling`; `jax.nn.initializers
        .variance_scaling` for `"fan_geo_avg"` and `batch_axes`.
    """

    least_rank = 0
    _given_fans: tuple[float, float] | None = None

    def __init__(
        self,
        scale: Real = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Seed = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
        *,
        batch_axes: Axes = None,
    ) -> None:
        self.scale = _checks.check_positive("scale", scale)
        self.mode = _checks.check_choice("mode", mode, MODES)
        if isinstance(distribution, str):
            distribution = distribution.lower()
            if distribution == "normal":
                distribution = "truncated_normal"
        self.distribution = _checks.check_choice(
            "distribution", distribution, DISTRIBUTIONS
        )
        self.input_axes = _checks.check_axes("input_axes", input_axes)
        self.output_axes = _checks.check_axes("output_axes", output_axes)
        self.batch_axes = _checks.check_axes("batch_axes", batch_axes)
        super().__init__(seed=seed)

    def fans(self, shape: Shape) -> Fans:
        """`(fan_in, fan_out)` of a weight of that shape, by this one's axes."""
        if self._given_fans is not None:
            return self._given_fans
        axes = (self.input_axes, self.output_axes, self.batch_axes)
        return count_fans(shape, *axes)

    def drawn_fans(self, shape: Shape) -> Fans:
        return self.fans(shape)

    def with_fans(self, fan_in: float, fan_out: float) -> VarianceScaling:
        axes = (self.input_axes, self.output_axes, self.batch_axes)
        if self._given_fans is not None or axes != (None, None, None):
            return self
        known = copy.copy(self)
        known._given_fans = (fan_in, fan_out)
        return known

    def check_shape(self, shape: Shape) -> None:
        """Refuses a shape too low in rank or without the named axes."""
        hint = "A vector has no fans: give a bias Zeros or RandomUniform."
        _checks.check_rank(shape, range(self.least_rank, 65), hint)
        self.fans(shape)

    def extent(self, shape: Shape) -> Interval:
        # No fan is below 1, so this holds for all; the fans are counted only if the
        # dtype does not hold as much.
        return self._extent(math.sqrt(self.scale))

    def check_dtype(self, shape: Shape, dtype: str) -> None:
        """Refuses a dtype whose range is left, by the fans of the shape."""
        low, high = self.extent(shape)
        if not _ranges.is_held(dtype, low, high):
            _checks.check_range(dtype, *self._extent(self.stddev(shape)))

    def _extent(self, stddev: float) -> Interval:
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
        elif self.distribution == "untruncated_normal":
            return draws.normal_extent(0.0, stddev)
        else:
            limit = TRUNCATION[1] * stddev / TRUNCATED_STDDEV
        return -limit, limit

    def stddev(self, shape: Shape) -> float:
        """Standard deviation of the entries of a weight of that shape."""
        fan_in, fan_out = self.fans(shape)
        fan = {
            "fan_in": fan_in,
            "fan_out": fan_out,
            "fan_avg": (fan_in + fan_out) / 2,
            "fan_geo_avg": math.sqrt(fan_in * fan_out),
        }[self.mode]
        return math.sqrt(self.scale / max(1.0, fan))

    def moments(self, shape: Shape) -> Moments:
        return 0.0, self.stddev(shape)

    def compute(self, ops: Ops, key: Key, shape: Shape, dtype: str) -> Array:
        stddev = self.stddev(shape)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return draws.uniform(ops, key, shape, low=-limit, high=limit, dtype=dtype)
        if self.distribution == "untruncated_normal":
            return draws.normal(ops, key, shape, mean=0.0, stddev=stddev, dtype=dtype)
        stddev /= TRUNCATED_STDDEV
        limits = (TRUNCATION[0] * stddev, TRUNCATION[1] * stddev)
        return draws.truncated_normal(
            ops, key, shape, 0.0, stddev, TRUNCATION, limits, dtype=dtype
        )


def scheme_of(base: type[Any]) -> Callable[[C], C]:
    """Decorator that lists a named scheme and completes its docstring.

    A scheme states its formula and source; the arguments are those of its base.
    """
    _, _, arguments = inspect.cleandoc(base.__doc__ or "").partition("\n\n")

    def complete(cls: C) -> C:
        formula, head, source = inspect.cleandoc(cls.__doc__ or "").partition(
            "Reference:"
        )
        cls.__doc__ = f"{formula}{arguments}\n\n{head}{source}"
        return listed()(cls)

    return complete


class _Named(VarianceScaling):
    """Base of the named schemes, each a scale, a mode and a distribution.

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `compute_fans`.
        output_axes: See `compute_fans`.
        batch_axes: See `compute_fans`.

    Raises:
        ValueError: If the axes do not fit the shape.
    """

    named_scale = 1.0
    named_mode = "fan_in"
    named_distribution = "truncated_normal"

    def __init__(
        self,
        seed: Seed = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
        *,
        batch_axes: Axes = None,
    ) -> None:
        super().__init__(
            scale=self.named_scale,
            mode=self.named_mode,
            distribution=self.named_distribution,
            seed=seed,
            input_axes=input_axes,
            output_axes=output_axes,
            batch_axes=batch_axes,
        )


@scheme_of(_Named)
class GlorotUniform(_Named, keras.initializers.GlorotUniform):
    """`U(-limit, limit)`, `limit = sqrt(6 / (fan_in + fan_out))`.

    Keeps the variance of activations and gradients about alike from layer to
    layer where the activation is near linear, as tanh is around 0.

    Reference:
        Glorot and Bengio 2010, equation 16,
        https://proceedings.mlr.press/v9/glorot10a.html
    """

    named_mode = "fan_avg"
    named_distribution = "uniform"


@scheme_of(_Named)
class GlorotNormal(_Named, keras.initializers.GlorotNormal):
    """Truncated normal, `stddev = sqrt(2 / (fan_in + fan_out))`.

    `stddev` is that after the truncation at two standard deviations, as in Keras;
    `XavierNormal` is not truncated.

    Reference:
        Glorot and Bengio 2010, equation 12,
        https://proceedings.mlr.press/v9/glorot10a.html
    """

    named_mode = "fan_avg"


@scheme_of(_Named)
class HeUniform(_Named, keras.initializers.HeUniform):
    """`U(-limit, limit)`, `limit = sqrt(6 / fan_in)`, for ReLU.

    Reference:
        The variance of He et al. 2015, equation 10,
        https://arxiv.org/abs/1502.01852
    """

    named_scale = 2.0
    named_distribution = "uniform"


@scheme_of(_Named)
class HeNormal(_Named, keras.initializers.HeNormal):
    """Truncated normal, `stddev = sqrt(2 / fan_in)`, for ReLU.

    `stddev` is that after the truncation at two standard deviations, as in Keras;
    `KaimingNormal` is not truncated.

    Reference:
        He et al. 2015, equation 10, https://arxiv.org/abs/1502.01852
    """

    named_scale = 2.0


@scheme_of(_Named)
class LecunUniform(_Named, keras.initializers.LecunUniform):
    """`U(-limit, limit)`, `limit = sqrt(3 / fan_in)`.

    Reference:
        LeCun et al. 1998, "Efficient BackProp", section 4.6.
    """

    named_distribution = "uniform"


@scheme_of(_Named)
class LecunNormal(_Named, keras.initializers.LecunNormal):
    """Truncated normal, `stddev = sqrt(1 / fan_in)`, for SELU.

    Reference:
        LeCun et al. 1998, "Efficient BackProp", section 4.6; Klambauer et al.
        2017, paragraph "Initialization", https://arxiv.org/abs/1706.02515
    """
