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

import numpy as np

from keras_inits.engine import quantile

PANEL = 128  # reflections that a pair of large products applies
BLOCK = 16  # reflections whose T is made by doubling
POINT = 26  # bits after the point in V, W, Y and Q
T_BITS = 24
T_UPPER = 20
G_UPPER, G_BITS = 18, 37
CHUNK = 1 << 19  # elements of Q whose change is computed at a time
NUMERATOR = 2.0**54 // 3  # 2**53 / 1.5
FIRST = 2.0**27 // 3  # 2**26 / 1.5


def _fixed(ops, x, bits):
    """`x` to the nearest multiple of 2**-bits, ties to even."""
    x = ops.round(x * 2.0**bits)
    x *= 2.0**-bits
    return x


def _exponent(ops, x):
    """The integer e with 2**(e - 1) <= x < 2**e, of a positive float64."""
    return ops.right_shift(ops.bitcast(x, "int64"), 52) - 1022


def _power(ops, exponent):
    """2**exponent as float64."""
    return ops.bitcast(ops.left_shift(exponent + 1023, 52), "float64")


def _quotient(ops, numerator, divisor):
    """floor(numerator / divisor) of positive integers whose product is exact.

    A compiler may divide by way of a reciprocal, which is off by less than 1; the
    exact products tell by how much.
    """
    found = ops.round(numerator / divisor)
    found = found - ops.cast(found * divisor > numerator, "float64")
    return found + ops.cast((found + 1.0) * divisor <= numerator, "float64")


def _root(ops, x):
    """floor(sqrt(x)) for x in [2**51, 2**53), as surely."""
    found = ops.round(ops.sqrt(x))
    found = found - ops.cast(found * found > x, "float64")
    return found + ops.cast((found + 1.0) * (found + 1.0) <= x, "float64")


def _inverse_lengths(ops, square):
    """2**26 / (1.5 |x|) in 27 bits, from the squares of the lengths."""
    half = ops.right_shift(_exponent(ops, square) - 52, 1)
    root = _root(ops, square * _power(ops, -2 * half))
    return _quotient(ops, NUMERATOR, root) * _power(ops, -27 - half)


def _reflections(ops, x, start, columns):
    """The vectors of the reflections of the columns of `x`, as integers.

    That of column j, from row `start + j` on, takes it to `sign |x| e` with
    sign = -1 if its first entry is 0 or above, else 1, by v = x - sign |x| e.
    Columns from number `columns` on fill up the panel and reflect nothing.

    Returns:
        `(V, signs)`, V times 2**POINT.
    """
    rows, width = x.shape
    column = ops.arange(width)[None, :]
    row = ops.arange(rows)[:, None] - start
    diagonal = ops.logical_and(ops.equal(row, column), column < columns - start)
    x = ops.where(row >= column, x, 0.0)
    first = ops.sum(ops.where(diagonal, x, 0.0), axis=0)
    signs = ops.cast(first < 0, "float64") * 2.0 - 1.0
    # The squares have 48 bits: their upper and lower halves are summed apart, which
    # is exact for up to 2**29 rows, and added with one rounding.
    squares = x * x
    upper = ops.round(squares * 2.0**-24)
    lower = ops.sum(squares - upper * 2.0**24, axis=0)
    square = ops.sum(upper, axis=0) * 2.0**24 + lower
    nothing = ops.cast(ops.equal(square, 0), "float64")
    v = ops.round(x * _inverse_lengths(ops, square + nothing)[None, :])
    # A column of zeros is reflected at e, with |v| = 1.
    own = signs * (FIRST + FIRST / 2 * nothing)
    return ops.where(diagonal, v - own[None, :], v), signs


@functools.cache
def _steps(block):
    """The parts of V^T V that each doubling of T needs.

    Returns:
        For each level the part of the matrix that joins two blocks, as a factor
        that leaves the bits it is rounded to, and a factor of what is rounded.
    """
    index, levels = np.arange(block), block.bit_length() - 1
    masks = np.zeros((levels, 1, block, block))
    for level in range(levels):
        part = index >> level
        masks[level, 0] = (part[:, None] + 1 == part) & (part % 2 == 1)
    bits = np.arange(51 - T_BITS, 51 - T_BITS - levels, -1)[:, None, None, None]
    # A product of T and such a part has one bit less than the part.
    return masks * 2.0**bits, 2.0 ** (bits - 1 - T_BITS) * 2.0**-bits


