"""Which weight a rule chooses, and what is said of malformed ones."""

import functools
import re

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.model import initialize
from tests.model.models import assert_same, changed, dense, mixed, values
from tests.support import raises_exactly

layers = keras.layers


def chosen(model, key):
    """Addresses that a rule with the key sets."""
    report = initialize(model, {key: lambda layer, variable: "ones"}, dry_run=True)
    return [row.address for row in report.drawn]


def test_a_class_chooses_the_weights_of_its_layers_and_of_their_parts():
    model = mixed()
    kernels = ["query", "key", "value", "attention_output"]
    expected = [f"attention/{k}/{w}" for k in kernels for w in ("kernel", "bias")]
    assert chosen(model, layers.MultiHeadAttention) == expected
    assert len(chosen(model, layers.LSTM)) == 6
    assert chosen(model, layers.Dense) == ["head/kernel", "head/bias"]
    assert len(chosen(model, layers.Layer)) == len(model.trainable_weights)


def test_a_subclass_is_chosen_by_its_parents_class():
    class Mine(layers.Dense):
        pass

    model = keras.Sequential([keras.Input((3,)), Mine(2, name="mine")])
    assert chosen(model, layers.Dense) == ["mine/kernel", "mine/bias"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("bias", ["first/bias", "second/bias", "head/bias"]),
        ("first/*", ["first/kernel", "first/bias"]),
        ("*d/kernel", ["second/kernel", "head/kernel"]),
        ("head/bias", ["head/bias"]),
        ("[fs]*/bias", ["first/bias", "second/bias"]),
        (re.compile("^(first|head)/k"), ["first/kernel", "head/kernel"]),
        (lambda layer, variable: layer.name == "head", ["head/kernel", "head/bias"]),
    ],
    ids=["role", "glob", "inner glob", "address", "set", "regex", "function"],
)
def test_keys_choose_by_role_address_or_function(key, expected):
    assert chosen(dense(), key) == expected


@pytest.mark.parametrize(
    "value",
    [
        "ones",
        keras_inits.Ones,
        keras_inits.Ones(),
        keras.initializers.Ones(),
        {"class_name": "Ones", "config": {}},
        {"bias": "ones", "kernel": keras_inits.Ones()},
        lambda layer, variable: keras_inits.Ones(),
        {"kernel": lambda layer, variable: "ones", "bias": "ones"},
    ],
    ids=range(8),
)
def test_values_may_be_given_in_every_way(value):
    model = dense(["head"])
    initialize(model, {"head/*": value})
    assert all(np.all(array == 1.0) for array in values(model).values())


def _ones(shape, dtype=None):
    return keras.ops.ones(shape, dtype)


@pytest.mark.parametrize(
    "value",
    [
        _ones,
        lambda shape, dtype: keras.ops.ones(shape, dtype),
        lambda s, d=None, **more: keras.ops.ones(s, d),
        lambda shape, **more: keras.ops.ones(shape),
        functools.partial(_ones, dtype="float32"),
        1,
        1.0,
        np.float32(1.0),
        np.ones(8),
        [1.0] * 8,
        lambda layer, variable: 1.0,
        lambda layer, variable: _ones,
        lambda one, other: np.ones(8),
    ],
    ids=range(13),
)
def test_functions_of_a_shape_numbers_and_arrays_are_initializers(value):
    model = dense(["head"])
    initialize(model, {"head/bias": value, "head/kernel": {"kernel": value}})
    assert all(np.all(array == 1.0) for array in values(model).values())


def test_a_tensor_is_a_constant():
    model = dense(["head"])
    initialize(model, {"head/bias": keras.ops.arange(8, dtype="float32")})
    assert values(model)["head/bias"].tolist() == list(range(8))


@pytest.mark.parametrize("value", [lambda *args: "ones", lambda: "ones", max])
def test_a_function_that_could_be_either_is_refused(value):
    model = dense()
    before = values(model)
    with raises_exactly(
        "initialize: Argument `rules` must be values whose signature tells a function "
        f"(layer, variable) from an initializer (shape, dtype=None), got {value!r}. "
        "Wrap it in a function that names its parameters so."
    ):
        initialize(model, {"kernel": value})
    assert_same(before, values(model))


