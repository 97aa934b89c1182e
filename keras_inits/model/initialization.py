"""`initialize`: a model's weights by rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from keras_inits import _backend, _checks
from keras_inits._types import Integer, Rules
from keras_inits.initializers.base import Initializer
from keras_inits.model import account, plan
from keras_inits.model import rules as rule_book
from keras_inits.model.addresses import require_weights
from keras_inits.model.report import InitializationReport
from keras_inits.model.rules import Weight


def first(parsed: Iterable[rule_book.Rule], weight: Weight) -> Any:
    """What the first rule that has something for a weight gives it, or None."""
    for rule in parsed:
        found = rule.initializer(weight)
        if found is not None:
            return found
    return None


def ruled_step(weight: Weight, initializer: Initializer) -> plan.Step:
    """The checked step that gives a weight what a rule says."""
    fans = weight.fans
    initializer = initializer.with_fans(*fans)
    plan.check(weight, initializer)
    return plan.Step(weight, fans, initializer)


def _step(weight: Weight, initializer: Any) -> plan.Step:
    note = plan.left_alone_because(weight)
    if not note and not weight.variable.trainable:
        note = "not trainable"
    if not note and initializer is None:
        note = "no rule"
    if not note and initializer is rule_book.KEEP:
        note = "kept by a rule"
    if note:
        return plan.Step(weight, weight.fans, note=note)
    return ruled_step(weight, initializer)


def planned(
    action: str, model: keras.Layer, rules: Rules, seed: int | None, *, strict: bool
) -> plan.Plan:
    """What `initialize` is about to do, all of it checked."""
    parsed = rule_book.parse(rules, model)
    weights = rule_book.weights_of(model)
    found = [first(parsed, weight) for weight in weights]
    if strict:
        for rule in parsed:
            rule.require_used(weights, "Correct it, or pass strict=False.")
    steps = [
        _step(weight, initializer)
        for weight, initializer in zip(weights, found, strict=True)
    ]
    return plan.Plan(action, model, steps, seed, own_seeds=True)


@_backend.outside_traces
@account.kept
def initialize(
    model: keras.Layer,
    rules: Rules,
    *,
    seed: Integer | None = None,
    dry_run: bool = False,
    strict: bool = True,
) -> InitializationReport:
    """Sets the weights of a built model in place, by rules.

    ```python
    report = keras_inits.initialize(
        model,
        {
            keras.layers.Embedding: keras_inits.ZeroRow("normal"),
            "head/*": "zeros",
            keras.layers.Dense: {"kernel": "he_normal", "bias": "zeros"},
        },
        seed=7,
    )
    print(report)
    ```

    The first rule that has an initializer for a weight wins, and a weight for
    which none has stays as it is. Initializers that scale by fans are told those
    of `fans_of`, unless they were given axes. A weight that is not trainable, not
    of a floating-point dtype or quantized is left alone and listed, and a shared
    weight is set once.

    A weight's values come from the seed and its address alone. An address is made
    of the names of the layers on the shortest way from the model to the weight's
    owner, the layer that made it, and of its name there; what Keras named is
    numbered from the front of the layer that it is in. So two processes agree, as do
    a model, its clone and its loaded copy, no two weights are equal by accident, and
    layers that are added, removed or moved change no weight of another layer whose
    name was chosen. Automatic names of one class are counted, so there a layer put
    in front moves the others' addresses. The name of a class at the front of its parts'
    names does not count, as in `encoder_dense` in a class `Encoder`: constructors put
    it there in some copies and not in others.

    Every rule is resolved and every initializer checked before the first weight
    is set, so a call that is refused leaves the model as it was. An error or an
    interrupt on the way carries a note of what was set. A seed generator moves on
    by one for the whole call.

    Args:
        model: A Keras model or layer whose parts have their weights; it need not
            have been built as a whole.
        rules: A mapping or a sequence of pairs. A key is

            - a class of layers: their weights and those of layers inside them, which
              are those that the address passes through, and the layers in the graph
              of a functional or sequential model. So the class of a head that reads
              an embedding's table, or holds a layer that stands elsewhere in the
              model, does not choose the weights of those;
            - a string: the name that a layer gives a weight ("kernel", "bias",
              "gamma", ...), or a glob on the address, where `*` passes `/` too;
            - a compiled regular expression, searched for in the address;
            - a function `(layer, variable) -> bool`.

            A value is one of

            - an initializer: an object, a class, a name, a config, or a function
              `(shape, dtype=None) -> tensor`, as everywhere in Keras;
            - a number or an array: every entry, or the entries;
            - None: the weight stays as it is, whatever later rules say;
            - a mapping from names of weights to such values;
            - a function `(layer, variable)` of a weight that returns an
              initializer, a number or an array, or None to leave the weight to
              the rules after it.

            The two kinds of functions are told apart by their parameters: one that
            needs two is of the last kind, unless they are called shape and dtype.
            A value applies to every weight that the key chooses, biases included.
            Somebody else's initializer draws from the weight's stream too, see
            `WeightReport.note` for what does not follow it.
        seed: An integer of any size and sign, or None. None takes the seed of
            the initializer where one was given, else a fresh one from Python's
            `random` for the call, so `keras.utils.set_random_seed` fixes it.
        dry_run: Whether to draw and report only.
        strict: Whether a rule that chooses no weight is an error.

    Returns:
        An `InitializationReport`: a row for each weight, with its fans, its
        initializer and the standard deviation that was drawn.

    Raises:
        ValueError: If a part of the model has no weights yet, a rule is malformed
            or, under `strict`, chooses nothing, or an initializer cannot draw its
            weight.
    """
    require_weights(model)
    seed = _checks.check_seed_of_call(seed)
    dry_run = _checks.check_bool("dry_run", dry_run)
    strict = _checks.check_bool("strict", strict)
    made = planned("initialize", model, rules, seed, strict=strict)
    return made.carry_out(dry_run=dry_run)
