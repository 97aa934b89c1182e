"""`lsuv` and `data_scale`: the sizes they reach, the start, what they leave."""

import math

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from keras_inits.diagnostics import data_dependent, data_scale, diagnose, lsuv
from keras_inits.model.addresses import addresses
from tests.diagnostics.networks import (
    assert_same_state,
    branched,
    normal,
    plain,
    product,
    root_mean_square,
    set_kernels,
    state,
)
from tests.interrupts import interrupted_at
from tests.support import (
    ELEMENTARY,
    ROUNDING,
    SIGMAS,
    as_float64,
    assert_orthonormal,
    raises_exactly,
)


def kernel(model, name):
    return _backend.to_numpy(model.get_layer(name).kernel).astype("float64")


def pre_activations(model, x):
    """Outputs before the activation, layer by layer, for plain tanh networks.

    Returns:
        A list with, for each layer, these values in double precision, and the
        tolerance of their variance or mean square in float32, as a share of it: a
        single rescaling is exact up to the rounding of products. Errors e of
        values v change the mean of v**2 by at most twice the root of the mean
        squares of both, by Cauchy and Schwarz.
    """
    found, signal, error = [], x.astype("float64"), np.zeros(x.shape)
    for layer in model.layers:
        values, error = product(signal, error, kernel(model, layer.name))
        found.append((values, SIGMAS * 2 * root_mean_square(error) / values.std()))
        signal, error = np.tanh(values), np.sqrt(error**2 + ELEMENTARY**2)
    return found


def power(layer):
    """Mean square of a layer's output."""
    return layer.signal.mean**2 + layer.signal.stddev**2


def once_scaled(row, power):
    """How far a variance that was brought to 1 in one step is from 1, in float32.

    The outputs h k of n inputs of mean square `power` and a column k of length 1 are
    computed twice, each time with errors as `product` has them, and the scaled kernel
    is rounded. By Cauchy and Schwarz |h| |k| has at most the mean square n power.
    """
    n = math.prod(row.shape[:-1])
    errors = (2 * math.sqrt(2 * n) + 1) * ROUNDING * math.sqrt(n * power / row.before)
    return 2 * SIGMAS * errors


def test_lsuv_gives_every_layer_unit_variance():
    model, x = plain("tanh"), normal((24, 16), 0.2)

    report = lsuv(model, x, seed=5)

    assert report.converged
    for row, (values, exact) in zip(
        report.layers, pre_activations(model, x), strict=True
    ):
        # What is not within the tolerance at the start is brought to 1 exactly.
        assert abs(values.var() - 1.0) < (exact if row.tries else 0.1 + exact)
        assert row.after == pytest.approx(values.var(), rel=exact)


def test_lsuv_starts_from_orthonormal_kernels():
    model = plain("tanh")

    report = lsuv(model, normal((24, 16), 0.2), seed=5)

    for row, layer in zip(report.layers, model.layers, strict=True):
        # The scaled kernel is rounded once more.
        assert_orthonormal(kernel(model, layer.name) / row.scale, roundings=1)


def test_lsuv_is_a_function_of_the_seed():
    model, other, x = plain("tanh"), plain("tanh"), normal((24, 16))

    lsuv(model, x, seed=5)
    first = state(model)
    lsuv(model, x, seed=6)
    assert any((state(model)[path] != values).any() for path, values in first.items())
    lsuv(other, x, seed=5)
    lsuv(model, x, seed=5)

    assert_same_state(first, state(model))
    assert_same_state(first, state(other))


def test_lsuv_without_tries_leaves_the_orthonormal_start():
    model = plain("tanh")

    report = lsuv(model, normal((24, 16), 0.2), seed=5, max_tries=0)

    expected = plain("tanh")
    keras_inits.initialize(expected, {"kernel": keras_inits.Orthogonal()}, seed=5)
    assert keras_inits.fingerprint(model) == keras_inits.fingerprint(expected)
    assert [row.tries for row in report.layers] == [0, 0, 0]
    assert not report.layers[0].converged


