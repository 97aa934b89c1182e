"""The vocabulary in which a formula is written, and what runs it now.

A formula is written once, against `Ops`: the names of `keras.ops`, which are NumPy's,
and a few that both lack. `NUMPY` runs it at once, on the host; inside a traced
function `keras.ops` runs it, in the graph, on the device, with the same bits.
"""

import contextlib
from typing import Any, Protocol

from keras_inits import _backend
from keras_inits._types import Array, Formula, Key, Shape
from keras_inits.engine.graph import GraphOps
from keras_inits.engine.host import HostOps

LARGEST_CONSTANT = 1 << 14  # elements of a host array that a program may hold


class Ops(Protocol):
    """What a formula may use: these methods, and every other name of `keras.ops`.

    Attributes:
        is_compiled: Whether the formula becomes part of a program, whose length
            is to be the same for every shape.
    """

    is_compiled: bool

    def __getattr__(self, name: str) -> Any: ...

    def wide(self) -> contextlib.AbstractContextManager[Any]:
        """Context in which 64-bit numbers are computed with."""

    def cast(self, x: Array, dtype: str) -> Array:
        """`x` in `dtype`, rounded once where it is narrower."""

    def full(self, shape: Shape, value: Any, dtype: str) -> Array:
        """An array of one value, rounded once, on the host."""

    def round_in_place(self, x: Array) -> Array:
        """`round` of an array that is not used again, in its memory on the host."""

    def by_rows(self, formula: Formula, x: Array, dtype: str) -> Array:
        """A formula that makes a row of each row of `x`, of a block at a time."""

    def bitcast(self, x: Array, dtype: str) -> Array:
        """The bits of an array as another dtype."""

    def look_up(self, table: Any, bits: Array) -> tuple[Array, Array]:
        """Base and slope, in a quantile table, of a float32's bits."""

    def generate(self, key: Key, shape: Shape, dtype: str, formula: Formula) -> Array:
        """An array whose element i is the formula of half-word i.

        Args:
            key: Key of the stream.
            shape: Shape of the result.
            dtype: Standard name of its dtype.
            formula: Function of an int32 array of half-words to an array of
                their values, element by element.
        """

    def permutations(self, keys_of_rows: Array) -> Array:
        """Order that sorts each row of int32 keys as unsigned ones, equal by index."""

    def from_tensor(self, tensor: Any, dtype: str) -> Array:
        """The backend's tensor as an array of the formulas."""

    def to_tensor(self, array: Array, dtype: str) -> Any:
        """An array that nobody else holds as the backend's tensor."""


NUMPY: Ops = HostOps()
GRAPH: Ops = GraphOps()


def running(size: int | None) -> Ops:
    """What runs the formula of a tensor of `size` elements now.

    A small tensor is drawn on the host under a trace too, where it becomes a
    constant of the program; with `size` None, none is.
    """
    if (size is None or size > LARGEST_CONSTANT) and _backend.is_tracing():
        return GRAPH
    return NUMPY