@pytest.mark.parametrize("function", [initialize, keras_inits.reinitialize])
@pytest.mark.parametrize("value", [None, {"kernel": None, "bias": None}])
def test_a_rule_of_none_keeps_its_weights(function, value):
    model = dense()
    before = values(model)
    rules = [("second/*", value), ("first/*", lambda layer, variable: None)]
    report = function(model, rules=[*rules, ("kernel", "ones")], seed=1)
    after = values(model)
    assert not any(key.startswith("second") for key in changed(before, after))
    assert np.all(after["first/kernel"] == 1.0)
    assert np.all(after["head/kernel"] == 1.0)
    assert report["second/kernel"].initializer is None
    assert report["second/kernel"].note == "kept by a rule"


def test_the_first_rule_that_has_something_wins():
    model = dense()
    report = initialize(
        model,
        [
            ("first/*", {"kernel": "zeros"}),
            ("second/kernel", lambda layer, variable: None),
            ("kernel", "ones"),
            (layers.Dense, "he_normal"),
        ],
    )
    assert [row.initializer for row in report.weights] == [
        *("Zeros()", "HeNormal()", "Ones()", "HeNormal()", "Ones()", "HeNormal()")
    ]


def test_what_no_rule_chooses_stays_as_it_is():
    model = dense()
    before = values(model)
    report = initialize(model, {"first/kernel": "he_normal"})
    assert changed(before, values(model)) == ["first/kernel"]
    assert {row.note for row in report.left_alone} == {"no rule"}


def test_an_object_of_keras_own_class_draws_our_stream():
    one, other = dense(), dense()
    initialize(one, {"kernel": keras.initializers.HeNormal()}, seed=1)
    initialize(other, {"kernel": keras_inits.HeNormal()}, seed=1)
    before = [v for k, v in values(one).items() if "kernel" in k]
    after = [v for k, v in values(other).items() if "kernel" in k]
    np.testing.assert_array_equal(before, after)


def test_a_foreign_initializer_is_called_with_a_seed_of_its_own():
    class Mine(keras.initializers.Initializer):
        def __init__(self, seed=None):
            self.seed = seed

        def __call__(self, shape, dtype=None):
            return keras.ops.full(shape, float((self.seed or 0) % 1000), dtype=dtype)

        def get_config(self):
            return {"seed": self.seed}

    one, other = dense(), dense()
    for model in (one, other):
        initialize(model, {"kernel": Mine()}, seed=1)
    found = [array.flat[0] for k, array in values(one).items() if "kernel" in k]
    assert len(set(found)) == 3
    after = [array.flat[0] for k, array in values(other).items() if "kernel" in k]
    assert found == after


