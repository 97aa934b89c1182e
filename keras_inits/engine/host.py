"""Runs the formulas with NumPy, block by block, on the host.

A formula is written against the vocabulary of `keras.ops`; `HostOps` is that
vocabulary in NumPy, so it answers to NumPy's names and adds the few that NumPy
lacks. Large tensors are filled in blocks that fit the cache, by several
threads; element i depends on the key and on i alone, so neither shows in the
result.
"""

import concurrent.futures
import contextlib
import functools
import itertools
import math
import operator
import os
import threading
from collections.abc import Callable
from typing import Any

import ml_dtypes  # comes with Keras
import numpy as np

from keras_inits import _backend
from keras_inits._types import Array, Formula, Host, Key, R, Shape, Tensor
from keras_inits.engine import philox, quantile

BLOCK = 1 << 16  # half-words; a multiple of a Philox block
THREADED_FROM = 1 << 17  # elements; below, threads cost more than they bring

NARROW = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float16": np.dtype(np.float16),
}


@functools.cache
def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """The NumPy dtype of a standard dtype name."""
    return NARROW.get(dtype) or np.dtype(dtype)


def _threads() -> int:
    """How many threads this process may keep busy."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _OfThread(threading.local):
    """Whether a thread has handed out work, or is one of the helpers."""

    busy = False


_of_thread = _OfThread()


def _become_helper() -> None:
    _of_thread.busy = True


@functools.cache
def _helpers() -> concurrent.futures.ThreadPoolExecutor:
    """The threads that share the work with the one that asks for it."""
    return concurrent.futures.ThreadPoolExecutor(
        _threads(), "keras_inits", _become_helper
    )


if hasattr(os, "register_at_fork"):  # threads do not live on in a forked process
    os.register_at_fork(after_in_child=_helpers.cache_clear)


def in_parts(work: Callable[[int, int], R], size: int) -> list[R]:
    """Runs `work(start, stop)` on the parts of `range(size)`, each in a thread.

    Parts start at multiples of `BLOCK`; a small range is one part. So is any range
    for a signal handler or a finalizer that draws while its thread hands out work:
    it must not wait for the helpers, nor for the locks of their queue. Returns the
    results in the order of the parts.
    """
    if size < THREADED_FROM or _of_thread.busy:
        return [work(0, size)]
    _of_thread.busy = True
    try:
        return _in_threads(work, size)
    finally:
        _of_thread.busy = False


def _in_threads(work: Callable[[int, int], R], size: int) -> list[R]:
    blocks = -(-size // BLOCK)
    parts = max(1, min(_threads(), blocks))
    edges = [BLOCK * (blocks * i // parts) for i in range(parts)] + [size]
    mine, *theirs = itertools.pairwise(edges)
    others = [_helpers().submit(work, *span) for span in theirs]
    return [work(*mine), *(other.result() for other in others)]


def in_rows(work: Callable[[slice], None], x: Host) -> None:
    """Runs `work(rows)` on slices that make up `x`, in several threads."""
    width = math.prod(x.shape[1:])
    step = max(1, BLOCK // width)

    def run(start: int, stop: int) -> None:
        last = stop // width
        for begin in range(start // width, last, step):
            work(slice(begin, min(begin + step, last)))

    in_parts(run, x.size)


def _aligned(
    shape: Shape, dtype: np.dtype[Any], make: Callable[..., Host] = np.empty
) -> Host:
    """An array whose first byte lies at a multiple of `_backend.ALIGNMENT`.

    Backends take over such memory as it is where they would copy another.
    """
    size = math.prod(shape) * dtype.itemsize
    raw = make(size + _backend.ALIGNMENT, np.uint8)
    start = -raw.__array_interface__["data"][0] % _backend.ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


class HostOps:
    """The vocabulary of the formulas, in NumPy, at once.

    See `ops.Ops` for the methods.
    """

    is_compiled = False
    wide = staticmethod(contextlib.nullcontext)  # NumPy always has 64-bit numbers
    to_tensor = staticmethod(_backend.to_tensor)
    round = staticmethod(np.rint)  # `np.round` without its way there

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        setattr(self, name, found)  # the next time it is found at once
        return found

    def from_tensor(self, tensor: Tensor, dtype: str) -> Host:
        return self.cast(_backend.to_numpy(tensor), dtype)

    def cast(self, x: Array, dtype: str) -> Host:
        return np.asarray(x).astype(numpy_dtype(dtype), copy=False)

    def full(self, shape: Shape, value: Any, dtype: str) -> Host:
        # Zeros cost no memory until they are touched.
        if not any(np.asarray(value).tobytes()):  # -0.0 has a bit that is set
            return _aligned(shape, numpy_dtype(dtype), np.zeros)
        array = _aligned(shape, numpy_dtype(dtype))
        array[...] = value
        return array

    # NumPy's functions without their way there, which is long for single numbers.
    left_shift = staticmethod(operator.lshift)
    right_shift = staticmethod(operator.rshift)

    def sum(self, x: Host, axis: int | None = None, keepdims: Any = False) -> Array:
        return np.add.reduce(x, axis=axis, keepdims=keepdims)

    def max(self, x: Host, axis: int | None = None, keepdims: Any = False) -> Array:
        return np.maximum.reduce(x, axis=axis, keepdims=keepdims)

    def round_in_place(self, x: Host) -> Host:
        return np.rint(x, out=x)

    def by_rows(self, formula: Formula, x: Host, dtype: str) -> Host:
        if x.size <= BLOCK:
            return self.cast(formula(x), dtype)
        shape = (len(x), *formula(x[:0]).shape[1:])
        result = _aligned(shape, numpy_dtype(dtype))

        def fill(rows: slice) -> None:
            result[rows] = formula(x[rows])

        in_rows(fill, x)
        return result

    def bitcast(self, x: Host, dtype: str) -> Host:
        return x.view(numpy_dtype(dtype))

    def look_up(self, table: quantile.Table, bits: Host) -> tuple[Host, Host]:
        index = np.right_shift(bits.view(np.uint32), quantile.POSITION_BITS)
        index -= quantile.EXPONENT_BIAS
        index = index.astype(np.intp)
        # No index is out of range; "clip" spares NumPy the check.
        return table.base.take(index, mode="clip"), table.slope.take(index, mode="clip")

    def generate(self, key: Key, shape: Shape, dtype: str, formula: Formula) -> Host:
        size = math.prod(shape)
        if size <= BLOCK:  # the result as it comes, not copied
            values = formula(philox.half_words(key, 0, size))
            return self.cast(values, dtype).reshape(shape)
        flat = _aligned((size,), numpy_dtype(dtype))

        def fill(start: int, stop: int) -> None:
            for begin in range(start, stop, BLOCK):
                end = min(begin + BLOCK, stop)
                flat[begin:end] = formula(philox.half_words(key, begin, end - begin))

        in_parts(fill, size)
        return flat.reshape(shape)

    def permutations(self, keys_of_rows: Host) -> Host:
        keys = keys_of_rows.view(np.uint32).astype(np.uint64)
        keys <<= np.uint64(32)
        keys |= np.arange(keys.shape[1], dtype=np.uint64)
        keys.sort(axis=1)
        return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
