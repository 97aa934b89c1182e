"""What theory says of each layer's standard deviation, and of what makes it fail."""

import itertools
import math

import keras
import mpmath
import numpy as np
import pytest
from scipy import integrate

from keras_inits import gains
from keras_inits.diagnostics import diagnose, diagnosis, theory
from tests.activations import FORMULAS
from tests.diagnostics import networks
from tests.support import (
    ELEMENTARY,
    EPSILON,
    IGNORE_KERAS_ARRAYS,
    ROUNDING,
    SIGMAS,
    as_float64,
    needs_gradients,
)

layers = keras.layers

# Those of PyTorch's names under Keras' default arguments, beside `FORMULAS`.
SELU = 1.0507009873554805, 1.6732632423543772
TORCH = {
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0),
    "selu": lambda x: SELU[0] * (x if x > 0 else SELU[1] * mpmath.expm1(x)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
}
ALL = {**FORMULAS, **TORCH}


def signs(shape, scale=1.0, seed=0):
    """Numbers of one size and either sign, whose squares have their mean exactly."""
    values = np.random.RandomState(seed).randint(0, 2, shape)
    return (scale * (2 * values - 1)).astype("float32")


def single(layer, shape, *, dtype="float32"):
    model = keras.Sequential([keras.Input(shape, dtype=dtype), layer])
    return model, model.layers[-1]


def test_every_activation_that_has_a_gain_has_a_formula():
    names = {*gains.NAMES} - {*gains.LINEAR} - {*gains.ALIASES}

    assert names == {*ALL} - {"linear"}


@pytest.mark.parametrize("name", ALL)
def test_a_unit_input_leaves_an_activation_as_its_integral_says(name):
    def formula(z):
        return float(ALL[name](mpmath.mpf(z)))

    def expectation(function):
        edges = [-14, -6, -3, -1, -0.5, 0, 0.5, 1, 3, 6, 14]
        return sum(
            integrate.quad(lambda z: function(z) * density(z), low, high)[0]
            for low, high in itertools.pairwise(edges)
        )

    def density(z):
        return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    model, dense = single(layers.Dense(64, name), (64,))
    dense.kernel.assign(signs((64, 64), 1 / 8))
    (row,) = diagnose(model, signs((16, 64), seed=1)).layers
    first, second = expectation(formula), expectation(lambda z: formula(z) ** 2)
    expected = second - first**2

    # The function is off by a few roundings of itself or of 1, and moves either moment
    # by at most twice as much of it.
    error = 4.0 * ELEMENTARY * 4.0 * (1.0 + second) / expected
    assert row.predicted_stddev == pytest.approx(math.sqrt(expected), rel=error)


CONVOLUTIONS = {
    "dense": (lambda: layers.Dense(5), (4, 6)),
    "einsum": (lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 5)), (4, 6)),
    "valid": (lambda: layers.Conv2D(5, 3), (7, 6, 4)),
    "same": (lambda: layers.Conv2D(5, 3, padding="same"), (7, 6, 4)),
    "even": (lambda: layers.Conv2D(5, (4, 2), padding="same"), (7, 6, 4)),
    "strides": (lambda: layers.Conv2D(5, 5, 2, padding="same"), (7, 6, 4)),
    "dilation": (
        lambda: layers.Conv2D(5, 3, padding="same", dilation_rate=2),
        (7, 6, 4),
    ),
    "groups": (lambda: layers.Conv2D(6, 3, padding="same", groups=2), (7, 6, 4)),
    "causal": (lambda: layers.Conv1D(5, 4, padding="causal"), (9, 4)),
    "causal strides": (lambda: layers.Conv1D(5, 4, 2, padding="causal"), (9, 4)),
    "volume": (lambda: layers.Conv3D(5, 3, padding="same"), (4, 5, 3, 2)),
    "depthwise": (lambda: layers.DepthwiseConv2D(3, padding="same"), (7, 6, 4)),
    "depthwise strides": (
        lambda: layers.DepthwiseConv2D(3, 2, padding="same", depth_multiplier=2),
        (7, 6, 4),
    ),
    "separable": (lambda: layers.SeparableConv2D(5, 3, padding="same"), (7, 6, 4)),
    "transposed": (lambda: layers.Conv2DTranspose(5, 3, 2), (4, 5, 3)),
    "transposed same": (
        lambda: layers.Conv2DTranspose(5, 4, 2, padding="same"),
        (4, 5, 3),
    ),
    "transposed apart": (lambda: layers.Conv2DTranspose(5, 2, 3), (4, 5, 3)),
}


