"""What every initializer here shares: the call, the seed and the config.

A class states its formula in `compute`, once, in the vocabulary of `keras.ops`,
and checks its arguments in `__init__` and its shapes in `check_shape`. Its
config is its constructor's arguments, so `get_config` needs no code of its own.
One that has the name of a class of Keras' is a subclass of it, so that code which
asks for Keras' class takes ours.

A subclass may override `__call__` instead, as Keras has it; whoever draws on a
given stream, a fused kernel or a whole model, asks `values`, which honors both.

To add one: its formula and source in the docstring, the decorator
`listed`, and a row in `tests/cases.py`.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any, Self

import keras
import numpy as np

from keras_inits import _backend, _checks, _convert, _errors
from keras_inits._types import (
    Array,
    DTypeLike,
    Fans,
    Interval,
    Key,
    Moments,
    Seed,
    Shape,
    ShapeLike,
    Tensor,
)
from keras_inits.engine import streams
from keras_inits.engine.ops import Ops, running
from keras_inits.initializers import callables, constructors
from keras_inits.initializers.lookup import parameters_of


class Initializer(keras.initializers.Initializer, abc.ABC):
    """Base of all initializers of this package: same bits on every backend.

    A call `initializer(shape, dtype=None)` returns a tensor of the backend.
    `dtype` is the name of a dtype, or None for `keras.config.floatx()`; on JAX
    a 64-bit dtype means its 32-bit one unless `jax_enable_x64` is set, as it
    does everywhere in JAX.
    """

    dtypes: tuple[str, ...] = _checks.NUMERIC_DTYPES

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            named = constructors.named_in_errors(vars(cls)["__init__"])
            # mypy wants methods to stay; this one has the same parameters.
            cls.__init__ = named  # type: ignore[method-assign]

    @_backend.untraced
    @_errors.named_by_class
    def __call__(self, shape: ShapeLike, dtype: DTypeLike = None) -> Tensor:
        shape, dtype = self.checked(shape, dtype)
        if _backend.only_infers_shapes():
            return keras.ops.empty(shape, dtype=dtype)
        ops = running(math.prod(shape) if self.is_formula else None)
        return ops.to_tensor(self.compute(ops, self.next_key(), shape, dtype), dtype)

    @_errors.named_by_class
    def checked(self, shape: ShapeLike, dtype: DTypeLike) -> tuple[Shape, str]:
        """The shape, and the dtype that the backend stores, if it can draw them."""
        shape = _checks.check_shape(shape)
        dtype = _checks.check_dtype(dtype, self.dtypes)
        self.check_shape(shape)
        dtype = _backend.stored_dtype(dtype)
        self.check_dtype(shape, dtype)
        for part, part_shape in self.parts_of(shape):
            part.checked(part_shape, dtype)
        return shape, dtype

    def check_shape(self, shape: Shape) -> None:
        """Raises a `ValueError` if the formula has no meaning for `shape`."""

    def check_dtype(self, shape: Shape, dtype: str) -> None:
        """Raises a `ValueError` if `dtype` cannot hold what the formula gives."""
        found = self.extent(shape)
        if found is not None:
            _checks.check_range(dtype, *found)

    def parts_of(self, shape: Shape) -> list[tuple[Initializer, Shape]]:
        """Initializers that draw parts of a weight, each with its part's shape."""
        return []

    def extent(self, shape: Shape) -> Interval | None:
        """Between which two numbers all entries lie, or None if that is not known."""
        return None

    def moments(self, shape: Shape) -> Moments | None:
        """Mean and standard deviation of all entries by the formula, or None."""
        return None

    def drawn_fans(self, shape: Shape) -> Fans | None:
        """`(fan_in, fan_out)` that a weight of a shape is scaled by, or None."""
        return None

    def with_fans(self, fan_in: float, fan_out: float) -> Initializer:
        """The initializer for one weight, whose layer tells these fans.

        Args:
            fan_in: Number of inputs that meet in one output, above 0.
            fan_out: Number of outputs that one input goes to, above 0.

        Returns:
            A copy that scales by these fans in place of those that the shape would
            tell, and whose config does not have them; itself if it scales by none or
            was given axes.
        """
        return self

    @property
    def given_seed(self) -> int | keras.random.SeedGenerator | None:
        """The seed that it was made with, or None."""
        return None

    def next_key(self) -> Key | None:
        """Key of the stream that the next call draws from, or None."""
        return streams.given_key()

    @property
    def is_formula(self) -> bool:
        """Whether `compute` says it all, as no subclass overrides `__call__`."""
        return type(self).__call__ is Initializer.__call__

    @_errors.named_by_class
    def values(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        """What a call would return, drawn from the stream of `key`.

        Args:
            ops: See `compute`.
            key: Key of a stream, which takes the place of the seed.
            shape: A checked shape.
            dtype: Name of a dtype that the backend stores.

        Returns:
            An array of `ops`, of that shape and dtype.
        """
        if self.is_formula:
            return self.compute(ops, key, shape, dtype)
        return ops.from_tensor(callables.draw(self, key, shape, dtype), dtype)

    @abc.abstractmethod
    def compute(self, ops: Ops, key: Key | Any, shape: Shape, dtype: str) -> Array:
        """The formula.

        Args:
            ops: What runs it, see `keras_inits.draws`.
            key: Key of the stream to draw from, for `keras_inits.draws`; None for
                an initializer without a seed.
            shape: A checked shape.
            dtype: Name of a dtype that the backend stores.

        Returns:
            An array of `ops`, of that shape and dtype.
        """

    @_errors.named_by_class
    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments as JSON values.

        Keyword-only ones, which a class of Keras' name has beyond Keras' own, are left
        out at their defaults: Keras' class then takes the config as well.
        """
        return {
            name: _to_json(name, self._argument(name))
            for name, parameter in parameters_of(type(self)).items()
            if parameter.kind is not parameter.KEYWORD_ONLY
            or _differs(self._argument(name), parameter.default)
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Makes an initializer from what `get_config` returned."""
        if not isinstance(config, dict) or not all(isinstance(k, str) for k in config):
            rule = "a dict of the constructor's arguments"
            with _errors.named(cls.__name__):
                _errors.raise_bad_value("config", rule, config)
        return cls(**config)

    def _argument(self, name: str) -> Any:
        return getattr(self, name)

    def __repr__(self) -> str:
        parameters = parameters_of(type(self)).items()
        given = [
            f"{name}={_convert.short_text(self._argument(name))}"
            for name, parameter in parameters
            if _differs(self._argument(name), parameter.default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"


def _to_json(name: str, value: Any) -> Any:
    """An argument as JSON values; arrays as nested lists, alike on any backend."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, int) and value.bit_length() > _checks.LONGEST_INTEGER:
        return hex(value)  # which JSON can hold, and `_checks.seed` reads
    try:
        return keras.saving.serialize_keras_object(value)
    except Exception as error:
        rule = "what Keras can save, for there to be a config"
        return _errors.raise_bad_value(name, rule, value, _errors.reason(error))


def _differs(value: Any, default: object) -> bool:
    """Whether an argument is worth showing; arrays always are."""
    return getattr(value, "shape", ()) != () or bool(value != default)


class RandomInitializer(Initializer):
    """Base of the initializers that draw.

    Args:
        seed: An integer of any size and sign, a `keras.random.SeedGenerator`,
            or None. With an integer every call returns the same values, and all
            initializers with that integer draw from one stream: their values are
            not independent, so give each weight an integer of its own. None
            takes a fresh seed from Python's `random` once, so
            `keras.utils.set_random_seed` fixes it. A seed generator gives new
            values at each call.
    """

    dtypes = _checks.FLOAT_DTYPES

    def __init__(self, seed: Seed = None) -> None:
        rule = _checks.SEED_RULE
        seed = _checks.deserialize("seed", rule, seed)
        # Keras' name for it, which its classes' methods read.
        self._init_seed = _checks.check_seed(seed)
        self.seed = streams.seed_or_fresh(self._init_seed)

    @property
    def given_seed(self) -> int | keras.random.SeedGenerator | None:
        """The seed that it was made with, or None."""
        return self._init_seed

    def next_key(self) -> Key:
        """Key for the seed; a seed generator moves on by one."""
        given = super().next_key()
        if given is not None:
            return given
        if isinstance(self.seed, keras.random.SeedGenerator):
            return streams.from_state(*self._next_state())
        return streams.from_seed(self.seed)

    @_errors.named_by_class
    def _next_state(self) -> tuple[int, ...]:
        if _backend.is_tracing():
            _errors.raise_bad_argument(
                "seed",
                "be an integer or None inside a traced function",
                "a keras.random.SeedGenerator, whose state cannot move on there",
                "Call the initializer outside the function, or give it an integer.",
            )
        return streams.next_state(self.seed)

    def _argument(self, name: str) -> Any:
        return self._init_seed if name == "seed" else getattr(self, name)
