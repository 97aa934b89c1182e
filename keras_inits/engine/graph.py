"""Runs the formulas with `keras.ops`, inside a traced function, on the device.

The same vocabulary as `HostOps`, and the same bits: Philox4x64-10 on words held
as pairs of 32-bit limbs. What a backend's integers can do decides how two limbs
are multiplied; `_backend` says which.

Nothing here depends on the position of an element but its counter, so a
partitioned program makes only the words of its own part.
"""

import functools
import math

import keras
import numpy as np

from keras_inits import _checks
from keras_inits.engine import philox, quantile
from keras_inits.engine.host import numpy_dtype

MASK32 = 0xFFFFFFFF
MASK16 = 0xFFFF
# Blocks of 8 half-words are counted by one signed 32-bit index.
MOST_ELEMENTS = 8 * (2**31 - 1)


def _limbs(word):
    """The low and the high half of a 64-bit integer."""
    return word & MASK32, word >> 32


class WideLimbs:
    """32-bit limbs in int64, for backends that have 64-bit integers."""

    dtype = "int64"

    def constant(self, value):
        """A limb that is the same for all blocks."""
        return keras.ops.convert_to_tensor(np.int64(value), dtype=self.dtype)

    def multiply(self, limb, factor):
        """Low and high limb of the product with a constant limb."""
        product = keras.ops.multiply(limb, self.constant(_signed64(factor)))
        high = keras.ops.right_shift(product, self.constant(32))
        mask = self.constant(MASK32)
        low = keras.ops.bitwise_and(product, mask)
        high = keras.ops.bitwise_and(high, mask)
        # An int64 factor below 2**32 and a limb below 2**32 have a product below
        # 2**64: it wraps to a negative number, and its bits stay right.
        return low, high

    def add(self, *limbs):
        """Sum of a few limbs, as its low limb and the carry."""
        total = functools.reduce(keras.ops.add, limbs)
        low = keras.ops.bitwise_and(total, self.constant(MASK32))
        return low, keras.ops.right_shift(total, self.constant(32))

    def to_int32(self, limb):
        """The limb's bits as a signed 32-bit integer."""
        sign = keras.ops.right_shift(limb, self.constant(31))
        signed = limb - keras.ops.left_shift(sign, self.constant(32))
        return keras.ops.cast(signed, "int32")


class NarrowLimbs:
    """32-bit limbs in uint32, for backends without 64-bit integers."""

    dtype = "uint32"

    def constant(self, value):
        """A limb that is the same for all blocks."""
        return keras.ops.convert_to_tensor(np.uint32(value), dtype=self.dtype)

    def multiply(self, limb, factor):
        """Low and high limb of the product with a constant limb.

        By the schoolbook method on 16-bit halves: no partial sum reaches 2**32.
        """
        sixteen, mask = self.constant(16), self.constant(MASK16)
        f0, f1 = self.constant(factor & MASK16), self.constant(factor >> 16)
        x0 = keras.ops.bitwise_and(limb, mask)
        x1 = keras.ops.right_shift(limb, sixteen)
        middle = x1 * f0 + keras.ops.right_shift(x0 * f0, sixteen)
        cross = x0 * f1 + keras.ops.bitwise_and(middle, mask)
        high = (
            x1 * f1
            + keras.ops.right_shift(middle, sixteen)
            + keras.ops.right_shift(cross, sixteen)
        )
        return limb * self.constant(factor), high

    def add(self, *limbs):
        """Sum of a few limbs, as its low limb and the carry."""
        total, carry = limbs[0], None
        for limb in limbs[1:]:
            total = total + limb
            over = keras.ops.cast(total < limb, self.dtype)
            carry = over if carry is None else carry + over
        return total, carry

    def to_int32(self, limb):
        """The limb's bits as a signed 32-bit integer."""
        return keras.ops.view(limb, dtype="int32")


def _signed64(value):
    """The two's complement reading of a 64-bit pattern."""
    return value - (1 << 64) if value >> 63 else value


def _multiply_words(limbs, word, factor):
    """Low and high word, as limbs, of a 64-bit word times a constant word."""
    f0, f1 = _limbs(factor)
    w0, w1 = word
    low00, high00 = limbs.multiply(w0, f0)
    low01, high01 = limbs.multiply(w0, f1)
    low10, high10 = limbs.multiply(w1, f0)
    low11, high11 = limbs.multiply(w1, f1)
    r1, carry = limbs.add(high00, low01, low10)
    r2, carry = limbs.add(high01, high10, low11, carry)
    r3, _ = limbs.add(high11, carry)
    return (low00, r1), (r2, r3)