@pytest.mark.filterwarnings(IGNORE_KERAS_ARRAYS)  # of Keras' NumPy backend
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_inputs_that_meet_in_an_output_are_counted_by_the_layer_itself(name):
    build, shape = CONVOLUTIONS[name]
    model, layer = single(build(), shape)
    kernels = [v for v in layer.weights if v.name.endswith("kernel")]
    for kernel in kernels:
        kernel.assign(np.ones(kernel.shape))
    # Ones and kernels of ones: each output is the number of inputs that meet there.
    number = as_float64(layer(np.ones((1, *shape), "float32"))).mean()
    for kernel in kernels:
        kernel.assign(signs(kernel.shape, 0.5))
    (row,) = diagnose(model, signs((2, *shape))).layers
    expected = number * 0.25 ** len(kernels)

    # The mean of these ones is in float32.
    assert row.predicted_stddev == pytest.approx(math.sqrt(expected), rel=4 * ROUNDING)


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "sigmoid", None])
def test_draws_have_the_predicted_variance_on_average(name):
    fan_in, units, samples, draws = 48, 256, 16, 60
    x = networks.normal((samples, fan_in))
    # Of one length each, as theory for one input has it.
    x *= math.sqrt(fan_in) / np.linalg.norm(x, axis=1, keepdims=True)
    model, dense = single(layers.Dense(units, name), (fan_in,))
    stddev = 1.5 / math.sqrt(fan_in)
    dense.kernel.assign(signs((fan_in, units), stddev))
    offsets = np.where(np.arange(units) % 2, 0.7, -0.1).astype("float32")
    dense.bias.assign(offsets)
    (row,) = diagnose(model, x).layers

    function = keras.activations.get(name)
    variances = []
    for seed in range(draws):
        kernel = networks.normal((fan_in, units), stddev, seed=seed + 1)
        # The bias of theory is normal too.
        bias = 0.3 + networks.normal((units,), 0.4, seed=seed + 1000)
        variances.append(as_float64(function(x @ kernel + bias)).var())
    error = np.std(variances) / math.sqrt(draws)
    # A variance from the mean of what was drawn lacks that of this mean, a share of at
    # most 1 / units.
    predicted = row.predicted_stddev**2
    assert abs(np.mean(variances) - predicted) < SIGMAS * error + predicted / units


def test_variances_of_independent_summands_are_added():
    inputs = keras.Input((32,))
    branches = [
        layers.Dense(64, "relu", kernel_initializer=keras.initializers.HeNormal(seed=i))
        for i in range(3)
    ]
    total = layers.Add()([branch(inputs) for branch in branches])
    report = diagnose(keras.Model(inputs, total), networks.normal((64, 32)))
    *parts, row = report.layers
    expected = sum(part.signal.stddev**2 for part in parts)

    assert row.predicted_stddev == pytest.approx(
        math.sqrt(expected), rel=4 * EPSILON["float64"]
    )
    assert row.failed_assumption is None


NORMALIZATIONS = {
    "batch": (lambda: layers.BatchNormalization(), 1.0),
    "layer": (lambda: layers.LayerNormalization(), 1.0),
    "group": (lambda: layers.GroupNormalization(4), 1.0),
    "without scale": (lambda: layers.LayerNormalization(scale=False), 1.0),
    "of scale 3": (lambda: layers.BatchNormalization(gamma_initializer=THREE), 3.0),
    "by root": (lambda: layers.RMSNormalization(), 0.6),
}
THREE = keras.initializers.Constant(3.0)


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_a_normalization_leaves_its_scale(name):
    build, expected = NORMALIZATIONS[name]
    model, _ = single(build(), (64,))
    # Mean 4/3 and standard deviation 1: the root mean square is 5/3.
    x = networks.normal((64, 64)).astype("float64")
    x = ((x - x.mean()) / x.std() + 4.0 / 3.0).astype("float32")
    (row,) = diagnose(model, x).layers

    # Of the two moments, each rounded entry by entry.
    assert row.predicted_stddev == pytest.approx(expected, rel=4 * ROUNDING)
    assert row.failed_assumption is None


