"""Numbers of one array: what a layer puts out, or the gradient that returns.

Everything here is NumPy on the host, so the numbers mean the same on every
backend. Sums are in float64, over blocks that stay in the cache. Only the
histogram and the correlation look at a sample of the array; all other numbers
look at all of it.
"""

import dataclasses
import math

import numpy as np

from keras_inits._types import Array, Formula, Host
from keras_inits.engine import moments

Histogram = tuple[list[float], list[int]]

BLOCK = 1 << 16  # elements, 512 KiB in float64: within a core's cache
STRIDE = 2_654_435_761  # prime, so steps of it walk evenly through any length

HISTOGRAM_SAMPLE = 20_000
HISTOGRAM_BINS = 40
CORRELATION_SAMPLES = 512
CORRELATION_UNITS = 128
# The correlation of two independent units over n samples is about 1/sqrt(n);
# over fewer samples than these it says little about the units.
MIN_SAMPLES = 8

# A unit whose values differ by less than this share of their size is constant:
# a matrix product may round equal rows differently by a few units in the last
# place of a float32 sum.
CONSTANT = 1e-6

# A unit is saturated where the slope of its activation is under this share of
# the steepest slope.
FLAT = 0.05
SELU_FLOOR = 1.0507009873554805 * 1.6732632423543772


@dataclasses.dataclass(frozen=True)
class Signal:
    """Statistics of the values that one call of a layer put out.

    Attributes:
        mean: Mean over the batch and all units.
        stddev: Standard deviation over the batch and all units.
        batch_stddev: Standard deviation over the batch alone, each entry from its own
            mean: the part of the signal that tells samples apart, without biases and
            what differs by position. None for a single sample.
        input_share: Share of the variance that is variance within the units
            over the batch, so that depends on the input; the rest is units
            that differ from each other by a constant.
        zeros: Share of exact zeros.
        saturated: Share of values on a flat part of the activation, `None` for
            an activation without one.
        dead: Share of units with the same value on the whole batch, `None`
            for a single sample.
        correlation: Mean absolute correlation between two units, over the
            units that are not dead. `None` if there are fewer than 2 such
            units or too few samples.
        rank: Effective rank of the units' correlation matrix C of size k,
            `trace(C)**2 / trace(C @ C)`: k for uncorrelated units, 1 for units
            that are perfectly correlated.
        rank_limit: The largest value `rank` could take here.
        not_finite: Number of values that are NaN or infinite. They are left
            out of the other numbers.
        histogram: Pair of lists, the edges and the counts, of a sample.
    """

    mean: float
    stddev: float
    batch_stddev: float | None
    input_share: float | None
    zeros: float
    saturated: float | None
    dead: float | None
    correlation: float | None
    rank: float | None
    rank_limit: int | None
    not_finite: int
    histogram: Histogram


def _as_float32(values: Array) -> Host:
    """A float32 array of the same values; no copy if it is one already."""
    return np.asarray(values, dtype="float32")


def spread_indices(length: int, count: int) -> Host:
    """At most `count` different indices, spread evenly and without a period."""
    if length <= count:
        return np.arange(length)
    return np.sort(np.arange(count, dtype="int64") * STRIDE % length)


def finite_moments(values: Array) -> tuple[float, float, int]:
    """Mean and standard deviation of the finite entries, and how many are not."""
    values = _as_float32(values)
    mean, stddev = moments.mean_and_stddev(values)
    if math.isfinite(mean):
        return mean, stddev, 0
    kept = values[np.isfinite(values)]
    missing = values.size - kept.size
    if not kept.size:
        return math.nan, math.nan, missing
    return (*moments.mean_and_stddev(kept), missing)


