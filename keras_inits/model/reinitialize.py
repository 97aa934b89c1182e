"""`reinitialize`: a model as freshly built, without building it."""

import keras
import numpy as np

from keras_inits import _backend, _checks
from keras_inits.engine import streams
from keras_inits.model import optimizers, plan
from keras_inits.model import rules as rule_book
from keras_inits.model.addresses import layers_of, require_built
from keras_inits.model.configured import configured, is_statistic
from keras_inits.model.initialize import first, ruled_step
from keras_inits.model.rehearsal import heard

OWNER = "reinitialize"


def _heard(weight, rehearsals):
    """What the layer's `build` gives a weight, each layer rehearsed once, or None."""
    layer = weight.layer
    if id(layer) not in rehearsals:
        rehearsals[id(layer)] = heard(layer)
    found = rehearsals[id(layer)].get(id(weight.variable))
    return None if found is None else rule_book.as_initializer(OWNER, found)


def _step(weight, initializer, rehearsals):
    """The step for a weight, or None if nothing tells its initializer."""
    note = plan.left_alone_because(weight)
    if not note and initializer is not None:
        return ruled_step(OWNER, weight, initializer)
    if not note and is_statistic(weight):
        note = "learned from data"
    fans = plan.fans_for(weight)
    if note:
        return plan.Step(weight, fans, note=note)
    initializer = configured(OWNER, weight) or _heard(weight, rehearsals)
    if initializer is None:
        return None
    plan.check(OWNER, weight, initializer)
    return plan.Step(weight, fans, initializer)


def _seed_generators(model):
    """The seed generators of a model's layers, each once."""
    found = {}
    for layer in layers_of(model):
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                found[id(value)] = value
    return list(found.values())


def _reset_seed_generators(model, seed):
    """Sets the states as they are when built: the seed, and no draw made."""
    for place, generator in enumerate(_seed_generators(model)):
        start = generator.get_config().get("seed")
        if start is None:
            key = streams.from_address(seed, f"seed generator {place}")
            start = 1 + key[0] % 10**9  # the range from which Keras takes one
        generator.state.assign(np.array([start, 0], "uint32"))


@_backend.outside_traces
def reinitialize(model, seed=None, *, rules=None, optimizer=False, dry_run=False):
    """Gives a built model the weights of a fresh build, in place.

    ```python
    for fold in range(5):
        keras_inits.reinitialize(model, seed=fold, optimizer=True)
        model.fit(...)  # compiled once
    ```

    Each weight is drawn by the initializer that its layer was configured with, in
    the way the layer's `build` does it: ones for an LSTM's forget gate, the axes
    that EinsumDense gives its kernel, BatchNormalization's moving statistics. A layer
    that keeps no initializer for a weight is made once more, from its config or
    its attributes, to hear what it passes to `add_weight`.
    Weights that are not trainable are drawn too. The states of the layers' seed
    generators (Dropout) start again. Integer and quantised weights, and what a
    Normalization layer learned from data, are left alone and listed.

    The law of a weight is that of a new build, its values come from the seed and
    its address, as in `initialize`. A seed in a layer's initializer does not
    count, for it would repeat the weights.

    Args:
        model: A built Keras model or layer.
        seed: An integer of any size and sign, or None for a fresh one from
            Python's `random`.
        rules: Rules that come before what the layers say, see `initialize`.
        optimizer: Whether to reset the optimizer that the model is compiled with
            too: its state and step count, not its learning rate.
        dry_run: Whether to draw and report only.

    Returns:
        A `Report`, see `initialize`.

    Raises:
        ValueError: If the model is not built, if a layer does not tell a weight's
            initializer and no rule does, if a rule is malformed or chooses
            nothing, or if the optimizer is not one of Keras' own.
    """
    require_built(OWNER, model)
    seed = _checks.seed_of_call(OWNER, seed)
    parsed = rule_book.parse(OWNER, rules or (), model)
    weights = rule_book.weights_of(model)
    ruled = [first(parsed, weight) for weight in weights]
    for rule in parsed:
        rule.require_used(weights, "Correct it or leave it out.")
    rehearsals: dict[int, dict] = {}
    steps = [_step(*pair, rehearsals) for pair in zip(weights, ruled, strict=True)]
    unknown = [w for w, step in zip(weights, steps, strict=True) if step is None]
    if unknown:
        found = [(weight.address, type(weight.layer).__name__) for weight in unknown]
        _checks.cannot_tell(OWNER, found)
    values = optimizers.initial_values(OWNER, model) if optimizer else []
    made = plan.Plan(OWNER, model, steps, seed, own_seeds=False)
    report = made.carry_out(dry_run=dry_run)
    if not dry_run:
        _reset_seed_generators(model, made.seed)
        optimizers.assign(values)
    return report