def test_a_table_gives_an_embedding_its_standard_deviation():
    model, table = single(layers.Embedding(50, 64), (12,), dtype="int32")
    table.embeddings.assign(networks.normal((50, 64), 0.3))
    tokens = np.random.RandomState(1).randint(0, 50, (16, 12))
    (row,) = diagnose(model, tokens).layers
    values = as_float64(table.embeddings)

    assert row.predicted_stddev == pytest.approx(
        values.std(), rel=values.size * EPSILON["float64"]
    )
    assert row.failed_assumption is None


def relu_network():
    model = networks.plain("relu", width=64, inputs=64, depth=3)
    return networks.set_kernels(model, lambda shape: math.sqrt(2.0 / shape[0]))


def shift_weights():
    """Means that are half the standard deviation of the weights."""
    model = relu_network()
    kernel = model.get_layer("l1").kernel
    kernel.assign(as_float64(kernel) + 0.5 * math.sqrt(2.0 / 64))
    return model, networks.normal((64, 64)), 1


def learn_the_input():
    """Units that answer to what is in the input, as after training."""
    model, x = relu_network(), networks.normal((64, 64))
    kernel = as_float64(x[:64].T)
    model.get_layer("l0").kernel.assign(kernel / kernel.std() * math.sqrt(2 / 64))
    return model, x, 0


def connect_one_input():
    """Units that read one input each, which is seldom other than 0."""
    model = networks.plain("tanh", width=64, inputs=64, depth=1)
    model.get_layer("l0").kernel.assign(np.eye(64))
    x = np.zeros((64, 64))
    x[np.arange(64), np.arange(64)] = 30.0
    return model, x.astype("float32"), 0


def act_twice():
    inputs = keras.Input((64,))
    once = layers.Dense(64, "relu", name="l0")(inputs)
    model = keras.Model(inputs, layers.Activation("tanh")(once))
    networks.set_kernels(model, lambda shape: 0.5)
    return model, networks.normal((64, 64)), 1


def add_twice():
    inputs = keras.Input((64,))
    part = layers.Dense(64, name="l0")(inputs)
    return keras.Model(inputs, layers.Add()([part, part])), networks.normal((8, 64)), 1


def normalize_little():
    model, _ = single(layers.LayerNormalization(), (64,))
    return model, networks.normal((32, 64), 0.01), 0


def look_up_one_row():
    model, table = single(layers.Embedding(50, 64), (12,), dtype="int32")
    values = networks.normal((50, 64))
    values[0] *= 10.0
    table.embeddings.assign(values)
    return model, np.zeros((16, 12), "int32"), 0


BREACHES = {
    "weights have mean 0": [shift_weights],
    "weights are independent of each other and of the input": [learn_the_input],
    "input of the activation is normal": [connect_one_input, act_twice],
    "summands are uncorrelated": [add_twice],
    "variance is far above epsilon in each unit": [normalize_little],
    "rows are looked up alike": [look_up_one_row],
}


def test_each_assumption_is_breached_below():
    assert (*BREACHES,) == theory.ASSUMPTIONS


