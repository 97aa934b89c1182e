"""Variance scaling under PyTorch's names, with its distributions and arguments.

The same formulas as in `scaling`, with PyTorch's conventions: normal distributions
are not truncated, the gain is an argument, and a weight needs at least two axes.
Kernels are laid out as Keras' are; the fans are those that PyTorch finds in its
own layout of the same layer.
"""

from __future__ import annotations

from keras_inits import _checks, gains
from keras_inits._types import Activation, Axes, Real, Seed
from keras_inits.initializers.scaling import VarianceScaling, scheme_of


class _Xavier(VarianceScaling):
    """Base of the two Xavier schemes: variance `2 gain**2 / (fan_in + fan_out)`.

    Args:
        gain: Factor of the standard deviation, a number between 1e-150 and 1e150; see
            `calculate_gain`.
        seed: See `RandomInitializer`.
        input_axes: See `compute_fans`.
        output_axes: See `compute_fans`.
        batch_axes: See `compute_fans`.

    Raises:
        ValueError: If `gain` is not between 1e-150 and 1e150, the rank is below 2,
            or the axes do not fit the shape.
    """

    least_rank = 2
    named_distribution = "uniform"

    def __init__(
        self,
        gain: Real = 1.0,
        seed: Seed = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
        *,
        batch_axes: Axes = None,
    ) -> None:
        self.gain = _checks.check_gain("gain", gain)
        super().__init__(
            scale=self.gain * self.gain,
            mode="fan_avg",
            distribution=self.named_distribution,
            seed=seed,
            input_axes=input_axes,
            output_axes=output_axes,
            batch_axes=batch_axes,
        )


@scheme_of(_Xavier)
class XavierUniform(_Xavier):
    """`U(-limit, limit)`, `limit = gain * sqrt(6 / (fan_in + fan_out))`.

    Reference:
        Glorot and Bengio 2010, equation 16,
        https://proceedings.mlr.press/v9/glorot10a.html;
        `torch.nn.init.xavier_uniform_`.
    """


@scheme_of(_Xavier)
class XavierNormal(_Xavier):
    """`N(0, stddev**2)`, `stddev = gain * sqrt(2 / (fan_in + fan_out))`.

    It is not truncated, as in PyTorch; `GlorotNormal` is.

    Reference:
        Glorot and Bengio 2010, equation 12,
        https://proceedings.mlr.press/v9/glorot10a.html;
        `torch.nn.init.xavier_normal_`.
    """

    named_distribution = "untruncated_normal"


class _Kaiming(VarianceScaling):
    """Base of the two Kaiming schemes: variance `gain**2 / fan`.

    Args:
        a: Negative slope of leaky_relu, a number between -1e150 and 1e150; other
            activations ignore it.
        mode: `"fan_in"` or `"fan_out"`.
        nonlinearity: Name of the activation that follows, or a callable.
        seed: See `RandomInitializer`.
        input_axes: See `compute_fans`.
        output_axes: See `compute_fans`.
        batch_axes: See `compute_fans`.

    Raises:
        ValueError: If `a` is out of range, `mode` or `nonlinearity` is unknown,
            the rank is below 2, or the axes do not fit the shape.
    """

    least_rank = 2
    named_distribution = "uniform"

    def __init__(
        self,
        a: Real = 0,
        mode: str = "fan_in",
        nonlinearity: Activation = "leaky_relu",
        seed: Seed = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
        *,
        batch_axes: Axes = None,
    ) -> None:
        self.a = _checks.check_slope("a", a)
        rule = "the name of an activation or a function"
        nonlinearity = _checks.deserialize("nonlinearity", rule, nonlinearity)
        self.nonlinearity = gains.activation_name(nonlinearity)
        _checks.check_choice("mode", mode, ("fan_in", "fan_out"))
        gain = gains.gain_of(nonlinearity, self.a)
        super().__init__(
            scale=gain * gain,
            mode=mode,
            distribution=self.named_distribution,
            seed=seed,
            input_axes=input_axes,
            output_axes=output_axes,
            batch_axes=batch_axes,
        )


@scheme_of(_Kaiming)
class KaimingUniform(_Kaiming):
    """`U(-limit, limit)`, `limit = gain * sqrt(3 / fan)`.

    `gain` is that of `nonlinearity`, see `calculate_gain`. `a=sqrt(5)`, which
    PyTorch gives its own layers, is `U(-1/sqrt(fan_in), 1/sqrt(fan_in))`.

    Reference:
        He et al. 2015, equations 10, 14 and 15, https://arxiv.org/abs/1502.01852;
        `torch.nn.init.kaiming_uniform_`.
    """


@scheme_of(_Kaiming)
class KaimingNormal(_Kaiming):
    """`N(0, stddev**2)`, `stddev = gain / sqrt(fan)`.

    `gain` is that of `nonlinearity`, see `calculate_gain`. It is not truncated,
    as in PyTorch; `HeNormal` is.

    Reference:
        He et al. 2015, equations 10, 14 and 15, https://arxiv.org/abs/1502.01852;
        `torch.nn.init.kaiming_normal_`.
    """

    named_distribution = "untruncated_normal"