def batch_stddev(values: Host) -> float | None:
    """Root mean square of the entries' standard deviations over the batch.

    Args:
        values: Finite array of float32, shape (batch, ...).

    Returns:
        The number, None for a single sample.
    """
    if len(values) < 2:
        return None
    rows = values.reshape(len(values), -1)
    step = max(1, BLOCK // len(rows))
    total = 0.0
    for start in range(0, rows.shape[1], step):
        block = rows[:, start : start + step].astype("float64")
        total += float(np.sum(np.var(block, axis=0)))
    return math.sqrt(total / rows.shape[1])


def _filled(values: Host) -> tuple[Host, float, float, int]:
    """The values with their mean for what is not finite, and `finite_moments`."""
    mean, stddev, not_finite = finite_moments(values)
    if not_finite:
        finite = np.isfinite(values)
        values = np.where(finite, values, np.float32(0 if math.isnan(mean) else mean))
    return values, mean, stddev, not_finite


def spreads(values: Array) -> tuple[float, float | None]:
    """`stddev` and `batch_stddev` of a signal, without the rest of it."""
    values, _, stddev, _ = _filled(_as_float32(values))
    return stddev, batch_stddev(values)


def describe(
    values: Array, unit_axis: int = -1, activation: str | None = None
) -> Signal:
    """Statistics of a layer's output.

    Args:
        values: Array of shape (batch, ...).
        unit_axis: The axis that numbers the units: features or channels. Every
            other axis numbers samples of them.
        activation: Name of the activation that made the values, or `None`.

    Returns:
        A `Signal`.
    """
    values = _as_float32(values)
    if values.ndim < 2:
        values = values.reshape(-1, 1)
    values, mean, stddev, not_finite = _filled(values)
    samples = values.size // values.shape[unit_axis]
    over = tuple(a for a in range(values.ndim) if a != unit_axis % values.ndim)
    low, high = values.min(axis=over), values.max(axis=over)
    size = np.maximum(np.abs(low), np.abs(high))
    alive = high.astype("float64") - low > CONSTANT * size
    zeros = float(1.0 - np.count_nonzero(values) / values.size)
    correlation, rank, rank_limit = _alikeness(values, unit_axis, alive)
    return Signal(
        mean=mean,
        stddev=stddev,
        batch_stddev=batch_stddev(values),
        input_share=_input_share(values, unit_axis, mean, stddev),
        zeros=zeros,
        saturated=zeros if activation == "relu" else saturated(values, activation),
        dead=1.0 - float(np.mean(alive)) if samples > 1 else None,
        correlation=correlation,
        rank=rank,
        rank_limit=rank_limit,
        not_finite=not_finite,
        histogram=_histogram(values, float(low.min()), float(high.max())),
    )


def saturated(values: Host, activation: str | None) -> float | None:
    """Share of values where the activation is flat, by its kind.

    With y the value put out, the slope is `y * (1 - y)` for a sigmoid,
    `1 - y**2` for tanh and `(1 - abs(y))**2` for softsign; it falls under
    `FLAT` of its steepest as y nears its bounds. ELU and SELU flatten toward
    their floor; ReLU, ReLU6 and the hard kinds are flat on their bounds. The
    other activations have no flat part that can be told from their output.
    """
    edge = math.sqrt(1.0 - FLAT)  # |tanh| there, and |2 sigmoid - 1|
    if activation == "sigmoid":
        flat = np.abs(values - np.float32(0.5)) > np.float32(edge / 2)
    elif activation == "tanh":
        flat = np.abs(values) > np.float32(edge)
    elif activation in ("softsign", "soft_sign"):
        flat = np.abs(values) > np.float32(1.0 - math.sqrt(FLAT))
    elif activation == "elu":
        flat = values < np.float32(FLAT - 1.0)
    elif activation == "selu":
        flat = values < np.float32((FLAT - 1.0) * SELU_FLOOR)
    elif activation == "relu":
        flat = values <= 0
    elif activation == "relu6":
        flat = (values <= 0) | (values >= 6)
    elif activation == "hard_sigmoid":
        flat = (values <= 0) | (values >= 1)
    elif activation == "hard_tanh":
        flat = np.abs(values) >= 1
    else:
        return None
    return float(np.count_nonzero(flat) / values.size)


def _input_share(
    values: Host, unit_axis: int, mean: float, stddev: float
) -> float | None:
    """Variance within the units over the whole variance.

    The whole is the variance within plus the variance of the units' means.
    """
    if not stddev > 0 or values.size == values.shape[unit_axis]:
        return None
    between = float(np.mean((_unit_means(values, unit_axis) - mean) ** 2))
    return min(max(1.0 - between / stddev**2, 0.0), 1.0)


def _unit_means(values: Host, unit_axis: int) -> Host:
    """Each unit's mean, added up in float64 in the order of the samples."""
    return _mean_by_unit(values, unit_axis, lambda block: block)


def unit_squares(values: Array, unit_axis: int, center: float) -> Host:
    """Each unit's mean square distance from a center, added up as `_unit_means`."""
    return _mean_by_unit(
        _as_float32(values), unit_axis, lambda block: np.square(block - center)
    )


def _mean_by_unit(values: Host, unit_axis: int, function: Formula) -> Host:
    by_unit = np.moveaxis(values, unit_axis, -1)
    rows = by_unit.reshape(-1, by_unit.shape[-1])
    step = max(1, BLOCK // rows.shape[1])
    sums = np.zeros(rows.shape[1], "float64")
    for start in range(0, len(rows), step):
        block = rows[start : start + step].astype("float64")
        sums += np.add.reduce(function(block), axis=0)
    return sums / len(rows)


def _alikeness(
    values: Host, unit_axis: int, alive: Host
) -> tuple[float | None, float | None, int | None]:
    """Mean absolute correlation between units, their effective rank, its limit."""
    units = np.flatnonzero(alive)
    if units.size < 2 or values.size // alive.size < MIN_SAMPLES:
        return None, None, None
    units = units[spread_indices(units.size, CORRELATION_UNITS)]
    by_unit = np.moveaxis(values, unit_axis, -1)
    places = spread_indices(values.size // alive.size, CORRELATION_SAMPLES)
    rows = np.unravel_index(places, by_unit.shape[:-1])
    sample = by_unit[rows][:, units].astype("float64")
    sample -= sample.mean(axis=0)
    norms = np.sqrt(np.sum(sample**2, axis=0))
    kept = norms > CONSTANT * np.abs(sample).max(initial=0.0)
    count = int(np.count_nonzero(kept))
    if count < 2:
        return None, None, None
    sample = sample[:, kept] / norms[kept]
    matrix = sample.T @ sample
    off_diagonal = np.abs(matrix).sum() - count
    correlation = float(off_diagonal / (count * (count - 1)))
    rank = float(count**2 / np.sum(matrix**2))
    return correlation, rank, min(count, len(places) - 1)


def _histogram(values: Host, low: float, high: float) -> Histogram:
    if not high > low:
        low, high = low - 0.5, high + 0.5
    flat = values.ravel(order="K")
    # In float64 the bins of a range that is narrow for float32 stay apart.
    sample = flat[spread_indices(flat.size, HISTOGRAM_SAMPLE)].astype("float64")
    counts, edges = np.histogram(sample, bins=HISTOGRAM_BINS, range=(low, high))
    return edges.tolist(), counts.tolist()


def gradient_stddev(values: Host) -> float:
    """Standard deviation of a gradient, NaN if any of it is not finite."""
    _, stddev, missing = finite_moments(values)
    return math.nan if missing else stddev