@pytest.mark.parametrize(
    ("assumption", "breach"),
    [(name, breach) for name, breaches in BREACHES.items() for breach in breaches],
)
def test_the_assumption_that_fails_is_named_where_it_fails(assumption, breach):
    model, x, index = breach()
    report = diagnose(model, x)

    failed = {row.index: row.failed_assumption for row in report.layers}
    assert failed[index] == assumption
    assert {failed[i] for i in range(index)} <= {None}


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "sigmoid"])
@pytest.mark.parametrize("data", ["independent", "alike"])
def test_drawn_networks_fail_no_assumption(activation, data):
    model = networks.plain(activation, width=64, inputs=64, depth=6)
    networks.set_kernels(model, lambda shape: math.sqrt(2.0 / shape[0]), seed=20)
    x = networks.normal((32, 64))
    if data == "alike":  # all the units' squares move together
        x = np.sign(x[:, :1]) * x[:1]
    report = diagnose(model, x)

    assert all(row.predicted_stddev for row in report.layers)
    # A false alarm in 1 of 20000 layers of 32 units at most, fewer of 64.
    assert [row.failed_assumption for row in report.layers] == [None] * 6


class Doubled(layers.Dense):
    def call(self, inputs):
        return 2.0 * super().call(inputs)


def averaged():
    layer = layers.BatchNormalization()
    return single(layer, (64,))[0], {"training": False}


def frozen():
    layer = layers.BatchNormalization(trainable=False)
    return single(layer, (64,))[0], {}


def summed():
    return single(layers.EinsumDense("abc,cd->ad", 64), (4, 64))[0], {}


def adapted():
    model, layer = single(layers.Dense(64), (64,))
    layer.enable_lora(2)
    return model, {}


WITHOUT = {
    "softmax": lambda: (single(layers.Dense(64, "softmax"), (64,))[0], {}),
    "softmax layer": lambda: (single(layers.Activation("softmax"), (64,))[0], {}),
    "own class": lambda: (single(Doubled(64), (64,))[0], {}),
    "pooling": lambda: (single(layers.MaxPooling1D(), (4, 8))[0], {}),
    "moving averages": averaged,
    "frozen averages": frozen,
    "summed with one weight": summed,
    "low-rank adapted": adapted,
}


@pytest.mark.parametrize("name", WITHOUT)
def test_there_is_no_prediction_where_there_is_no_theory(name):
    model, options = WITHOUT[name]()
    shape = model.input_shape[1:]
    if not model.weights:
        model = keras.Sequential([keras.Input(shape), model, layers.Dense(2)])
    row = diagnose(model, networks.normal((8, *shape)), **options)[0]

    assert row.predicted_stddev is None
    assert row.failed_assumption is None


def read_one_input(units):
    """A layer of which one unit reads the input that is always 0."""
    model, dense = single(layers.Dense(units), (2,))
    kernel = np.zeros((2, units))
    kernel[1, 0] = 1.0
    dense.kernel.assign(kernel)
    return diagnose(model, np.eye(2)[[0, 0, 0]].astype("float32"))[0]


def test_layers_of_few_units_are_predicted_and_not_judged():
    few = read_one_input(theory.LEAST_UNITS - 1)
    enough = read_one_input(theory.LEAST_UNITS)

    assert few.predicted_stddev > few.signal.stddev == 0.0
    assert few.failed_assumption is None
    assert enough.failed_assumption == theory.INDEPENDENT


def test_an_overflow_fails_no_assumption():
    model, dense = single(layers.Dense(64), (64,))
    dense.kernel.assign(np.full((64, 64), 1e30))
    with np.errstate(over="ignore"):
        (row,) = diagnose(model, np.full((4, 64), 1e30, "float32")).layers

    assert row.signal.not_finite == 4 * 64
    assert row.failed_assumption is None


@needs_gradients
def test_a_pass_with_gradients_predicts_the_same():
    model, dense = single(layers.Dense(32, "relu"), (32,))
    dense.bias.assign(np.full(32, 0.5))
    x = networks.normal((16, 32))

    (alone,), (row,) = diagnose(model, x).layers, diagnose(model, x, x, "mse").layers

    assert row.predicted_stddev == alone.predicted_stddev > 0
    assert row.failed_assumption == alone.failed_assumption


def test_a_look_of_a_monitor_takes_no_time_for_theory():
    model, x, _ = normalize_little()
    report, _ = diagnosis.look(model, x, None, None, 0.1, predicts=False)

    assert report[0].predicted_stddev is None
