"""`reinitialize`: a model as freshly built, without building it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import keras
import numpy as np

from keras_inits import _backend, _checks, _errors
from keras_inits._types import Integer, Rules
from keras_inits.engine import streams
from keras_inits.model import account, optimizers, plan, replica
from keras_inits.model import rules as rule_book
from keras_inits.model.addresses import layers_of, require_weights
from keras_inits.model.configured import configured, is_statistic
from keras_inits.model.initialization import first, ruled_step
from keras_inits.model.report import InitializationReport
from keras_inits.model.rules import Weight

LONGEST_LIST = 8  # of weights that an error names


def _is_frozen(weight: Weight) -> bool:
    """Whether a weight is one that `fit` does not train for it was frozen.

    Its layer is frozen, or the whole model; or the weight itself, as the kernel of a
    layer with LoRA. A layer inside a frozen one that was thawed is trained.
    """
    if not weight.layer.trainable or not weight.holders[0].trainable:
        return True
    # Keras files a weight by what it was when it was made, in a private list; without
    # it a frozen weight of a layer that is not counts as one that never trained.
    born_trainable = getattr(weight.layer, "_trainable_variables", ())
    return not weight.variable.trainable and any(
        variable is weight.variable for variable in born_trainable
    )


def _step(
    weight: Weight, initializer: Any, replicas: replica.Replicas, frozen: bool
) -> tuple[plan.Step | None, str]:
    """The step for a weight; its note is the reason if nothing tells its initializer.

    Returns:
        A pair of a `plan.Step`, or None, and the reason.
    """
    note = plan.left_alone_because(weight)
    if not note and initializer is rule_book.KEEP:
        note = "kept by a rule"
    if not note and not frozen and _is_frozen(weight):
        note = "frozen"
    if not note and initializer is not None:
        return ruled_step(weight, initializer), ""
    if not note and is_statistic(weight):
        note = "learned from data"
    fans = weight.fans
    if note:
        return plan.Step(weight, fans, note=note), ""
    initializer = configured(weight)
    if initializer is None:
        recorded = replicas.initializer(weight)
        if isinstance(recorded, Exception):
            return None, replica.reason(recorded)
        initializer = rule_book.as_initializer(recorded)
    plan.check(weight, initializer)
    return plan.Step(weight, fans, initializer), ""


def _require_thawed(
    parsed: Iterable[rule_book.Rule], weights: Iterable[Weight]
) -> None:
    """Refuses a rule that chooses frozen weights alone, for it would do nothing."""
    for rule in parsed:
        chosen = [weight for weight in weights if rule.chooses(weight)]
        keeps = all(rule.initializer(weight) is rule_book.KEEP for weight in chosen)
        if not keeps and all(map(_is_frozen, chosen)):
            _errors.raise_error(
                f"The rule {rule_book.describe(rule.key)} chooses only weights of "
                "frozen layers, which are left alone. Pass frozen=True to draw them, "
                "or leave the rule out."
            )


def _raise_unknown(found: list[tuple[str, str, str]]) -> NoReturn:
    """Refuses weights whose layers do not say how they were initialized.

    `found` has address, class of the layer and reason for each.
    """
    listed = found[:LONGEST_LIST]
    parts: dict[tuple[str, str], list[str]] = {}
    for address, layer, reason in listed:
        parts.setdefault((layer, reason), []).append(repr(address))
    places = "; ".join(
        f"{', '.join(addresses)} of {layer} ({reason})"
        for (layer, reason), addresses in parts.items()
    )
    more = f"; and {len(found) - len(listed)} more" if len(found) > len(listed) else ""
    rules = ", ".join(f"{address!r}: ..." for address, _, _ in listed)
    rules += ", ..." if more else ""
    _errors.raise_error(
        f"The layers do not tell the initializers of these weights: {places}{more}. "
        f"Say what they get, as in rules={{{rules}}}."
    )


def _seed_generators(model: keras.Layer) -> list[keras.random.SeedGenerator]:
    """The seed generators of a model's layers, each once."""
    found = {}
    for layer in layers_of(model):
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                found[id(value)] = value
    return list(found.values())


