"""Models whose verdict was wrong once: sound ones, and broken ones like them."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.diagnostics import diagnose
from tests.diagnostics.networks import normal
from tests.hub import NEEDS_HUB, keras_hub
from tests.support import GRADIENTS, needs_gradients

# Keras' NumPy backend convolves by JAX, whose arrays NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

LENGTH, VOCABULARY, SAMPLES = 12, 50, 32
WIDE = {"vocabulary_size": VOCABULARY, "num_layers": 2, "hidden_dim": 32}
WIDE["intermediate_dim"] = 64
TEXT = {**WIDE, "num_heads": 2, "max_sequence_length": LENGTH}
GROUPED = {**WIDE, "num_query_heads": 2, "num_key_value_heads": 1}
FOURIER = {**WIDE, "max_sequence_length": LENGTH}
FREE = {**WIDE, "num_heads": 2}  # of a length of its sequences
BACKBONES = {
    "GPT2": TEXT,
    "Bert": TEXT,
    "OPT": TEXT,
    "Llama": GROUPED,
    "FNet": FOURIER,
    "Bloom": FREE,  # with layers that have no weights and were never built
}


def tokens():
    return np.random.RandomState(0).randint(0, VOCABULARY, (SAMPLES, LENGTH))


def diagnosed(model, x):
    """The report, with gradients of a loss on the outputs where there are any."""
    if not GRADIENTS:
        return diagnose(model, x)
    shape = tuple(model.output_shape)[1:]
    return diagnose(model, x, normal((SAMPLES, *shape), seed=4), "mse")


def classifier(name):
    """A backbone of KerasHub with a head, and a batch."""
    keras.utils.set_random_seed(0)
    backbone = getattr(keras_hub.models, f"{name}Backbone")(**BACKBONES[name])
    outputs = backbone.output
    if isinstance(outputs, dict):
        outputs = outputs["sequence_output"]
    pooled = keras.layers.GlobalAveragePooling1D()(outputs)
    model = keras.Model(backbone.input, keras.layers.Dense(3, name="head")(pooled))
    x = {}
    for key in backbone.input:
        fill = np.zeros if key == "segment_ids" else np.ones
        x[key] = fill((SAMPLES, LENGTH), "int32")
    x["token_ids"] = tokens().astype("int32")
    return model, x


@NEEDS_HUB
@pytest.mark.parametrize("name", BACKBONES)
def test_a_transformer_that_trains_is_healthy(name):
    model, x = classifier(name)

    report = diagnosed(model, x)

    assert report.healthy, report.verdict
    assert report.verdict.startswith("healthy: ")
    assert any(point.is_sum for point in report.stream)


@NEEDS_HUB
@pytest.mark.parametrize("name", ["GPT2", "Llama"])
def test_a_stream_that_a_branch_blows_up_is_exploding(name):
    # A normalization follows, but the kernels that do it also saturate attention.
    model, x = classifier(name)
    keras_inits.initialize(
        model, {"*kernel": keras_inits.RandomNormal(0.0, 1.0)}, seed=1
    )

    report = diagnosed(model, x)

    assert not report.healthy
    assert "exploding by the branch that is added at layer" in report.verdict


@NEEDS_HUB
def test_one_segment_is_no_dead_unit():
    model, x = classifier("Bert")

    report = diagnosed(model, x)

    (segments,) = [row for row in report.layers if "segment" in row.name]
    assert segments.signal.dead == 1.0
    assert not segments.varies
    assert segments.verdict == "ok"


class LayerScale(keras.layers.Layer):
    """A factor for each unit, as ConvNeXt has at the end of its branches."""

    def build(self, shape):
        start = keras.initializers.Constant(1e-6)
        self.gamma = self.add_weight(shape=shape[-1:], initializer=start, name="gamma")

    def call(self, inputs):
        return inputs * self.gamma


@pytest.mark.parametrize(
    "scale",
    [LayerScale, lambda: keras.layers.Rescaling(1e-6)],
    ids=["weight", "number"],
)
def test_a_layer_scale_of_nearly_zero_is_no_fault(scale):
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((32,))
    for _ in range(3):
        branch = keras.layers.LayerNormalization()(x)
        branch = keras.layers.Dense(32, activation="gelu")(branch)
        branch = scale()(keras.layers.Dense(32)(branch))
        x = keras.layers.Add()([x, branch])
    model = keras.Model(inputs, keras.layers.Dense(3)(x))

    report = diagnosed(model, normal((SAMPLES, 32)))

    assert report.healthy, report.verdict


def block(scale):
    """A subclassed residual block, whose last kernel is multiplied by `scale`."""

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = keras.layers.LayerNormalization()
            self.inner = keras.layers.Dense(32, activation="relu")
            initializer = keras_inits.VarianceScaling(scale**2) if scale else "zeros"
            self.outer = keras.layers.Dense(32, kernel_initializer=initializer)
            self.after = keras.layers.LayerNormalization()

        def build(self, shape):
            for layer in (self.norm, self.inner, self.outer, self.after):
                layer.build(shape)

        def call(self, inputs):
            stream = inputs + self.outer(self.inner(self.norm(inputs)))
            return stream + 0.0 * self.after(stream)

    return Block()


@pytest.mark.parametrize(("scale", "healthy"), [(0, True), (1, True), (1000, False)])
def test_a_branch_is_judged_by_what_it_adds(scale, healthy):
    keras.utils.set_random_seed(0)
    layers = [block(1), block(scale), block(1), keras.layers.LayerNormalization()]
    model = keras.Sequential([keras.Input((32,)), *layers, keras.layers.Dense(3)])

    report = diagnosed(model, normal((SAMPLES, 32)))

    assert report.healthy == healthy, report.verdict


def normalized(kind, activation, *, blocks=3, residual=False):
    """Blocks of two layers, each with a normalization after it, and a head."""
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((32,))
    for _ in range(blocks):
        before = x
        x = kind()(keras.layers.Dense(32)(x))
        x = keras.layers.Activation(activation)(x)
        x = kind()(keras.layers.Dense(32)(x))
        x = keras.layers.Add()([before, x]) if residual else x
        x = keras.layers.Activation(activation)(x)
    return keras.Model(inputs, keras.layers.Dense(3)(x))


def set_scales_to_zero(model, kind, places):
    layers = [layer for layer in model.layers if isinstance(layer, kind)]
    for place in places:
        layers[place].trainable_variables[0].assign(np.zeros(32, "float32"))


NORMALIZATIONS = [
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
]


@needs_gradients
@pytest.mark.parametrize("kind", NORMALIZATIONS)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_scale_of_zeros_that_gets_a_gradient_is_no_fault(kind, place):
    model = normalized(kind, "gelu")
    set_scales_to_zero(model, kind, [place])

    report = diagnosed(model, normal((SAMPLES, 32)))

    assert report.healthy, report.verdict


@needs_gradients
@pytest.mark.parametrize("kind", NORMALIZATIONS)
def test_scales_of_zeros_that_get_no_gradient_are_a_fault(kind):
    model = normalized(kind, "gelu")
    set_scales_to_zero(model, kind, [1, 3])

    report = diagnosed(model, normal((SAMPLES, 32)))

    assert report.verdict.startswith("vanishing from ")


@needs_gradients
def test_a_scale_of_zeros_whose_gradient_overflows_in_adam_is_a_fault():
    # Each normalization of a constant makes the gradient 30 times as large.
    kind = keras.layers.LayerNormalization
    model = normalized(kind, "gelu", blocks=10)
    set_scales_to_zero(model, kind, [0])

    report = diagnosed(model, normal((SAMPLES, 32)))

    assert report.verdict.startswith("vanishing from ")


@pytest.mark.parametrize("kind", NORMALIZATIONS)
def test_a_branch_that_ends_in_a_scale_of_zeros_is_no_fault(kind):
    model = normalized(kind, "relu", residual=True)
    set_scales_to_zero(model, kind, [1, 3, 5])

    report = diagnosed(model, normal((SAMPLES, 32)))

    assert report.healthy, report.verdict


def test_an_embedding_before_a_recurrent_layer_is_healthy():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Embedding(VOCABULARY, 32), keras.layers.LSTM(32)]
    model = keras.Sequential(
        [keras.Input((LENGTH,), dtype="int32"), *layers, keras.layers.Dense(3)]
    )

    assert diagnosed(model, tokens()).healthy


@pytest.mark.parametrize(
    ("kernel", "healthy"),
    [
        (keras_inits.KaimingNormal(), True),
        (keras_inits.RandomNormal(0.0, 0.01), False),
    ],
)
def test_fifty_rectified_layers_are_judged_as_they_train(kernel, healthy):
    model = keras.Sequential([keras.Input((32,))])
    for _ in range(50):
        model.add(keras.layers.Dense(32, activation="relu"))
    model.add(keras.layers.Dense(3))
    keras_inits.initialize(model, {"kernel": kernel}, seed=1)

    assert diagnosed(model, normal((SAMPLES, 32))).healthy == healthy