ADDRESSES = "'first/kernel', 'first/bias', 'second/kernel'"


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (
            {"kernl": "zeros"},
            "initialize: The rule 'kernl' matches no weight of the model. Nearest are "
            "'kernel', 'head/kernel', 'first/kernel'. Correct it, or pass "
            "strict=False.",
        ),
        (
            {"frist/*": "zeros"},
            "initialize: The rule 'frist/*' matches no weight of the model. Nearest "
            "are 'first/bias', 'first/kernel'. Correct it, or pass strict=False.",
        ),
        (
            {re.compile("xyz"): "zeros"},
            "initialize: The rule re.compile('xyz') matches no weight of the model. "
            f"Nearest are {ADDRESSES}. Correct it, or pass strict=False.",
        ),
        (
            {layers.Conv2D: "zeros"},
            "initialize: The rule Conv2D matches no weight of the model. Nearest are "
            "'Functional', 'Dense'. Correct it, or pass strict=False.",
        ),
        (
            {layers.Dense: {"kernel": "zeros", "bais": "zeros"}},
            "initialize: The rule Dense: 'bais' matches no weight of the model. "
            "Nearest are 'bias', 'beta'. Correct it, or pass strict=False.",
        ),
        (
            {"*": "zeros", "bias": "ones"},
            "initialize: The rule 'bias' matches only weights that earlier rules set, "
            "such as 'first/bias'. Correct it, or pass strict=False.",
        ),
        (
            {"*": "zeros", layers.Dense: {"bias": "ones"}},
            "initialize: The rule Dense matches only weights that earlier rules set, "
            "such as 'first/bias'. Correct it, or pass strict=False.",
        ),
        (
            {"*": "zeros", "beta": "ones"},
            "initialize: The rule 'beta' matches no weight of the model. Nearest are "
            "'bias'. Correct it, or pass strict=False.",
        ),
        (
            {"kernel": "he_norml"},
            "initialize: Argument `rules` must be the name of an initializer, got "
            "'he_norml'. Did you mean 'he_normal'?",
        ),
        (
            {"kernel": {1, 2}},
            "initialize: Argument `rules` must be values that are initializers, "
            "numbers, arrays, None, mappings from the names of weights to these, or "
            "functions of layer and variable, got {1, 2}.",
        ),
        (
            {"kernel": {1: "zeros"}},
            "initialize: Argument `rules` must be a mapping from the names of weights "
            "to initializers, got {1: 'zeros'}.",
        ),
        (
            {"kernel": lambda layer, variable: {1, 2}},
            "initialize: Argument `rules` must be an initializer, its name or its "
            "config, got {1, 2}.",
        ),
        (
            {3: "zeros"},
            "initialize: Argument `rules` must be keyed by layer classes, names of "
            "weights, globs or regular expressions on addresses, or functions of "
            "layer and variable, got 3.",
        ),
        (
            "he_normal",
            "initialize: Argument `rules` must be a mapping or a sequence of pairs "
            "(key, value), got 'he_normal'. To set every kernel write "
            '{"kernel": "he_normal"}.',
        ),
        (
            keras_inits.HeNormal(seed=1),
            "initialize: Argument `rules` must be a mapping or a sequence of pairs "
            "(key, value), got HeNormal(seed=1). To set every kernel write "
            '{"kernel": ...}.',
        ),
        (
            {"class_name": "HeNormal", "config": {}},
            "initialize: Argument `rules` must be a mapping or a sequence of pairs "
            "(key, value), got {'class_name': 'HeNormal', 'config': {}}. To set every "
            'kernel write {"kernel": ...}.',
        ),
        (
            ["he_normal"],
            "initialize: Argument `rules` must be a mapping or a sequence of pairs "
            "(key, value), got 'he_normal'.",
        ),
        (
            {"bias": "zeros", "kernel": "dirac"},
            "initialize: The weight 'first/kernel' cannot be drawn by Dirac(): Dirac: "
            "Argument `shape` must be of rank 3 or 4 or 5, got (8, 8). For the kernel "
            "of Dense use Identity.",
        ),
    ],
    ids=range(18),
)
def test_a_refused_call_says_why_and_leaves_the_model_as_it_was(rules, text):
    model = dense()
    before = values(model)
    with raises_exactly(text):
        initialize(model, rules, seed=1)
    assert_same(before, values(model))


def test_without_strict_a_rule_may_choose_nothing():
    model = dense()
    initialize(model, {layers.Conv2D: "zeros", "bias": "ones"}, strict=False)
    assert np.all(values(model)["head/bias"] == 1.0)


def test_a_role_that_keras_knows_may_be_absent():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, use_bias=False)])
    initialize(model, {layers.Dense: {"kernel": "ones", "bias": "zeros"}})
    assert np.all(values(model)["dense/kernel"] == 1.0)


def test_a_foreign_initializer_of_the_wrong_shape_is_refused():
    model = dense()
    before = values(model)

    def wrong(shape, dtype=None):
        return keras.ops.zeros((2,), dtype=dtype)

    with raises_exactly(
        "initialize: The weight 'first/kernel' cannot be drawn by wrong: wrong: "
        "Argument `shape` must be the shape (8, 8) asked for, got (2,)."
    ):
        initialize(model, {"kernel": lambda layer, variable: wrong})
    assert_same(before, values(model))