def _reset_seed_generators(model: keras.Layer, seed: int) -> None:
    """Sets the states as they are when built: the seed, and no draw made."""
    for place, generator in enumerate(_seed_generators(model)):
        start = generator.get_config().get("seed")
        if start is None:
            key = streams.from_address(seed, f"seed generator {place}")
            start = 1 + key[0] % streams.LARGEST_FRESH
        generator.state.assign(np.array([start, 0], "uint32"))


@_backend.outside_traces
@account.kept
def reinitialize(
    model: keras.Layer,
    seed: Integer | None = None,
    *,
    rules: Rules | None = None,
    frozen: bool = False,
    optimizer: bool = False,
    dry_run: bool = False,
) -> InitializationReport:
    """Gives a built model the weights of a fresh build, in place.

    ```python
    for fold in range(5):
        keras_inits.reinitialize(model, seed=fold, optimizer=True)
        model.fit(x, y)  # compiled once
    ```

    Each weight is drawn by the initializer that its layer was configured with, in
    the way the layer's `build` does it: ones for an LSTM's forget gate, the axes
    that EinsumDense gives its kernel, BatchNormalization's moving statistics. A layer
    that keeps no initializer for a weight is made once more, from its config or
    its attributes, to record what it passes to `add_weight`; where that fails, a
    layer around it is.

    Weights that never train are drawn too, as moving statistics. Frozen ones, those
    of layers with `trainable=False`, are left alone and listed, whatever the rules
    say, for they may be pretrained. So are integer and quantized weights, and what a
    Normalization layer learned from data. The states of the layers' seed generators
    (Dropout) start again.

    The distribution of a weight is that of a new build, its values come from the
    seed and its address, as in `initialize`. A seed in a layer's initializer does not
    count, for it would repeat the weights.

    Args:
        model: A built Keras model or layer.
        seed: An integer of any size and sign, or None for a fresh one from
            Python's `random`.
        rules: Rules that come before what the layers say, see `initialize`.
        frozen: Whether to draw the weights of frozen layers too.
        optimizer: Whether to reset the optimizer that the model is compiled with
            too: its state and step count, not its learning rate. That is done when
            the weights are set, and also when the call is cut short after some of
            them, so that no weight that is new goes with a state that is old.
        dry_run: Whether to draw and report only.

    Returns:
        An `InitializationReport`, see `initialize`.

    Raises:
        ValueError: If a part has no weights yet, if a layer does not tell a weight's
            initializer and no rule does, if a rule is malformed, chooses nothing or
            nothing that is not frozen, or if the optimizer is not one of Keras' own.
    """
    require_weights(model)
    seed = _checks.check_seed_of_call(seed)
    frozen = _checks.check_bool("frozen", frozen)
    optimizer = _checks.check_bool("optimizer", optimizer)
    dry_run = _checks.check_bool("dry_run", dry_run)
    parsed = rule_book.parse(() if rules is None else rules, model)
    weights = rule_book.weights_of(model)
    ruled = [first(parsed, weight) for weight in weights]
    for rule in parsed:
        rule.require_used(weights, "Correct it or leave it out.")
    if not frozen:
        _require_thawed(parsed, weights)
    replicas = replica.Replicas()
    found = [
        _step(*pair, replicas, frozen) for pair in zip(weights, ruled, strict=True)
    ]
    steps = [step for step, _ in found if step is not None]
    if len(steps) < len(found):
        unknown = [
            (weight.address, type(weight.layer).__name__, reason)
            for weight, (step, reason) in zip(weights, found, strict=True)
            if step is None
        ]
        _raise_unknown(unknown)
    values = optimizers.initial_values(model) if optimizer else []
    made = plan.Plan("reinitialize", model, steps, seed, own_seeds=False)

    def finish() -> None:
        _reset_seed_generators(model, made.seed)
        optimizers.assign(values)

    return made.carry_out(dry_run=dry_run, finish=finish)