def _triangles(ops, gram):
    """T of each block of reflections from its V^T V, times 2**T_BITS."""
    block = gram.shape[-1]
    identity = np.eye(block)[None]
    square = ops.round(ops.sum(gram * identity, axis=-1) * 2.0**POINT)
    nothing = ops.cast(ops.equal(square, 0), "float64")
    tau = _quotient(ops, 2.0 ** (T_BITS + POINT + 1), square + nothing)
    t = (tau * (1.0 - nothing))[:, None] * identity
    masks, scales = _steps(block)
    parts = ops.round(gram[None] * masks) * scales
    for level in range(len(masks)):
        product = ops.round(ops.matmul(t, parts[level]))
        product = product * 2.0 ** (level + T_BITS - 50)
        t = t - ops.round(ops.matmul(product, t))
    return t


def _limbs(ops, x, upper, lower):
    """Two terms of `x`, a multiple of 2**-upper and one of 2**-lower."""
    first = _fixed(ops, x, upper)
    return ops.stack([first, _fixed(ops, x - first, lower)], axis=-3)


def _fitted(ops, x, scale, longest):
    """`x` to so many bits that a product from the left with it is exact.

    Args:
        ops: What runs the formula.
        x: Matrix, whose squares are far above 2**-scale.
        scale: Bits after the point that the squares are rounded to.
        longest: Square of the longest row of the other factor, which has `POINT`
            bits after the point.
    """
    squares = x * x
    squares *= 2.0**scale
    squares = ops.round(squares)
    # With what rounding the squares has taken, and a 64th for rounding `x`.
    columns = (ops.max(ops.sum(squares, axis=0)) + x.shape[0]) * (1.0 + 2.0**-6)
    exponent = _exponent(ops, longest * columns)
    bits = 53 - POINT - ops.right_shift(exponent - scale + 1, 1)
    del squares
    x = ops.round(x * _power(ops, bits))
    x *= _power(ops, -bits)
    return x


class _Panel:
    """Some reflections as one factor `I - V T V^T`.

    Args:
        ops: What runs the formula.
        x: Columns of 24-bit integers, the first reflected from row `start` on.
        start: Number of the first column.
        columns: How many columns there are in all.
    """

    def __init__(self, ops, x, start, columns):
        self.ops = ops
        self.v, self.signs = _reflections(ops, x, start, columns)
        width = x.shape[1]
        squares = ops.round(self.v * self.v * 2.0**-20)
        longest = ops.max(ops.sum(squares, axis=1)) + width
        self._longest = longest * 2.0 ** (20 - 2 * POINT)
        block = min(BLOCK, width)
        gram = ops.matmul(ops.transpose(self.v), self.v) * 2.0 ** (-2 * POINT)
        blocks = [gram[i : i + block, i : i + block] for i in range(0, width, block)]
        t = _triangles(ops, ops.stack(blocks)) * 2.0**-T_BITS
        self._t = _limbs(ops, t, T_UPPER, T_BITS)
        gram = _limbs(ops, gram, G_UPPER, G_BITS)
        self._gram = ops.reshape(gram, (2, -1, block, width))

    def coefficients(self, w):
        """Y = T W for W = V^T Q, rounded so that V Y is exact.

        By the rows of blocks from the last to the first: in
        `T^-1 = striu(V^T V) + diag(V^T V) / 2` the blocks on the diagonal are
        inverted, so that `Y_i = T_ii (W_i - sum_j>i G_ij Y_j)`.

        Args:
            w: W times 2**POINT.
        """
        y = self._looped(w) if self.ops.is_compiled else self._unrolled(w)
        return _fitted(self.ops, y * 2.0**-POINT, 32, self._longest)

    def _row(self, t, gram, w, y):
        ops = self.ops
        taken = ops.matmul(gram, y)
        product = ops.matmul(t, ops.round(w - (taken[0] + taken[1])))
        return ops.round(product[0] + product[1])

    def _unrolled(self, w):
        block = self._t.shape[-1]
        y = np.empty_like(w)
        for i in reversed(range(len(self._t))):
            here, after = i * block, (i + 1) * block
            gram = self._gram[:, i, :, after:]
            y[here:after] = self._row(self._t[i], gram, w[here:after], y[after:])
        return y

    def _looped(self, w):
        ops = self.ops
        blocks, _, block, _ = self._t.shape
        size = (block, w.shape[1])

        def body(i, y):
            i = blocks - 1 - i
            t, gram = ops.take(self._t, i, axis=0), ops.take(self._gram, i, axis=1)
            own = ops.slice(w, (i * block, 0), size)
            return ops.slice_update(y, (i * block, 0), self._row(t, gram, own, y))

        return ops.fori_loop(0, blocks, body, ops.zeros_like(w))


