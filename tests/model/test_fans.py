"""Layer-aware fans, counted and measured by running the layers."""

import functools
import math

import keras
import numpy as np
import pytest

from keras_inits import PerGate
from keras_inits.model import fans_of, initialize
from keras_inits.model.addresses import addresses
from tests.model.layers import CASES
from tests.model.models import as_float64
from tests.support import SIGMAS, raises_exactly

# Keras' NumPy backend runs convolutions in a way that NumPy 2 warns of; before 3.12
# Keras warns that the borders of a transposed one differ between backends.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*inconsistencies across backends:UserWarning"),
]

BATCH = 1024
# Fourth moment of a normal truncated at two standard deviations, in units of its
# variance: (3 - 14 c) / (1 - 4 c)**2, c = density(2) / P(|z| < 2) for N(0, 1).
TAILS = 2.0 * math.exp(-2.0) / math.sqrt(2.0 * math.pi) / math.erf(math.sqrt(2.0))
KURTOSIS = (3.0 - 2.0 * TAILS * 7.0) / (1.0 - 2.0 * TAILS) ** 2


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request):
    return request.param


@functools.cache
def built(case):
    """The case's layer, built once: every test sets the weights it needs."""
    layer = case.make()
    layer.build((None, *case.shape))
    return layer


def variable_of(layer, role):
    (found,) = [variable for variable in layer.weights if variable.name == role]
    return found


