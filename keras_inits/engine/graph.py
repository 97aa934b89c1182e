"""Runs the formulas with `keras.ops`, inside a traced function, on the device.

The same vocabulary as `HostOps`, and the same bits: Philox4x64-10 on words held
as int64, whose sums and products wrap as those of unsigned words do.

Nothing here depends on the position of an element but its counter, so a
partitioned program makes only the words of its own part.
"""

import math
from typing import Any

import keras
import numpy as np

from keras_inits import _backend
from keras_inits._types import Formula, Key, Shape, Tensor
from keras_inits.engine import philox, quantile
from keras_inits.engine.host import numpy_dtype

MASK32 = 0xFFFFFFFF
# Each pass of the loop over the rounds reads and writes every word once. Two
# rounds a pass halve that; more take longer to compile than they save.
ROUNDS_PER_PASS = 2


def _signed(word: int) -> int:
    """The two's complement reading of a 64-bit pattern."""
    return word - (1 << 64) if word >> 63 else word


def _upper(word: Tensor) -> Tensor:
    """The upper half of a word's bits, as a number."""
    return keras.ops.right_shift(word, 32) & MASK32


def _multiply(word: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Low and high word of the 128-bit product of a word and a constant one.

    By the schoolbook method on 32-bit halves: no partial sum reaches 2**64.
    """
    f0, f1 = factor & MASK32, factor >> 32
    w0, w1 = word & MASK32, _upper(word)
    middle = w1 * f0 + _upper(w0 * f0)
    cross = w0 * f1 + (middle & MASK32)
    high = w1 * f1 + _upper(middle) + _upper(cross)
    return word * _signed(factor), high


def _one_round(state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    c0, c1, c2, c3, k0, k1 = state
    low0, high0 = _multiply(c0, philox.MULTIPLIERS[0])
    low1, high1 = _multiply(c2, philox.MULTIPLIERS[1])
    bump0, bump1 = map(_signed, philox.WEYL)
    return high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0, k0 + bump0, k1 + bump1


def philox_words(blocks: Tensor, key: Key) -> tuple[Tensor, ...]:
    """The four words of each block.

    Args:
        blocks: int64 tensor of block numbers.
        key: Two integers in [0, 2**64).

    Returns:
        Four int64 tensors of the shape of `blocks`, the words' bits.
    """

    def one_pass(_: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        for _ in range(ROUNDS_PER_PASS):
            state = _one_round(state)
        return state

    zero = keras.ops.zeros_like(blocks)
    k = [keras.ops.zeros((), dtype="int64") + _signed(word) for word in key]
    passes = philox.ROUNDS // ROUNDS_PER_PASS
    state = keras.ops.fori_loop(0, passes, one_pass, (blocks, zero, zero, zero, *k))
    return state[:4]


def _numbered(grid: Shape) -> Tensor:
    """An int64 tensor of the shape `grid` that counts its elements, row-major."""
    numbers = keras.ops.zeros(grid, dtype="int64")
    stride = 1
    for axis in reversed(range(len(grid))):
        count = keras.ops.arange(grid[axis], dtype="int64") * stride
        along = [1] * len(grid)
        along[axis] = grid[axis]
        numbers += keras.ops.reshape(count, along)
        stride *= grid[axis]
    return numbers


class GraphOps:
    """The vocabulary of the formulas, in `keras.ops`.

    See `ops.Ops` for the methods.
    """

    is_compiled = True
    wide = staticmethod(_backend.wide)
    bitcast = staticmethod(_backend.bitcast)
    cast = staticmethod(keras.ops.cast)

    def __getattr__(self, name: str) -> Any:
        return getattr(keras.ops, name)

    def to_tensor(self, x: Tensor, dtype: str) -> Tensor:
        return x

    def from_tensor(self, tensor: Tensor, dtype: str) -> Tensor:
        return self.cast(tensor, dtype)

    def full(self, shape: Shape, value: Any, dtype: str) -> Tensor:
        scalar = np.asarray(value).astype(numpy_dtype(dtype))
        scalar = keras.ops.convert_to_tensor(scalar, dtype=dtype)
        return keras.ops.broadcast_to(scalar, shape)

    def round_in_place(self, x: Tensor) -> Tensor:
        return keras.ops.round(x)

    def by_rows(self, formula: Formula, x: Tensor, dtype: str) -> Tensor:
        return self.cast(formula(x), dtype)

    def look_up(self, table: quantile.Table, bits: Tensor) -> tuple[Tensor, Tensor]:
        compact = quantile.compact(table)
        part = keras.ops.right_shift(bits, quantile.POSITION_BITS)
        part = keras.ops.bitwise_and(part - quantile.EXPONENT_BIAS, quantile.SIDE - 1)
        negative = keras.ops.bitwise_and(keras.ops.right_shift(bits, 31), 1)
        index = part + negative * quantile.SIDE
        return tuple(
            keras.ops.take(keras.ops.convert_to_tensor(part, dtype="int32"), index)
            for part in compact
        )

    def generate(self, key: Key, shape: Shape, dtype: str, formula: Formula) -> Tensor:
        size = math.prod(shape)
        if size == 0:
            return self.full(shape, 0, dtype)
        # Whole blocks along the last axis keep every other axis apart, so that a
        # partitioner can cut the tensor along any of them.
        whole = len(shape) > 0 and shape[-1] % philox.HALVES_PER_BLOCK == 0
        last = shape[-1] if whole else size
        grid = (*(shape[:-1] if whole else ()), -(-last // philox.HALVES_PER_BLOCK))
        with self.wide():
            words = keras.ops.stack(philox_words(_numbered(grid), key), axis=-1)
            halves = self.bitcast(words, "int32")
        if not whole:
            halves = keras.ops.reshape(halves, (-1,))[:size]
        values = formula(keras.ops.reshape(halves, shape))
        return keras.ops.cast(values, dtype)

    def permutations(self, keys_of_rows: Tensor) -> Tensor:
        # Flipping the sign bit orders signed integers as unsigned ones.
        flipped = keras.ops.bitwise_xor(keys_of_rows, np.int32(-(2**31)))
        return keras.ops.argsort(flipped, axis=1)
