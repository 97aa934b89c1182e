"""The standard normal distribution, computed alike on every machine.

The quantile tables and the standard deviation of a truncated normal decide bits of
weights, so no function of the C library computes them. Single numbers come from
decimal arithmetic. Whole arrays come from elementwise `+ - * /` and square roots,
which IEEE 754 rounds in one way.

Reference:
    Wichura 1988, "Algorithm AS 241: The percentage points of the normal
    distribution", Applied Statistics 37 (3), for the quantile function and its
    constants (PPND16), https://doi.org/10.2307/2347330
"""

import decimal
import functools
import math

import numpy as np

from keras_inits._types import Host, Moments
from keras_inits.engine import decimals, elementwise

FAR = 39.0  # beyond, a tail is less than the least number of double precision
MIDDLE_END = 2  # where both of these are exact to 30 digits
SERIES_TERMS = 50
FRACTION_TERMS = 400

# Numerators and denominators of AS 241, lowest power first: in the middle, in the
# tails, and far out.
MIDDLE = (
    (
        *(3.3871328727963666080e0, 1.3314166789178437745e2),
        *(1.9715909503065514427e3, 1.3731693765509461125e4),
        *(4.5921953931549871457e4, 6.7265770927008700853e4),
        *(3.3430575583588128105e4, 2.5090809287301226727e3),
    ),
    (
        *(1.0, 4.2313330701600911252e1),
        *(6.8718700749205790830e2, 5.3941960214247511077e3),
        *(2.1213794301586595867e4, 3.9307895800092710610e4),
        *(2.8729085735721942674e4, 5.2264952788528545610e3),
    ),
)
TAIL = (
    (
        *(1.42343711074968357734e0, 4.63033784615654529590e0),
        *(5.76949722146069140550e0, 3.64784832476320460504e0),
        *(1.27045825245236838258e0, 2.41780725177450611770e-1),
        *(2.27238449892691845833e-2, 7.7454501427834140764e-4),
    ),
    (
        *(1.0, 2.05319162663775882187e0),
        *(1.67638483018380384940e0, 6.89767334985100004550e-1),
        *(1.48103976427480074590e-1, 1.51986665636164571966e-2),
        *(5.47593808499534494600e-4, 1.05075007164441684324e-9),
    ),
)
FAR_TAIL = (
    (
        *(6.65790464350110377720e0, 5.46378491116411436990e0),
        *(1.78482653991729133580e0, 2.96560571828504891230e-1),
        *(2.65321895265761230930e-2, 1.24266094738807843860e-3),
        *(2.71155556874348757815e-5, 2.01033439929228813265e-7),
    ),
    (
        *(1.0, 5.99832206555887937690e-1),
        *(1.36929880922735805310e-1, 1.48753612908506148525e-2),
        *(7.86869131145613259100e-4, 1.84631831751005468180e-5),
        *(1.42151175831644588870e-7, 2.04426310338993978564e-15),
    ),
)


def density(x: float) -> float:
    """Density of N(0, 1) at x, rounded once."""
    if abs(x) > FAR:
        return 0.0
    with decimals.context():
        exact = decimal.Decimal(x)
        return float((-exact * exact / 2).exp() / decimals.TAU.sqrt())


@functools.lru_cache(maxsize=256)
def cdf(x: float) -> float:
    """P(z <= x) for z ~ N(0, 1), rounded once.

    In the middle by the series

        P(0 <= z <= x) = phi(x) (x + x**3 / 3 + x**5 / (3 5) + ...)

    and in the tails by Laplace's continued fraction

        P(z > x) = phi(x) / (x + 1 / (x + 2 / (x + 3 / ...)))
    """
    if abs(x) > FAR:
        return float(x > 0)
    with decimals.context():
        size = abs(decimal.Decimal(x))
        square = size * size
        peak = (-square / 2).exp() / decimals.TAU.sqrt()
        if size > MIDDLE_END:
            fraction = size
            for numerator in range(FRACTION_TERMS, 0, -1):
                fraction = size + numerator / fraction
            tail = peak / fraction
        else:
            term = total = size
            for odd in range(3, 2 * SERIES_TERMS, 2):
                term = term * square / odd
                total += term
            tail = decimal.Decimal("0.5") - total * peak
        return float(1 - tail if x > 0 else tail)


def mass(lower: float, upper: float) -> float:
    """P(lower <= z <= upper) for z ~ N(0, 1), accurate in both tails."""
    if lower > 0:
        return cdf(-lower) - cdf(-upper)
    return cdf(upper) - cdf(lower)


def truncated_moments(lower: float, upper: float) -> Moments:
    """Mean and standard deviation of N(0, 1) truncated to [lower, upper].

    With Z = P(lower <= z <= upper) and phi the density

        mean     = (phi(lower) - phi(upper)) / Z
        variance = 1 + (lower phi(lower) - upper phi(upper)) / Z - mean**2

    Reference:
        Johnson, Kotz, Balakrishnan 1994, "Continuous univariate distributions"
        volume 1, 2nd edition, chapter 13, on truncated normal distributions.
    """
    # An end that is infinite has the density 0, as all that are further than FAR.
    lower, upper = (min(max(end, -2.0 * FAR), 2.0 * FAR) for end in (lower, upper))
    total = mass(lower, upper)
    mean = (density(lower) - density(upper)) / total
    spread = (lower * density(lower) - upper * density(upper)) / total
    return mean, math.sqrt(max(0.0, 1.0 + spread - mean * mean))


def lower_quantile(probability: Host) -> Host:
    """Quantiles of N(0, 1) at an array of probabilities of at most 1/2."""
    centered = probability - 0.5
    result = np.empty_like(probability)
    middle = centered >= -0.425
    root = np.sqrt(-elementwise.log(probability))
    far = root > 5.0
    for where, (above, below), at in (
        (middle, MIDDLE, 0.180625 - centered * centered),
        (~middle & ~far, TAIL, root - 1.6),
        (~middle & far, FAR_TAIL, root - 5.0),
    ):
        numerator = elementwise.polynomial(above, at[where])
        numerator *= centered[where] if above is MIDDLE[0] else -1.0
        result[where] = numerator / elementwise.polynomial(below, at[where])
    return result
