"""Types that annotations name: what callers may give, and what they are handed.

Keras ships no types and no type fits the arrays of all libraries, so `Array` and
`Tensor` are `Any` under names that say what is meant. What is given is as wide as
`_checks` takes it; what is stored or returned is exact.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, Protocol, SupportsFloat, SupportsIndex, TypeVar

import keras
import numpy as np

# Of what a decorator hands back as it was given.
P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type[Any])

Array = Any  # what a formula computes with: NumPy's, or the backend's tensor
Tensor = Any  # the backend's
Host = np.ndarray[tuple[Any, ...], np.dtype[Any]]  # an array of NumPy, of any rank
Formula = Callable[[Array], Array]
Shape = tuple[int, ...]
Key = tuple[int, int]  # of a stream
Fans = tuple[float, float]  # fan_in and fan_out
Interval = tuple[float, float]
Moments = tuple[float, float]  # mean and standard deviation

# Numbers of any library, as `_convert` takes them.
Integer = SupportsIndex
Real = SupportsFloat
ShapeLike = Integer | Iterable[Integer]
Axes = Integer | Iterable[Integer] | None
Seed = Integer | str | keras.random.SeedGenerator | Mapping[str, Any] | None
Activation = str | Callable[..., Any]


class _NamedDType(Protocol):
    """A dtype of NumPy or TensorFlow."""

    @property
    def name(self) -> str: ...


class _SizedDType(Protocol):
    """A dtype of PyTorch."""

    @property
    def itemsize(self) -> int: ...


# Classes are Python's and NumPy's; None is Keras' float type.
DTypeLike = str | type[Any] | _NamedDType | _SizedDType | None


class ArrayLike(Protocol):
    """An array, tensor or variable of any library."""

    @property
    def shape(self) -> Any: ...

    @property
    def dtype(self) -> Any: ...


# What `fit` takes: arrays, structures of arrays, what gives batches.
Data = ArrayLike | Iterable[Any] | keras.utils.PyDataset


class InitializerFunction(Protocol):
    """What Keras calls for the values of a weight."""

    def __call__(self, shape: Shape, /, *, dtype: Any) -> Tensor: ...


# An object or a function, a class, a name, a config; of rules also a value for each
# name of a weight.
InitializerLike = (
    InitializerFunction | type[keras.initializers.Initializer] | str | Mapping[str, Any]
)
Constants = Real | ArrayLike | Sequence[Any]
OfWeight = Callable[[keras.Layer, keras.Variable], InitializerLike | Constants | None]
Chooser = Callable[[keras.Layer, keras.Variable], bool]
RuleKey = type[keras.Layer] | str | re.Pattern[str] | Chooser
RuleValue = InitializerLike | Constants | OfWeight | None
# Keys of a mapping are invariant: `RuleKey` would refuse one of strings alone.
Rules = Mapping[Any, RuleValue] | Iterable[tuple[RuleKey, RuleValue]]
RuleList = list[tuple[RuleKey, RuleValue]]  # what recipes return