def test_the_loop_ends_as_the_paper_has_it():
    # Variance 0.95 is within 0.1 and stays; with 0.01 it takes one step.
    model, x = plain(None, depth=1), normal((24, 16))
    set_kernels(model, lambda shape: 1.0)
    ((values, exact),) = pre_activations(model, x)
    size = values.var()
    model.layers[0].kernel.assign(kernel(model, "l0") * np.sqrt(0.95 / size))

    loose = data_scale(model, x)
    strict = data_scale(model, x, tolerance=0.01)

    assert (loose.layers[0].tries, loose.layers[0].scale) == (0, 1.0)
    assert loose.layers[0].before == pytest.approx(0.95, rel=exact)
    assert strict.layers[0].tries == 1
    assert strict.layers[0].scale == pytest.approx(1 / np.sqrt(0.95), rel=exact)


def test_the_variance_of_a_bias_takes_more_tries():
    # var(W x / s + b) reaches 1 only in the limit: the loop repeats.
    model, x = plain(None, depth=1), normal((24, 16))
    set_kernels(model, lambda shape: 3.0)
    model.layers[0].bias.assign(normal((32,), 0.9, seed=7))

    report = data_scale(model, x, tolerance=1e-4, max_tries=10)

    assert 1 < report.layers[0].tries <= 10


@pytest.mark.parametrize(
    ("target", "size"),
    [("variance", np.var), ("mean_square", lambda values: np.mean(values**2))],
)
def test_data_scale_changes_the_scale_alone(target, size):
    model, x = plain("tanh"), normal((24, 16)) + np.float32(1.0)
    set_kernels(model, lambda shape: 0.02)
    before = [kernel(model, layer.name) for layer in model.layers]

    report = data_scale(model, x, target)

    for old, row, layer, (values, exact) in zip(
        before, report.layers, model.layers, pre_activations(model, x), strict=True
    ):
        assert size(values) == pytest.approx(1.0, rel=exact)
        ratio = kernel(model, layer.name) / old
        # Rounded once to float32; the factor and the ratio are in double precision.
        np.testing.assert_allclose(ratio, row.scale, rtol=1.001 * ROUNDING, atol=0)


# Keras' NumPy backend convolves by JAX, whose arrays NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
def test_branches_nested_models_and_shared_layers_are_scaled_once():
    model = branched()
    x = normal((6, 8, 8, 2))

    report = lsuv(model, x, seed=1)

    assert sorted(row.weight for row in report.layers) == [
        "block/head/kernel",
        "shared/kernel",
        "stem/kernel",
    ]
    assert report.left == []
    seen = diagnose(model, x)
    inputs = {
        "stem/kernel": np.mean(x.astype("float64") ** 2),
        # Called on both; the larger one bounds the first.
        "shared/kernel": max(power(seen["left"]), power(seen["stem"])),
        "block/head/kernel": power(seen["block/pool"]),
    }
    start = branched()
    keras_inits.initialize(start, {"kernel": keras_inits.Orthogonal()}, seed=1)
    kernels, starts = (
        {address: as_float64(v) for address, _, v in addresses(network)}
        for network in (model, start)
    )
    for row in report.layers:
        expected = (starts[row.weight] * row.scale).astype("float32")
        np.testing.assert_array_equal(kernels[row.weight], expected)
        exact = once_scaled(row, inputs[row.weight])
        assert (row.tries, row.after) == (1, pytest.approx(1.0, rel=0, abs=exact))


def test_only_kernels_are_changed():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(7, 6, name="table"),
            layers.Dense(4, name="dense", bias_initializer="ones"),
            layers.BatchNormalization(name="norm"),
        ],
        name="words",
    )
    before = state(model)

    report = lsuv(model, np.arange(40).reshape(8, 5) % 7, seed=3)

    assert report.left == ["table/embeddings"]
    after = state(model)
    changed = [path for path in after if (after[path] != before[path]).any()]
    assert [path.split("/", 1)[1] for path in changed] == ["dense/kernel"]
    assert "left as they are: table/embeddings" in str(report)


