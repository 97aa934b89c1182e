"""Haar-distributed orthogonal factors, the same bits on every machine.

The factor is a product of Householder reflections of independent Gaussian
vectors of falling length, applied whole panels at a time, as `I - V T V^T`. That
takes matrix products, whose sums every library, number of threads and compiler
orders in its own way. So every product here is one of integers, times powers of
two, so small that float64 holds each partial sum exactly: then no order shows.
Between the products stand roundings to a fixed number of bits after the point,
and those are correct everywhere.

Why no partial sum passes 2**53. All bounds are for exact arithmetic; what the
roundings add to them is below 2**-12 of each, and each leaves 5% or more.

- A Gaussian vector x, of length L and first entry x_1 = c L, c >= 0 say, gives
  v = x + L e, here times 1 / (1.5 L). So 0.94 < |v| <= 4 / 3, where the entries
  below the first have |v'| <= |v| / sqrt(2) and |v'| / |v|**2 <= 0.75. `V` has
  `POINT` bits after the point: what is rounded is the reflection, which stays one.
- V^T V, and V^T Q with unit columns in Q of `POINT` bits: by Cauchy and Schwarz
  |v_i| |v_j| 2**52 <= 0.89 * 2**53, for any number of rows.
- T. With tau = 2 / |v|**2, an entry is T_ij = -tau_i tau_j v_i^T M v_j, where the
  reflections between, M, and v_j do not touch row i. So T_ii <= 2.25 and
  |T_ij| <= 4 |v_i'| / (|v_i|**2 |v_j|) <= 3.2, and in a step that doubles blocks of
  size s, T_12 = -(T_11 G_12) T_22, where |P| = |T_11 G_12| has entries
  tau_i v_i'^T M v_j,

      sum_k |T_ik G_kj| <= s * 4 * 0.75 * |v_k'| / |v_k| * |v_j|    <= 2.83 s
      sum_k |P_ik T_kj| <= s * 1.5 |v_k| * 4 |v_k'| / (|v_k|**2 |v_j|) <= 4.5 s

  For s = 2**level the bits after the point are 51 - level and 50 - level together,
  so the sums stay below 2**52.5 and 2**52.2.
- The rows of W = V^T Q less what later reflections take, |w| <= 4 / 3, and of
  Y = T W, |y_i| <= tau_i |v_i| <= 2.13. A product of 16 terms |T w| <= 6, or of
  up to 128 terms |G y| <= 1.9, is below 2**6.6 or 2**8, so one with the upper bits
  of T or G (`T_UPPER` and `G_UPPER`) and the `POINT` bits of w or y is below
  2**52.6; the lower bits are as small as they are many.
- V Y is bounded by what V and Y are: the longest row of V times the longest
  column of Y, and Y is rounded to as many bits as leave that below 2**53.
"""

import functools
from typing import Any

import numpy as np

from keras_inits._types import Array, Host, Key
from keras_inits.engine import exact, host, quantile
from keras_inits.engine.ops import Ops

PANEL = 128  # reflections that a pair of large products applies
BLOCK = 16  # reflections whose T is made by doubling
POINT = 26  # bits after the point in V, W, Y and Q
T_BITS = 24
T_UPPER = 20
G_UPPER, G_BITS = 18, 37
CHUNK = 1 << 19  # elements of Q whose change is computed at a time
NUMERATOR = 2.0**54 // 3  # 2**53 / 1.5
FIRST = 2.0**27 // 3  # 2**26 / 1.5
GROUP = 32  # rows whose squares, of 48 bits, add up exactly
LOWER = np.tri(PANEL)
UNITS = 2.0**POINT * np.eye(PANEL)


def _inverse_lengths(ops: Ops, square: Array) -> Array:
    """2**26 / (1.5 |x|) in 27 bits, from the squares of the lengths."""
    scale = exact.power(ops, -ops.right_shift(exact.exponent(ops, square) - 52, 1))
    root = exact.root(ops, square * (scale * scale))
    return exact.quotient(ops, NUMERATOR, root) * (scale * 2.0**-27)