def philox_half_words(limbs, blocks, key):
    """The eight half-words of each block.

    Args:
        limbs: `WideLimbs` or `NarrowLimbs`.
        blocks: Tensor of block numbers below 2**32, of the limbs' dtype.
        key: Two integers in [0, 2**64).

    Returns:
        A list of eight int32 tensors of the shape of `blocks`.
    """
    zero = keras.ops.zeros_like(blocks)
    bump = [_limbs(word) for word in philox.WEYL]

    def xor(*words):
        return tuple(
            functools.reduce(keras.ops.bitwise_xor, x) for x in zip(*words, strict=True)
        )

    def one_round(_, state):
        c0, c1, c2, c3 = (state[i : i + 2] for i in range(0, 8, 2))
        k0, k1 = state[8:10], state[10:12]
        low0, high0 = _multiply_words(limbs, c0, philox.MULTIPLIERS[0])
        low1, high1 = _multiply_words(limbs, c2, philox.MULTIPLIERS[1])
        c0, c1, c2, c3 = xor(high1, c1, k0), low1, xor(high0, c3, k1), low0
        keys = []
        for (k_low, k_high), (b_low, b_high) in zip((k0, k1), bump, strict=True):
            k_low, carry = limbs.add(k_low, limbs.constant(b_low))
            k_high, _ = limbs.add(k_high, limbs.constant(b_high), carry)
            keys += [k_low, k_high]
        return (*c0, *c1, *c2, *c3, *keys)

    key_limbs = [limbs.constant(limb) for word in key for limb in _limbs(word)]
    # In a loop: unrolled, compilers duplicate the rounds' work many times over.
    state = keras.ops.fori_loop(
        0, philox.ROUNDS, one_round, (blocks, *[zero] * 7, *key_limbs)
    )
    return [limbs.to_int32(limb) for limb in state[:8]]


class GraphOps:
    """The vocabulary of the formulas, in `keras.ops`.

    Args:
        limbs: How this backend holds 32-bit limbs.
    """

    is_compiled = True

    def __init__(self, limbs):
        self._limbs = limbs

    def __getattr__(self, name):
        return getattr(keras.ops, name)

    def to_tensor(self, x, dtype):
        """A formula's result, which is the backend's tensor already."""
        return x

    def full(self, shape, value, dtype):
        """A tensor of one value, which is rounded on the host."""
        scalar = np.asarray(value).astype(numpy_dtype(dtype))
        return keras.ops.broadcast_to(
            keras.ops.convert_to_tensor(scalar, dtype=dtype), shape
        )

    def name_of_dtype(self, x):
        """Standard name of a tensor's dtype."""
        return keras.backend.standardize_dtype(x.dtype)

    def to_float32(self, x):
        """Integers to the nearest float32, ties to even."""
        return keras.ops.cast(x, "float32")

    def bitcast(self, x, dtype):
        """The same bits under another dtype of the same width."""
        return keras.ops.view(x, dtype=dtype)

    def look_up(self, law, bits):
        """Base and slope, in a quantile table, of a float32's bits."""
        compact = quantile.compact(law)
        part = keras.ops.right_shift(bits, quantile.POSITION_BITS)
        part = keras.ops.bitwise_and(part - quantile.EXPONENT_BIAS, quantile.SIDE - 1)
        negative = keras.ops.bitwise_and(keras.ops.right_shift(bits, 31), 1)
        index = part + negative * quantile.SIDE
        return tuple(
            keras.ops.take(keras.ops.convert_to_tensor(table, dtype="int32"), index)
            for table in compact
        )

    def generate(self, key, shape, dtype, formula):
        """A tensor whose element i is the formula of half-word i."""
        size = math.prod(shape)
        if size == 0:
            return self.full(shape, 0, dtype)
        if size > MOST_ELEMENTS:
            _checks.too_large(shape, MOST_ELEMENTS)
        # Whole blocks along the last axis keep every other axis apart, so that a
        # partitioner can cut the tensor along any of them.
        whole = len(shape) > 0 and shape[-1] % philox.HALVES_PER_BLOCK == 0
        last = shape[-1] if whole else size
        grid = (*(shape[:-1] if whole else ()), -(-last // philox.HALVES_PER_BLOCK))
        blocks = keras.ops.zeros(grid, dtype=self._limbs.dtype)
        stride = 1
        for axis in reversed(range(len(grid))):
            count = keras.ops.arange(grid[axis], dtype=self._limbs.dtype)
            count = count * self._limbs.constant(stride)
            blocks += keras.ops.reshape(count, (-1,) + (1,) * (len(grid) - 1 - axis))
            stride *= grid[axis]
        halves = keras.ops.stack(philox_half_words(self._limbs, blocks, key), axis=-1)
        if not whole:
            halves = keras.ops.reshape(halves, (-1,))[:size]
        values = formula(keras.ops.reshape(halves, shape))
        return keras.ops.cast(values, dtype)

    def permutations(self, keys_of_rows):
        """Order that sorts each row of int32 keys as unsigned ones."""
        # Flipping the sign bit orders signed integers as unsigned ones.
        flipped = keras.ops.bitwise_xor(keys_of_rows, np.int32(-(2**31)))
        return keras.ops.argsort(flipped, axis=1)
