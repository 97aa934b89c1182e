"""A model as freshly built: against models that Keras builds anew."""

import inspect
import math

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.model import initialize, optimizers, reinitialize
from tests.model.models import (
    as_numpy,
    assert_same,
    changed,
    dense,
    digest,
    mixed,
    values,
)
from tests.support import (
    SIGMAS,
    assert_same_distribution,
    existing,
    needs_gradients,
    raises_exactly,
    stft_tolerance,
)

layers = keras.layers

GOLDEN = "10aeca9ec2fcf1aa7ec7fd1f9d2144ab6bcdde7ab6d498e10df206cfb18dde77"


def every_layer():
    """A layer of each of Keras' classes that has weights, and an input for it."""
    steps, image, volume = (9, 16), (9, 9, 16), (5, 5, 5, 8)
    parameters = inspect.signature(layers.BatchNormalization).parameters
    renorm = {"renorm": True} if "renorm" in parameters else {}
    newer = []
    if hasattr(layers, "ReversibleEmbedding"):
        newer += [(layers.ReversibleEmbedding(40, 20, tie_weights=False), None)]
    if hasattr(layers, "TernaryDense"):
        newer += [(layers.TernaryDense(40), (16,))]
    made = [
        (layers.Dense(40, bias_initializer="random_normal"), (16,)),
        (layers.EinsumDense("abc,cde->abde", (None, 4, 8), bias_axes="de"), steps),
        (layers.EinsumDense("abc,bcd->abd", (9, 8)), steps),
        (layers.Embedding(40, 20), None),
        *newer,
        (layers.Conv1D(30, 3, groups=2), steps),
        (layers.Conv2D(12, 3, kernel_initializer="he_uniform"), image),
        (layers.Conv3D(12, 3, kernel_initializer="orthogonal"), volume),
        (layers.Conv1DTranspose(30, 3), steps),
        (layers.Conv2DTranspose(12, 3, strides=2), image),
        (layers.Conv3DTranspose(12, 3), volume),
        (layers.DepthwiseConv1D(5, depth_multiplier=4), steps),
        (layers.DepthwiseConv2D(5, depthwise_initializer="lecun_normal"), image),
        (layers.SeparableConv1D(30, 5, depth_multiplier=4), steps),
        (layers.SeparableConv2D(12, 5, pointwise_initializer="he_normal"), image),
        (layers.SimpleRNN(20), steps),
        (layers.LSTM(20, bias_initializer="random_uniform"), steps),
        (layers.LSTM(20, unit_forget_bias=False), steps),
        (layers.GRU(20, recurrent_initializer="glorot_normal"), steps),
        (layers.GRU(20, reset_after=False), steps),
        (layers.ConvLSTM1D(6, 3), (4, 9, 5)),
        (layers.Bidirectional(layers.LSTM(20)), steps),
        (
            layers.RNN(layers.StackedRNNCells([layers.GRUCell(8), layers.LSTMCell(8)])),
            steps,
        ),
        (layers.TimeDistributed(layers.Dense(40)), steps),
        (layers.SpectralNormalization(layers.Dense(40)), (16,)),
        (layers.BatchNormalization(), (16,)),
        (
            layers.BatchNormalization(
                moving_variance_initializer=keras.initializers.Constant(4.0), **renorm
            ),
            (16,),
        ),
        (layers.LayerNormalization(gamma_initializer="random_uniform"), (400,)),
        (layers.GroupNormalization(4), (16,)),
        (layers.RMSNormalization(), (16,)),
        (layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25)), (16,)),
        (
            layers.STFTSpectrogram(frame_length=32, frame_step=16, fft_length=32),
            (400, 1),
        ),
    ]
    for layer, shape in made:
        layer.build() if shape is None else layer.build((None, *shape))
    attention = layers.MultiHeadAttention(4, 8, bias_initializer="ones")
    attention.build((None, 9, 16), (None, 9, 16))
    grouped = layers.GroupQueryAttention(8, 4, 2)
    grouped.build((None, 9, 16), (None, 9, 16))
    additive = layers.AdditiveAttention()
    additive.build([(None, 9, 400), (None, 9, 400)])
    scaled = layers.Attention(use_scale=True, score_mode="concat")
    scaled.build([(None, 9, 4), (None, 9, 4)])
    lora = layers.Dense(40)
    lora.build((None, 16))
    lora.enable_lora(8)
    return [made_layer for made_layer, _ in made] + [
        *(attention, grouped, additive, scaled, lora)
    ]


def built_by_keras():
    """The layers as Keras' own initializers build them.

    On JAX those would compile a kernel for every shape, so there, and only there,
    the names stay ours.
    """
    if keras.backend.backend() == "jax":
        return every_layer()
    keras_inits.disable()
    try:
        return every_layer()
    finally:
        keras_inits.enable()