def _scales(ops: Ops, first: Array, squares: Array) -> tuple[Array, Array, Array]:
    """What makes integers x the vectors of the reflections of their columns.

    A column is taken to `sign |x| e`, where the sign is -1 if its first entry is 0
    or above and else 1, by v = x - sign |x| e.

    Args:
        ops: What runs the formula.
        first: The first entry of each column.
        squares: Sums of the squares of `GROUP` rows each, a row for each sum.

    Returns:
        `(signs, factors, own)`: 2**POINT v is `round(factor x) - own e`.
    """
    signs = ops.sign(-0.5 - first)
    # The upper and lower halves of the sums are added apart, which is exact for up to
    # 2**29 rows, and then with one rounding.
    upper = ops.round(squares * 2.0**-24)
    lower = ops.sum(squares - upper * 2.0**24, axis=0)
    square = ops.sum(upper, axis=0) * 2.0**24 + lower
    # A column of zeros is reflected at e, with |v| = 1.
    own = signs * (FIRST * 1.5 - FIRST / 2 * ops.minimum(square, 1.0))
    return signs, _inverse_lengths(ops, ops.maximum(square, 1.0)), own


def _groups(rows: int) -> int:
    return -(-rows // GROUP)


def _sums_of_squares(ops: Ops, x: Array) -> Array:
    def sums(group: Array) -> Array:
        return ops.sum(group * group, axis=1)

    groups = ops.reshape(x, (-1, GROUP, x.shape[1]))
    return ops.by_rows(sums, groups, "float64")


def _reflections(ops: Ops, x: Array, start: int, columns: int) -> tuple[Array, Array]:
    """The vectors of the reflections of the columns of `x`, as integers.

    That of column j starts at row `start + j`. Columns from number `columns` on fill
    up the panel and reflect nothing.

    Returns:
        `(V, signs)`, V times 2**POINT.
    """
    rows, width = x.shape
    column = ops.arange(width)[None, :]
    row = ops.arange(rows)[:, None] - start
    diagonal = ops.logical_and(ops.equal(row, column), column < columns - start)
    x = ops.where(row >= column, x, 0.0)
    first = ops.sum(ops.where(diagonal, x, 0.0), axis=0)
    signs, factors, own = _scales(ops, first, _sums_of_squares(ops, x))
    v = ops.round(x * factors[None, :])
    return ops.where(diagonal, v - own[None, :], v), signs


@functools.cache
def _steps(block: int) -> tuple[Host, Host, Host]:
    """The parts of V^T V that each doubling of T needs.

    Returns:
        The identity; a factor of each entry that leaves the bits it is rounded to; for
        each level the part of the matrix that joins two blocks, as a factor of what is
        rounded.
    """
    index, levels = np.arange(block), block.bit_length() - 1
    factors, parts = np.zeros((block, block)), np.zeros((levels, 1, block, block))
    for level in range(levels):
        part, bits = index >> level, 51 - T_BITS - level
        joins = (part[:, None] + 1 == part) & (part % 2 == 1)
        factors += joins * 2.0**bits
        # A product of T and such a part has one bit less than the part.
        parts[level] = joins * 2.0 ** (-1 - T_BITS)
    return np.eye(block)[None], factors[None], parts


def _triangles(ops: Ops, gram: Array) -> Array:
    """T of each block of reflections from its V^T V, times 2**T_BITS."""
    identity, factors, parts = _steps(gram.shape[-1])
    square = ops.round(ops.diagonal(gram, axis1=1, axis2=2) * 2.0**POINT)
    # Where there is no reflection, both are 0.
    tau = exact.quotient(ops, 2.0 ** (T_BITS + POINT + 1), ops.maximum(square, 1.0))
    t = (tau * ops.minimum(square, 1.0))[:, :, None] * identity
    parts = ops.round_in_place(gram * factors)[None] * parts
    for level in range(parts.shape[0]):
        product = ops.round_in_place(ops.matmul(t, parts[level]))
        product *= 2.0 ** (level + T_BITS - 50)
        t -= ops.round_in_place(ops.matmul(product, t))
    return t


class _Panel:
    """Some reflections as one factor `I - V T V^T`.

    Args:
        ops: What runs the formula.
        v: V times 2**POINT, what `_reflections` returns.
    """

    def __init__(self, ops: Ops, v: Array) -> None:
        self.ops = ops
        width = v.shape[1]

        def lengths(rows: Array) -> Array:
            squares = rows * rows
            squares *= 2.0**-20
            return ops.sum(ops.round_in_place(squares), axis=1)

        longest = ops.max(ops.by_rows(lengths, v, "float64")) + width
        self._longest = longest * 2.0**20
        block = min(BLOCK, width)
        gram = ops.matmul(ops.transpose(v), v)
        gram *= 2.0 ** (-2 * POINT)
        blocks = ops.reshape(gram, (width // block, block, width // block, block))
        blocks = ops.diagonal(blocks, axis1=0, axis2=2)
        t = _triangles(ops, ops.transpose(blocks, (2, 0, 1)))
        t *= 2.0**-T_BITS
        upper = exact.fixed(ops, t, T_UPPER)
        self._t = ops.concatenate([upper, t - upper], axis=1)
        gram = ops.reshape(gram, (-1, block, width))
        upper = exact.fixed(ops, gram, G_UPPER)
        lower = exact.fixed(ops, gram - upper, G_BITS)
        self._gram = ops.concatenate([upper, lower], axis=1)

    def coefficients(self, w: Array) -> Array:
        """Y = T W for W = V^T Q, rounded so that V Y is exact.

        By the rows of blocks from the last to the first: in
        `T^-1 = striu(V^T V) + diag(V^T V) / 2` the blocks on the diagonal are
        inverted, so that `Y_i = T_ii (W_i - sum_j>i G_ij Y_j)`.

        Args:
            w: W times 2**POINT.
        """
        y = self._looped(w) if self.ops.is_compiled else self._unrolled(w)
        y *= 2.0**-POINT
        return exact.fitted(self.ops, y, 32, self._longest)

    def _product(self, limbs: Array, x: Array) -> Array:
        both = self.ops.matmul(limbs, x)
        rows = both.shape[0] // 2
        return both[:rows] + both[rows:]

    def _row(self, t: Array, gram: Array, w: Array, y: Array) -> Array:
        rest = self.ops.round(w - self._product(gram, y) if y.shape[0] else w)
        return self.ops.round_in_place(self._product(t, rest))

    def _unrolled(self, w: Array) -> Array:
        blocks, _, block = self._t.shape
        y = np.zeros_like(w)
        for i in reversed(range(blocks)):
            here, after = i * block, (i + 1) * block
            gram = self._gram[i, :, after:]
            # Left of the diagonal W is 0, as V_top^T is, and so is Y.
            own, below = w[here:after, here:], y[after:, here:]
            y[here:after, here:] = self._row(self._t[i], gram, own, below)
        return y

    def _looped(self, w: Array) -> Array:
        ops = self.ops
        blocks, _, block = self._t.shape
        size = (block, w.shape[1])

        def body(i: Any, y: Array) -> Array:
            i = blocks - 1 - i
            t, gram = ops.take(self._t, i, axis=0), ops.take(self._gram, i, axis=0)
            own = ops.slice(w, (i * block, 0), size)
            return ops.slice_update(y, (i * block, 0), self._row(t, gram, own, y))

        return ops.fori_loop(0, blocks, body, ops.zeros_like(w))


def _full_width(columns: int) -> int:
    """Columns of a panel that is filled up to whole blocks."""
    block = min(BLOCK, 1 << (columns - 1).bit_length())
    return -(-columns // block) * block


def _grow(ops: Ops, result: Host) -> tuple[Host, Host]:
    """Multiplies the panels out from the last to the first, each on its own rows.

    With Q' the product of the panels after this one, whose columns number k, and
    V cut into the panel's first rows and those below them,

        Q = [[I_k, 0], [0, Q']] - V T W,  W = [V_top^T, V_bottom^T Q']

    Args:
        ops: NumPy.
        result: Gaussian integers. A panel's are read before the product takes their
            place.

    Returns:
        `(result, signs)`.
    """
    columns = result.shape[1]
    signs = np.empty(columns)
    for start in reversed(range(0, columns, PANEL)):
        count = min(PANEL, columns - start)
        here = result[start:, start:]
        width = _full_width(count)
        v = np.zeros((_groups(len(here)) * GROUP, width))
        np.multiply(here[:count, :count], LOWER[:count, :count], v[:count, :count])
        v[count : len(here), :count] = here[count:, :count]
        diagonal = v.reshape(-1)[: width * width : width + 1]
        of_panel, factors, own = _scales(ops, diagonal, _sums_of_squares(ops, v))
        signs[start : start + count] = of_panel[:count]
        v *= factors
        v = np.rint(v, out=v)[: len(here)]
        diagonal[:count] -= own[:count]
        panel = _Panel(ops, v)
        w = np.empty((width, columns - start))
        w[:, :count] = v[:count].T
        if start + count < columns:
            ops.matmul(v[count:].T, here[count:, count:], out=w[:, count:])
            w[:, count:] *= 2.0**-POINT
        here[count:, :count] = 0.0
        here[:count, count:] = 0.0
        here[:count, :count] = UNITS[:count, :count]
        _subtract_product(ops, here, v, panel.coefficients(w))
    return result, signs


def _subtract_product(ops: Ops, q: Host, v: Host, y: Host) -> None:
    """Takes `V Y`, rounded, from Q, as many rows at a time as the cache holds."""
    width = y.shape[1]
    step = max(1, CHUNK // width)
    buffer = np.empty((min(step, len(q)), width))
    for i in range(0, len(q), step):
        rows = q[i : i + step]
        change = ops.matmul(v[i : i + step], y, out=buffer[: len(rows)])

        def take(part: slice, rows: Host = rows, change: Host = change) -> None:
            rows[part] -= np.rint(change[part], out=change[part])

        host.in_rows(take, change)


def _loop(ops: Ops, x: Array) -> tuple[Array, Array]:
    """The same product in a loop of one body, whole matrices at a time.

    A compiler sees one panel instead of all; for that the work is threefold.
    """
    rows, columns = x.shape
    panels = -(-columns // PANEL)
    width = min(PANEL, _full_width(columns))
    padded = _groups(rows) * GROUP
    x = ops.pad(x, ((0, padded - rows), (0, panels * width - columns)))

    def apply(i: Any, state: tuple[Array, Array]) -> tuple[Array, Array]:
        result, signs = state
        start = (panels - 1 - i) * width
        part = ops.cast(ops.slice(x, (0, start), (padded, width)), "float64")
        v, of_panel = _reflections(ops, part, start, columns)
        panel = _Panel(ops, v)
        w = ops.matmul(ops.transpose(v), result) * 2.0**-POINT
        change = ops.round(ops.matmul(v, panel.coefficients(w)))
        return result - change, ops.slice_update(signs, (start,), of_panel)

    identity = ops.eye(padded, columns, dtype="float64") * 2.0**POINT
    signs = ops.ones((panels * width,), dtype="float64")
    result, signs = ops.fori_loop(0, panels, apply, (identity, signs))
    return result[:rows], signs[:columns]


def _sharpened(ops: Ops, q: Array) -> Array:
    """`q` times (Q^T Q)**(-1/2), to third order in its distance from the identity.

    With E = Q^T Q - I, which is exact, Q - Q (E / 2 - 3 E**2 / 8).
    """
    # In place and let go early, for these are matrices as large as the result.
    error = ops.matmul(ops.transpose(q), q)
    error *= 2.0 ** (-2 * POINT)
    error -= np.eye(q.shape[1])
    rough = exact.fixed(ops, error, 34)
    square = ops.matmul(rough, rough)
    del rough
    square = exact.fixed(ops, square, 50)
    square *= 0.375
    error *= 0.5
    error -= square
    del square
    error = exact.fitted(ops, error, 64, 2.0 ** (2 * POINT))
    change = ops.matmul(q, error)
    del error
    q -= exact.fixed(ops, change, 52 - POINT)
    return q


def haar(
    ops: Ops,
    key: Key,
    rows: int,
    columns: int,
    *,
    gain: float = 1.0,
    dtype: str = "float32",
) -> Array:
    """`gain` times the first columns of a Haar-distributed matrix, rows >= columns.

    Each column is that of the product of all reflections, times the sign of its
    own.

    Reference:
        Stewart 1980, "The efficient generation of random orthogonal matrices",
        theorem 3.3, https://doi.org/10.1137/0717034; Mezzadri 2007, "How to
        generate random matrices from the classical compact groups", on Householder
        reflections, https://arxiv.org/abs/math-ph/0609050; Schreiber and Van Loan
        1989, "A storage-efficient WY representation", for the panels; Joffrain et
        al. 2006, "Accumulating Householder transformations, revisited", for T^-1.
    """
    integers = functools.partial(quantile.deviates, ops, table=quantile.table())
    with ops.wide():
        # On the host the product takes the place of the Gaussian matrix.
        multiply, held = (_loop, "int32") if ops.is_compiled else (_grow, "float64")
        result, signs = multiply(
            ops, ops.generate(key, (rows, columns), held, integers)
        )
        scale = (signs * (gain * 2.0**-POINT))[None, :]
        if dtype == "float64":
            result = _sharpened(ops, result)
            result *= scale
            return result
        return ops.by_rows(lambda q: ops.cast(q * scale, "float32"), result, dtype)