def test_an_activation_that_is_a_layer_is_looked_through():
    model = keras.Sequential(
        [
            keras.Input((16,)),
            keras.layers.Dense(32, keras.layers.LeakyReLU(), name="l0"),
        ]
    )
    x = normal((24, 16))

    lsuv(model, x, seed=2)

    ((values, exact),) = pre_activations(model, x)
    assert abs(values.var() - 1.0) < 0.1 + exact  # the tolerance that it has by default
    assert isinstance(model.layers[0].activation, keras.layers.LeakyReLU)


def test_a_layer_without_signal_is_refused_and_nothing_changed():
    model = plain("relu")
    set_kernels(model, lambda shape: 0.1)
    model.layers[0].bias.assign(np.full(32, -100.0, "float32"))
    before = state(model)

    with raises_exactly(
        "data_scale: Argument `model` must put out a signal of finite size in every "
        "layer, got a variance of 0 at 'l1/kernel', which no scale brings to 1."
    ):
        data_scale(model, normal((24, 16)))
    assert_same_state(before, state(model))
    assert not any("call" in vars(layer) for layer in model.layers)


def test_the_report_is_plain_data():
    report = data_scale(plain("tanh"), normal((24, 16)))

    data = report.to_dict()
    assert list(data) == ["model", "target", "layers", "left", "source"]
    assert data["layers"][0]["weight"] == "l0/kernel"
    assert data["layers"][0]["shape"] == [16, 32]
    assert "l0/kernel" in str(report)


STRIDE = 7  # of the places of a pass; each place of the storing is tried


def test_an_interrupt_in_the_pass_changes_nothing():
    model, x = plain("tanh", depth=1), normal((24, 16), 0.2)
    before = state(model)
    place = 0
    files = ["diagnostics/data_dependent.py", "diagnostics/capture.py"]

    while interrupted_at(place, lambda: lsuv(model, x), files) is not None:
        assert_same_state(before, state(model))
        assert not any("call" in vars(layer) for layer in model.layers)
        place += STRIDE

    assert place > 100
    moved = state(model)
    assert any((before[path] != moved[path]).any() for path in before)


def test_an_interrupt_in_the_storing_changes_nothing():
    model = plain("tanh", depth=3)
    before = state(model)
    kernels = [layer.kernel for layer in model.layers]
    pairs = [(kernel, np.zeros(tuple(kernel.shape), "float32")) for kernel in kernels]
    place = 0

    def store():
        return data_dependent._store(pairs, None)

    while interrupted_at(place, store, ["diagnostics/data_dependent.py"]) is not None:
        assert_same_state(before, state(model))
        place += 1

    assert place >= 3 * len(kernels)
    assert not any(values.any() for values in state(model).values())


def test_a_kernel_that_cannot_be_stored_leaves_all_as_they_were():
    model = plain("tanh", depth=2)
    before = state(model)
    first, second = (layer.kernel for layer in model.layers)
    pairs = [(first, np.zeros(tuple(first.shape))), (second, np.zeros((1, 2, 3)))]

    with pytest.raises(ValueError, match="shape"):
        data_dependent._store(pairs, None)

    assert_same_state(before, state(model))


@pytest.mark.parametrize("call", [lsuv, data_scale])
def test_a_kernel_that_takes_no_values_is_named_and_not_the_data(call, monkeypatch):
    model = plain("tanh", depth=2)
    before = state(model)

    def assign(self, value):
        raise RuntimeError("no room for it\nat all")

    with monkeypatch.context() as patch:
        patch.setattr(keras.Variable, "assign", assign)
        with raises_exactly(
            f"{call.__name__}: Argument `model` must take new values for its kernels, "
            "got RuntimeError at 'l0/kernel'. The reason: no room for it"
        ):
            call(model, normal((64, 16), seed=3))

    assert_same_state(before, state(model))