def test_every_layer_of_keras_gets_the_distribution_of_a_new_build():
    # Before 3.15 an initializer learns nothing of an EinsumDense kernel's axes.
    axes = "input_axes" in inspect.signature(keras.initializers.HeNormal).parameters
    einsum = (layers.EinsumDense, layers.MultiHeadAttention, layers.GroupQueryAttention)
    for layer, fresh in zip(every_layer(), built_by_keras(), strict=True):
        if isinstance(layer, einsum) and not axes:
            continue
        before = values(fresh)
        initialize(layer, {layers.Layer: keras_inits.Constant(7.0)})
        reinitialize(layer, seed=1, frozen=True)  # LoRA freezes a kernel
        after = values(layer)
        assert list(after) == list(before)
        for address, expected in before.items():
            found = after[address]
            if len(np.unique(expected)) < 3:
                np.testing.assert_array_equal(found, expected, err_msg=address)
            elif isinstance(layer, layers.STFTSpectrogram):
                tolerance = stft_tolerance(found.shape[0])
                np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
            else:
                assert_same_distribution(found, expected)
                # The distribution's scale too: the fourth moment of those here is at
                # most 3, so a mean square has the relative variance 2 / n, and
                # this compares two.
                power = np.mean(found.astype("float64") ** 2)
                wanted = np.mean(expected.astype("float64") ** 2)
                tolerance = SIGMAS * math.sqrt(2.0 * 2.0 / expected.size)
                assert abs(power / wanted - 1.0) < tolerance, address
                assert not np.array_equal(found, expected), address


def test_the_forget_gate_is_one_and_the_other_gates_have_their_initializer():
    layer = layers.LSTM(50, bias_initializer="random_normal")
    layer.build((None, 4, 3))
    reinitialize(layer, seed=1)
    before, forget, *after = np.split(as_numpy(layer.cell.bias.value), 4)
    assert np.all(forget == 1.0)
    assert np.std(np.concatenate([before, *after])) > 0.0


def test_initializers_of_keras_own_classes_draw_our_bits():
    def model():
        inputs = keras.Input((8,))
        kernel = keras.initializers.GlorotUniform(seed=3)
        return keras.Model(inputs, layers.Dense(8, kernel_initializer=kernel)(inputs))

    one, other = model(), dense([None])
    reinitialize(one, seed=1)
    reinitialize(other, seed=1)
    assert_same(values(one), values(other))


def test_the_streams_are_the_promised_ones():
    model = mixed()
    reinitialize(model, seed=1)
    assert digest(model) == GOLDEN


def test_a_seed_in_a_layer_does_not_repeat_its_weights():
    def twins(seed):
        made = keras.initializers.HeNormal(seed)
        return [
            layers.Dense(8, kernel_initializer=made, name="one"),
            layers.Dense(8, kernel_initializer=made, name="two"),
        ]

    model = keras.Sequential([keras.Input((8,)), *twins(3)])
    reinitialize(model, seed=1)
    first = values(model)
    assert not np.array_equal(first["one/kernel"], first["two/kernel"])
    reinitialize(model, seed=2)
    assert changed(first, values(model)) == ["one/kernel", "two/kernel"]
    reinitialize(model, seed=1)
    assert_same(first, values(model))


def test_what_a_layer_learned_from_data_is_kept():
    norm = layers.Normalization()
    norm.adapt(np.arange(12.0).reshape(4, 3))
    model = keras.Sequential([keras.Input((3,)), norm, layers.Dense(2)])
    before = values(model)
    report = reinitialize(model, seed=1)
    assert changed(before, values(model)) == ["dense/kernel"]
    *notes, count = [row.note for row in report.left_alone]
    assert notes == ["learned from data", "learned from data"]
    assert count.startswith("dtype int")


def test_seed_generators_start_again():
    model = keras.Sequential(
        [
            keras.Input((50,)),
            layers.Dropout(0.5, name="free"),
            layers.Dropout(0.5, name="seeded", seed=3),
        ]
    )
    generators = [layer.seed_generator for layer in model.layers]
    states = []
    for seed in (1, 1, 2):
        for generator in generators:
            generator.next()
        reinitialize(model, seed=seed)
        states.append([as_numpy(g.state).tolist() for g in generators])
    # As when built: the seed that the layer was given or a fresh one, no draw made.
    assert [state[1] for state in states] == [[3, 0]] * 3
    assert states[0] == states[1]
    assert states[0][0] != states[2][0]
    assert states[0][0][1] == 0


def dropout_follows_its_generator():
    """Whether Keras' dropout draws on this backend from its layer's seed generator."""
    layer, x = layers.Dropout(0.5, seed=1), np.ones((4, 50), "float32")
    start = as_numpy(layer.seed_generator.state).copy()
    one, other = (as_numpy(layer(x, training=True)).copy() for _ in range(2))
    layer.seed_generator.state.assign(start)
    again = as_numpy(layer(x, training=True))
    return np.array_equal(one, again) and not np.array_equal(one, other)


