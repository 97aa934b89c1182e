"""From rules to weights: all is checked first, then drawn and set one by one.

A plan holds, for every weight of a model, the initializer that it gets or the
reason why it is left alone. Making a plan touches nothing; carrying it out holds
one weight beyond the model at a time.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NoReturn

import keras
import numpy as np

from keras_inits import _backend, _checks, _errors
from keras_inits._types import Fans, Host, Key, Shape
from keras_inits.engine import moments, streams
from keras_inits.engine.ops import NUMPY
from keras_inits.initializers import callables
from keras_inits.initializers.base import Initializer
from keras_inits.model import account, report, rules


@dataclasses.dataclass
class Step:
    """What is to be done with one weight.

    Attributes:
        weight: The `rules.Weight`.
        fans: Its `(fan_in, fan_out)`, by `fans_of`.
        initializer: What draws it, or None to leave it alone.
        note: Why it is left alone, or what there is to know of its values.
        stddev: Standard deviation of what was drawn.
    """

    weight: rules.Weight
    fans: Fans
    initializer: Initializer | None = None
    note: str = ""
    stddev: float | None = None

    def row(self) -> report.WeightReport:
        """The step as a row of the report."""
        shown, fans = None, None
        if self.initializer is not None:
            shown = repr(self.initializer)
            fans = self.initializer.drawn_fans(self.weight.shape)
        fan_in, fan_out = fans or self.fans
        return report.WeightReport(
            address=self.weight.address,
            layer=type(self.weight.layer).__name__,
            shape=self.weight.shape,
            dtype=self.weight.dtype,
            fan_in=fan_in,
            fan_out=fan_out,
            initializer=shown,
            stddev=self.stddev,
            note=self.note,
        )


def left_alone_because(weight: rules.Weight) -> str:
    """Why a weight may not be drawn, or an empty string."""
    if getattr(weight.layer, "quantization_mode", None):
        return "quantized"
    if weight.dtype not in _checks.FLOAT_DTYPES:
        return f"dtype {weight.dtype}"
    return ""


def check(weight: rules.Weight, initializer: Initializer) -> None:
    """Refuses an initializer that cannot draw a weight."""
    try:
        initializer.checked(weight.shape, weight.dtype)
    except (ValueError, TypeError) as error:
        _raise_cannot_draw(weight, initializer, error)


def _raise_cannot_draw(
    weight: rules.Weight, initializer: Initializer, why: object
) -> NoReturn:
    _errors.raise_error(
        f"The weight {weight.address!r} cannot be drawn by {initializer!r}: {why}"
    )


class Plan:
    """Everything that a call is about to do.

    Args:
        action: Name of the public function, for messages.
        model: The model.
        steps: A list of `Step`, every one checked.
        seed: The call's seed, or None.
        own_seeds: Whether an initializer's own seed counts when `seed` is None.
    """

    def __init__(
        self,
        action: str,
        model: keras.Layer,
        steps: list[Step],
        seed: int | None,
        *,
        own_seeds: bool,
    ) -> None:
        self.action = action
        self.model = model
        self.steps = steps
        self.seed = streams.seed_or_fresh(seed)
        self.own_seeds = own_seeds and seed is None
        self.generators: dict[
            int, Any
        ] = {}  # id of a seed generator -> it and its seed

    def key(self, address: str, initializer: Initializer, dry_run: bool = False) -> Key:
        """Key of the stream that a weight is drawn from.

        A seed generator moves on by one for the call, unless the run is dry.
        """
        seed = self.seed
        own = initializer.given_seed if self.own_seeds else None
        if isinstance(own, keras.random.SeedGenerator):
            if id(own) not in self.generators:
                if dry_run:
                    words = tuple(_backend.to_numpy(own.state).tolist())
                else:
                    words = streams.next_state(own)
                self.generators[id(own)] = (
                    own,
                    words[0] & 0xFFFFFFFF | (words[1] & 0xFFFFFFFF) << 32,
                )
            seed = self.generators[id(own)][1]
        elif own is not None:
            seed = own
        return streams.from_address(seed, address)

    def carry_out(
        self, *, dry_run: bool, finish: Callable[[], object] = lambda: None
    ) -> report.InitializationReport:
        """Draws every weight and sets it, unless the run is dry.

        Args:
            dry_run: Whether to draw only.
            finish: Function that sets what goes with the weights, after them. If
                the call ends early it is called once some of them are set, so it
                may be called twice.

        Returns:
            An `InitializationReport`.
        """
        active = [(s, s.initializer) for s in self.steps if s.initializer is not None]
        entries = sum(math.prod(step.weight.shape) for step, _ in active)
        done = account.current() or account.Account(self.action)
        if not dry_run:
            done.open(len(active), self.seed, finish)
        with report.progress(self.action, entries) as advance:
            for step, initializer in active:
                self._draw(step, initializer, None if dry_run else done)
                advance(math.prod(step.weight.shape))
        if not dry_run:
            finish()
        rows = [step.row() for step in self.steps]
        return report.InitializationReport(
            self.action, self.model.name, self.seed, dry_run, rows
        )

    def _draw(
        self, step: Step, initializer: Initializer, done: account.Account | None
    ) -> None:
        """Draws a step's weight and, where an account is kept, sets it."""
        weight = step.weight
        key = self.key(weight.address, initializer, dry_run=done is None)

        def draw_from(key: Key) -> Host:
            return draw(initializer, key, weight.shape, weight.dtype)

        value = draw_from(key)
        if not initializer.is_formula:
            step.note = callables.remark(value, draw_from, key)
        _, step.stddev = moments.mean_and_stddev(value)
        if not math.isfinite(step.stddev) and not np.all(np.isfinite(value)):
            why = f"its values are not finite in {weight.dtype}."
            _raise_cannot_draw(weight, initializer, why)
        if done is not None:
            dtype = _backend.stored_dtype(weight.dtype)
            # One name for both, so that the array goes where the tensor is a copy.
            value = _backend.to_tensor(value, dtype)
            done.setting(weight.address)
            weight.variable.assign(value)
            done.was_set(weight.address)


def draw(initializer: Initializer, key: Key, shape: Shape, dtype: str) -> Host:
    """The values of a weight on the stream of `key`, as a NumPy array."""
    return initializer.values(NUMPY, key, shape, _backend.stored_dtype(dtype))