def _full_width(columns):
    """Columns of a panel that is filled up to whole blocks."""
    block = min(BLOCK, 1 << (columns - 1).bit_length())
    return -(-columns // block) * block


def _grow(ops, x):
    """Multiplies the panels out from the last to the first, each on its own rows.

    With Q' the product of the panels after this one, whose columns number k, and
    V cut into the panel's first rows and those below them,

        Q = [[I_k, 0], [0, Q']] - V T W,  W = [V_top^T, V_bottom^T Q']
    """
    rows, columns = x.shape
    result = np.zeros((rows, columns))
    signs = np.empty(columns)
    for start in reversed(range(0, columns, PANEL)):
        count = min(PANEL, columns - start)
        part = np.zeros((rows - start, _full_width(count)))
        part[:, :count] = x[start:, start : start + count]
        panel = _Panel(ops, part, 0, count)
        signs[start : start + count] = panel.signs[:count]
        here = result[start:, start:]
        w = np.empty((part.shape[1], columns - start))
        w[:, :count] = panel.v[:count].T
        ops.matmul(panel.v[count:].T, here[count:, count:], out=w[:, count:])
        w[:, count:] *= 2.0**-POINT
        y = panel.coefficients(w)
        here[np.arange(count), np.arange(count)] = 2.0**POINT
        step = max(1, CHUNK // (columns - start))
        for i in range(0, rows - start, step):
            change = ops.matmul(panel.v[i : i + step], y)
            here[i : i + step] -= np.rint(change, out=change)
    return result, signs


def _loop(ops, x):
    """The same product in a loop of one body, whole matrices at a time.

    A compiler sees one panel instead of all; for that the work is threefold.
    """
    rows, columns = x.shape
    panels = -(-columns // PANEL)
    width = min(PANEL, _full_width(columns))
    x = ops.pad(x, ((0, 0), (0, panels * width - columns)))

    def apply(i, state):
        result, signs = state
        start = (panels - 1 - i) * width
        part = ops.cast(ops.slice(x, (0, start), (rows, width)), "float64")
        panel = _Panel(ops, part, start, columns)
        w = ops.matmul(ops.transpose(panel.v), result) * 2.0**-POINT
        change = ops.round(ops.matmul(panel.v, panel.coefficients(w)))
        return result - change, ops.slice_update(signs, (start,), panel.signs)

    identity = ops.eye(rows, columns, dtype="float64") * 2.0**POINT
    signs = ops.ones((panels * width,), dtype="float64")
    result, signs = ops.fori_loop(0, panels, apply, (identity, signs))
    return result, signs[:columns]


def _sharpened(ops, q):
    """`q` times (Q^T Q)**(-1/2), to third order in its distance from the identity.

    With E = Q^T Q - I, which is exact, Q - Q (E / 2 - 3 E**2 / 8).
    """
    # In place and let go early, for these are matrices as large as the result.
    error = ops.matmul(ops.transpose(q), q)
    error *= 2.0 ** (-2 * POINT)
    error -= np.eye(q.shape[1])
    rough = _fixed(ops, error, 34)
    square = ops.matmul(rough, rough)
    del rough
    square = _fixed(ops, square, 50)
    square *= 0.375
    error *= 0.5
    error -= square
    del square
    error = _fitted(ops, error, 64, 1.0)
    change = ops.matmul(q, error)
    del error
    q -= _fixed(ops, change, 52 - POINT)
    return q


def haar(ops, key, rows, columns, *, gain=1.0, dtype="float32"):
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
    table = quantile.table()

    def integers(half_words):
        return quantile.deviates(ops, half_words, table)

    with ops.wide():
        multiply = _loop if ops.is_compiled else _grow
        # Nothing here holds the Gaussian matrix after its last use.
        result, signs = multiply(
            ops, ops.generate(key, (rows, columns), "int32", integers)
        )
        if dtype == "float64":
            result = _sharpened(ops, result)
        result *= (signs * (gain * 2.0**-POINT))[None, :]
        return ops.cast(result, dtype)