def test_dropout_draws_the_same_again():
    if not dropout_follows_its_generator():
        pytest.skip(f"dropout follows no seed generator on {keras.backend.backend()}")
    # Of a layer without a seed, PyTorch's generator may draw.
    model = keras.Sequential([keras.Input((50,)), layers.Dropout(0.5, seed=1)])
    x = np.ones((4, 50), "float32")
    masks = []
    for _ in range(2):
        reinitialize(model, seed=1)
        masks.append(as_numpy(model(x, training=True)).copy())
    np.testing.assert_array_equal(*masks)
    assert not np.array_equal(masks[0], as_numpy(model(x, training=True)))


def test_a_rule_that_matches_nothing_is_refused_with_a_way_out():
    with raises_exactly(
        "reinitialize: The rule 'nothing/*' matches no weight of the model. Nearest "
        "are 'head/kernel', 'head/bias'. Correct it or leave it out."
    ):
        reinitialize(dense(["head"]), seed=1, rules={"nothing/*": "zeros"})


OPTIMIZERS = [
    *("Adadelta", "Adafactor", "Adagrad", "Adam", "Adamax", "AdamW", "Ftrl", "Lamb"),
    *("Lion", "Muon", "Nadam", "RMSprop", "SGD", "ScheduleFreeAdamW"),
]


def used(optimizer):
    """An optimizer whose state is no longer the first, and the first."""
    weights = [
        keras.Variable(np.full((4, 3), 0.5, "float32"), name="kernel"),
        keras.Variable(np.full((3,), 0.5, "float32"), name="bias"),
    ]
    optimizer.build(weights)
    start = [as_numpy(variable.value).copy() for variable in optimizer.variables]
    product = getattr(optimizer, "_u_product", None)  # Nadam does not list it
    for variable in [*optimizer.variables, *([] if product is None else [product])]:
        variable.assign(np.full(variable.shape, 7))
    return start


class Holder:
    """Stands for a compiled model."""

    def __init__(self, optimizer):
        self.optimizer = optimizer


# Keras' ScheduleFreeAdamW copies variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", existing(keras.optimizers, OPTIMIZERS))
def test_an_optimizer_is_reset_to_what_keras_builds(name):
    kind = getattr(keras.optimizers, name)
    extra = {"momentum": 0.9} if name == "SGD" else {}
    optimizer = kind(learning_rate=0.01, **extra)
    start = used(optimizer)
    optimizers.assign(optimizers.initial_values(Holder(optimizer)))
    for variable, expected in zip(optimizer.variables, start, strict=True):
        if variable is optimizer._learning_rate:
            expected = np.float32(7)  # no part of the state
        np.testing.assert_array_equal(as_numpy(variable.value), expected)
    if name == "Nadam":
        assert float(as_numpy(optimizer._u_product.value)) == 1.0


def test_a_loss_scale_optimizer_is_reset_with_the_one_inside():
    inner = keras.optimizers.Adam(0.01)
    optimizer = keras.optimizers.LossScaleOptimizer(inner)
    start = used(optimizer)
    optimizers.assign(optimizers.initial_values(Holder(optimizer)))
    rates = (optimizer._learning_rate, inner._learning_rate)
    for variable, expected in zip(optimizer.variables, start, strict=True):
        if any(variable is rate for rate in rates):
            expected = np.float32(7)
        np.testing.assert_array_equal(as_numpy(variable.value), expected)


def test_other_optimizers_and_models_that_are_not_compiled_are_refused():
    class Mine(keras.optimizers.SGD):
        pass

    model = dense()
    before = values(model)
    with raises_exactly(
        "reinitialize: Argument `optimizer` must be False for a model that is not "
        "compiled, got True. Call model.compile first."
    ):
        reinitialize(model, seed=1, optimizer=True)
    with raises_exactly(
        "Argument `optimizer` must be False for an optimizer that is not one of Keras' "
        "own, got True. The model's is Mine; compile the model anew."
    ):
        optimizers.initial_values(Holder(Mine()))
    assert_same(before, values(model))


@needs_gradients
def test_a_fit_after_it_repeats_a_fit_before():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3),
            layers.BatchNormalization(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    x = np.linspace(-1, 1, 64, dtype="float32").reshape(16, 4)
    losses = []
    for _ in range(2):
        reinitialize(model, seed=3, optimizer=True)
        fit = model.fit(x, x[:, :1], epochs=2, batch_size=8, shuffle=False, verbose=0)
        losses.append(fit.history["loss"])
    assert losses[0] == losses[1]