def others_pass(layer, case):
    """Makes the weights that are not counted keep each signal as it is."""
    for variable in layer.weights:
        if variable.name == case.role:
            continue
        value = np.zeros(variable.shape, "float32")
        if variable.name == "pointwise_kernel":
            rows, columns = variable.shape[-2:]
            value[..., :, :] = np.eye(rows, columns)
        if variable.name == "depthwise_kernel":
            value[len(value) // 2] = 1.0
        variable.assign(value)


def standard_normal(shape):
    return np.random.default_rng(3).standard_normal(shape, dtype="float32")


def interior(values, case):
    """The outputs that no border touches."""
    if case.crop:
        middle = slice(case.crop, -case.crop)
        places = (slice(None), *[middle] * (values.ndim - 2), slice(None))
        values = values[places]
    return values


def test_fans_are_those_counted_by_hand(case):
    layer = built(case)
    assert fans_of(layer, variable_of(layer, case.role)) == case.fans


def test_fan_in_is_what_an_output_of_ones_sums(case):
    layer = built(case)
    others_pass(layer, case)
    kernel = variable_of(layer, case.role)
    kernel.assign(np.ones(kernel.shape))
    output = interior(as_float64(layer(np.ones((1, *case.shape), "float32"))), case)
    # Whole periods of a stride are averaged, and all sums are exact in float32.
    assert np.mean(output) == fans_of(layer, kernel)[0]


def test_fan_out_is_the_number_of_outputs_that_an_input_reaches(case):
    layer = built(case)
    others_pass(layer, case)
    kernel = variable_of(layer, case.role)
    kernel.assign(np.ones(kernel.shape))
    # One input in the middle at a time, at each phase of a stride of 2.
    middle = [size // 2 for size in case.shape[:-1]]
    phases = list(np.ndindex(*[2 if size > 1 else 1 for size in case.shape[:-1]]))
    inputs = np.zeros((len(phases), *case.shape), "float32")
    for sample, phase in zip(inputs, phases, strict=True):
        sample[(*np.subtract(middle, phase), 0)] = 1.0
    reached = np.sum(as_float64(layer(inputs))) / len(phases)
    assert reached == fans_of(layer, kernel)[1]


def test_lecun_normal_by_these_fans_keeps_unit_variance(case):
    layer = built(case)
    others_pass(layer, case)
    initialize(layer, {case.role: "lecun_normal"}, seed=11)
    inputs = standard_normal((BATCH, *case.shape))
    output = interior(as_float64(layer(inputs)), case)
    # Given the weights, the mean power is the mean of fan_in w**2, whose n weights
    # give the relative variance (kurtosis - 1) / n; given them, the power of one
    # of the BATCH inputs, as a quadratic form of normals, has at most the relative
    # variance 2, reached when all outputs agree.
    weights = math.prod(variable_of(layer, case.role).shape)
    variance = (KURTOSIS - 1.0) / weights + 2.0 / BATCH
    assert abs(np.mean(output**2) - 1.0) < SIGMAS * math.sqrt(variance)


@pytest.mark.parametrize(
    "attention",
    [
        lambda: keras.layers.MultiHeadAttention(4, 24, value_dim=16),
        lambda: keras.layers.GroupQueryAttention(16, 4, 2),
    ],
    ids=["multi-head", "grouped query"],
)
def test_attention_projections_keep_unit_variance(attention):
    layer = attention()
    x = standard_normal((BATCH, 2, 64))
    layer.build(x.shape, x.shape)
    initialize(layer, {"kernel": "lecun_normal", "bias": "zeros"}, seed=2)
    seen = 0
    for _, part, kernel in addresses(layer):
        if kernel.name != "kernel":
            continue
        seen += 1
        width = kernel.shape[:1] if kernel.ndim == 3 else ()
        if part.name == "attention_output":
            width = kernel.shape[:-1]
        inputs = x[..., : math.prod(width)].reshape(BATCH, 2, *width)
        power = np.mean(as_float64(part(inputs)) ** 2)
        variance = (KURTOSIS - 1.0) / math.prod(kernel.shape) + 2.0 / BATCH
        assert abs(power - 1.0) < SIGMAS * math.sqrt(variance)
    assert seen == 4


def test_embedding_keeps_unit_variance_because_one_row_is_picked():
    layer = keras.layers.Embedding(500, 40)
    layer.build()
    initialize(layer, {"embeddings": "lecun_normal"}, seed=1)
    tokens = np.random.default_rng(1).integers(0, 500, (BATCH,))
    power = np.mean(as_float64(layer(tokens)) ** 2)
    # 500 rows of 40 entries, of which BATCH draws with repetition.
    variance = (KURTOSIS - 1.0) * (1 / (500 * 40) + 1 / (BATCH * 40))
    assert abs(power - 1.0) < SIGMAS * math.sqrt(variance)
    assert fans_of(layer, layer.weights[0]) == (1, 40)


def ones_like(x):
    return keras.ops.ones_like(x)


def zeros_like(x):
    return keras.ops.zeros_like(x)


@pytest.mark.parametrize(
    ("layer", "gates"),
    [
        # One step from rest with gates that are all open shows the candidate.
        (
            lambda: keras.layers.LSTM(
                96, activation=None, recurrent_activation=ones_like
            ),
            4,
        ),
        (
            lambda: keras.layers.GRU(
                96, activation=None, recurrent_activation=zeros_like
            ),
            3,
        ),
    ],
    ids=["lstm", "gru"],
)
def test_gated_layers_keep_unit_variance_gate_by_gate(layer, gates):
    layer = layer()
    layer.build((None, 1, 64))
    initialize(
        layer, {"*kernel": PerGate("lecun_normal", gates), "bias": "zeros"}, seed=4
    )
    kernel, recurrent = layer.cell.kernel, layer.cell.recurrent_kernel
    assert fans_of(layer, kernel) == (64, 96)
    assert fans_of(layer, recurrent) == (96, 96)
    assert fans_of(layer, layer.cell.bias) == (64, 96)
    inputs = standard_normal((BATCH, 1, 64))
    power = np.mean(as_float64(layer(inputs)) ** 2)
    variance = (KURTOSIS - 1.0) / (64 * 96) + 2.0 / BATCH
    assert abs(power - 1.0) < SIGMAS * math.sqrt(variance)
    for matrix, fan_in in ((kernel, 64), (recurrent, 96)):
        values = as_float64(matrix)
        for gate in np.split(values, gates, axis=1):
            tolerance = SIGMAS * math.sqrt((KURTOSIS - 1.0) / gate.size)
            assert abs(np.mean(gate**2) * fan_in - 1.0) < tolerance


def test_both_directions_of_bidirectional_have_the_fans_of_their_cells():
    layer = keras.layers.Bidirectional(keras.layers.LSTM(6))
    layer.build((None, 4, 10))
    kernels = [v for v in layer.weights if v.name == "kernel"]
    recurrent = [v for v in layer.weights if v.name == "recurrent_kernel"]
    assert [fans_of(layer, kernel) for kernel in kernels] == [(10, 6)] * 2
    assert [fans_of(layer, kernel) for kernel in recurrent] == [(6, 6)] * 2


def test_the_scale_of_additive_attention_sums_into_one_score():
    layer = keras.layers.AdditiveAttention()
    layer.build([(None, 9, 32), (None, 9, 32)])

    assert fans_of(layer, layer.scale) == (32, 1)


def test_convlstm_counts_the_receptive_field_and_one_gate():
    layer = keras.layers.ConvLSTM2D(6, 3)
    layer.build((None, 4, 8, 8, 5))
    kernel, recurrent, _ = layer.weights
    assert fans_of(layer, kernel) == (9 * 5, 9 * 6)
    assert fans_of(layer, recurrent) == (9 * 6, 9 * 6)


def test_a_bias_has_the_fans_of_its_kernel():
    layer = keras.layers.Conv2D(8, 3, groups=2)
    layer.build((None, 8, 8, 4))
    assert fans_of(layer, layer.bias) == fans_of(layer, layer.kernel) == (18, 36)


def test_weights_that_act_element_by_element_have_one_input_and_output():
    layer = keras.layers.BatchNormalization()
    layer.build((None, 7))
    assert {fans_of(layer, variable) for variable in layer.weights} == {(1, 1)}


@pytest.mark.skipif(
    not hasattr(keras.layers, "ReversibleEmbedding"),
    reason="this Keras has no ReversibleEmbedding",
)
def test_reversible_embedding_has_the_fans_of_a_matrix_on_its_way_back():
    layer = keras.layers.ReversibleEmbedding(50, 8, tie_weights=False)
    layer.build()
    assert [fans_of(layer, v) for v in layer.weights] == [(1, 8), (8, 50)]


def test_a_layer_of_the_users_own_is_read_from_its_shapes():
    class Mixer(keras.layers.Layer):
        def build(self, input_shape):
            self.mix = self.add_weight(shape=(3, 5, 7), name="mix")

    layer = Mixer()
    layer.build((None, 5))
    assert fans_of(layer, layer.mix) == (15, 21)


def test_a_weight_of_another_layer_is_refused():
    one, other = keras.layers.Dense(2, name="one"), keras.layers.Dense(2, name="other")
    one.build((None, 3))
    other.build((None, 3))
    with raises_exactly(
        "fans_of: Argument `variable` must be a weight of the layer 'one', got "
        "'other/kernel'."
    ):
        fans_of(one, other.kernel)
    with raises_exactly(
        "fans_of: Argument `layer` must be a Keras model or layer, got 'dense'."
    ):
        fans_of("dense", one.kernel)


def test_strides_thin_out_only_what_a_convolutional_cell_reads():
    layer = keras.layers.ConvLSTM1D(6, 3, strides=3)
    layer.build((None, 4, 9, 2))

    assert fans_of(layer, layer.cell.kernel) == (6, 6)
    assert fans_of(layer, layer.cell.recurrent_kernel) == (18, 18)
