"""Models on which no bound of `diagnose` was chosen: the second half of `verdicts.py`.

Each architecture, width, depth, start and seed differs from those in `verdict_models`.
They were listed before any of them was judged or trained.
"""

import functools

import keras
import numpy as np
import verdict_models as models
from verdict_models import FREE, GROUPED, LENGTH, TEXT, hub

import keras_inits

layers = keras.layers
CASES: list[models.Case] = []


def kernels(initializer):
    rules = [("head/*", None), ("*kernel", initializer)]
    return lambda model, x: keras_inits.initialize(model, rules, seed=7)


def normal(stddev):
    return kernels(keras_inits.RandomNormal(0.0, stddev))


STARTS = {
    "as built": models.as_built,
    "N(0, 0.003)": normal(0.003),
    "N(0, 0.02)": normal(0.02),
    "N(0, 0.1)": normal(0.1),
    "N(0, 0.2)": normal(0.2),
    "N(0, 0.5)": normal(0.5),
    "N(0, 2)": normal(2.0),
    "U(-0.2, 0.2)": kernels(keras_inits.RandomUniform(-0.2, 0.2)),
    "Glorot normal": kernels("glorot_normal"),
    "He uniform": kernels("he_uniform"),
    "LeCun uniform": kernels("lecun_uniform"),
    "orthogonal x 1.4": kernels(keras_inits.Orthogonal(1.4)),
    "half zeros": kernels(keras_inits.Sparse(0.5, 0.1)),
}
NAMES = list(STARTS)
SOME = ["as built", "N(0, 0.003)", "N(0, 0.1)", "N(0, 2)"]
TWO = ["as built", "N(0, 0.5)"]
add = functools.partial(models.add, cases=CASES, known=STARTS)


def fault(change):
    def function(model, x):
        keras_inits.initialize(model, [("*kernel", "he_uniform")], seed=7)
        change(model)

    return function


def first(model, kind):
    return next(layer for layer in model.layers if isinstance(layer, kind))


def gamma_zero(kind):
    def change(model):
        weight = first(model, kind).gamma
        weight.assign(np.zeros(tuple(weight.shape), "float32"))

    return change


def table(factor):
    def function(model, x):
        weight = first(model, layers.Embedding).embeddings
        weight.assign(weight * factor)

    return function


for place, (activation, depth, width) in enumerate(
    [
        ("elu", 8, 48),
        ("swish", 12, 128),
        ("softplus", 6, 64),
        ("leaky_relu", 15, 96),
        ("relu6", 10, 32),
        ("softsign", 10, 64),
        ("mish", 15, 48),
        ("hard_sigmoid", 4, 64),
        ("relu", 30, 32),
        ("relu", 12, 200),
        ("tanh", 30, 100),
        ("tanh", 12, 40),
        ("gelu", 40, 48),
        ("selu", 35, 80),
        ("sigmoid", 3, 100),
        ("linear", 25, 64),
    ]
):
    name = f"{activation} x {depth}, {width} wide"
    starts = ["as built", *NAMES[1 + place % 3 :: 3]]
    add(name, "flat", models.stack(depth, activation, width=width), starts)

for text, depth, activation, norm in (
    ("BatchNormalization", 12, "elu", layers.BatchNormalization),
    ("LayerNormalization", 30, "gelu", layers.LayerNormalization),
    ("RMSNormalization", 10, "swish", layers.RMSNormalization),
):
    build = models.stack(depth, activation, width=48, norm=norm)
    starts = [*SOME]
    if norm is not layers.RMSNormalization:
        starts.append(("one gamma zero", fault(gamma_zero(norm))))
    add(f"{activation} x {depth}, {text}", "flat", build, starts)
for activation, depth, norm in (
    ("gelu", 30, None),
    ("elu", 8, None),
    ("relu", 12, layers.LayerNormalization),
):
    build = models.stack(depth, activation, width=48, norm=norm, residual=True)
    name = f"residual {activation} x {depth}" + (", normalized" if norm else "")
    add(name, "flat", build, SOME)
for activation, depth in (("gelu", 9), ("elu", 14)):
    build = models.stack(depth, activation, width=80)
    faults = {
        "one kernel zero": models.fill("dense_4", "kernel", 0.0),
        "one kernel constant": models.fill("dense_4", "kernel", 0.05),
        "one kernel x 300": models.scale("dense_4", 300.0),
        "one kernel / 30000": models.scale("dense_4", 1 / 30000),
        "one bias -30": models.fill("dense_4", "bias", -30.0),
        "every bias -1": models.every_bias(-1.0),
        "head x 1000": models.scale("head", 1000.0),
        "all but the head frozen": models.freeze,
    }
    starts = [(name, fault(change)) for name, change in faults.items()]
    add(f"{activation} x {depth}, 80 wide", "flat", build, ["as built", *starts])


def small_images(make, depth, *, between=None, pool=True):
    """Convolutions on the images of 8 by 8."""

    def build():
        inputs = x = keras.Input((8, 8, 1))
        for place in range(depth):
            x = make(place)(x)
            x = between(place)(x) if between else x
        x = layers.GlobalAveragePooling2D()(x) if pool else layers.Flatten()(x)
        return keras.Model(inputs, models.head(x))

    return build


def sequence(*makes):
    """Layers on the rows of an image, a mean at the end where that is needed."""

    def build():
        inputs = x = keras.Input((8, 8))
        for make in makes:
            x = make()(x)
        x = layers.GlobalAveragePooling1D()(x) if len(x.shape) == 3 else x
        return keras.Model(inputs, models.head(x))

    return build


add(
    "convolutions 5 by 5 x 8, elu",
    "image",
    small_images(
        lambda i: layers.Conv2D(12, 5, padding="same", activation="elu"), 8, pool=False
    ),
    SOME,
)
add(
    "separable convolutions x 5",
    "image",
    small_images(
        lambda i: layers.SeparableConv2D(24, 3, padding="same", activation="relu"), 5
    ),
    SOME[:2],
)
add(
    "strided convolutions x 3",
    "image",
    small_images(
        lambda i: layers.Conv2D(8 * 2**i, 3, 2, padding="same", activation="relu"), 3
    ),
    SOME,
)
add(
    "convolutions x 9, GroupNormalization",
    "image",
    small_images(
        lambda i: layers.Conv2D(16, 3, padding="same", activation="relu"),
        9,
        between=lambda i: layers.GroupNormalization(4),
    ),
    SOME,
)
convolution = functools.partial(layers.Conv1D, 32, 3, padding="same", activation="relu")
add("convolutions on rows x 7", "rows", sequence(*[convolution] * 7), SOME)
gru = functools.partial(layers.GRU, 48, return_sequences=True)
add("2 GRUs of 48", "rows", sequence(gru, gru), SOME)
add(
    "Bidirectional GRU",
    "rows",
    sequence(lambda: layers.Bidirectional(layers.GRU(24))),
    SOME,
)
add(
    "SimpleRNN of 64, relu",
    "rows",
    sequence(lambda: layers.SimpleRNN(64, activation="relu")),
    SOME,
)
add("LSTM of 100", "rows", sequence(lambda: layers.LSTM(100)), SOME[1:])
add(
    "Embedding, convolution, GRU",
    "tokens",
    models.recurrent(convolution, lambda: layers.GRU(40), tokens=True),
    [*SOME, ("table x 1e-6", table(1e-6)), ("table x 1e4", table(1e4))],
)


def attention(depth, *, before):
    """Blocks of attention and two dense layers, normalized before or after each."""

    def build():
        inputs = keras.Input((8, 8))
        x = layers.Dense(32)(inputs)
        for _ in range(depth):
            for kind in ("attention", "dense"):
                y = layers.LayerNormalization()(x) if before else x
                if kind == "attention":
                    y = layers.MultiHeadAttention(2, 16)(y, y)
                else:
                    y = layers.Dense(32)(layers.Dense(64, activation="gelu")(y))
                x = layers.Add()([x, y])
                x = x if before else layers.LayerNormalization()(x)
        x = layers.LayerNormalization()(x) if before else x
        return keras.Model(inputs, models.head(layers.GlobalAveragePooling1D()(x)))

    return build


add("attention x 3, normalized before", "rows", attention(3, before=True), SOME)
add("attention x 4, normalized after", "rows", attention(4, before=False), SOME)


def mixer():
    inputs = keras.Input((8, 8))
    x = layers.Dense(24)(inputs)
    for _ in range(4):
        for axes in ((2, 1), None):
            y = layers.LayerNormalization()(x)
            y = layers.Permute(axes)(y) if axes else y
            width = y.shape[-1]
            y = layers.Dense(width)(layers.Dense(2 * width, activation="gelu")(y))
            y = layers.Permute(axes)(y) if axes else y
            x = layers.Add()([x, y])
    return keras.Model(inputs, models.head(layers.GlobalAveragePooling1D()(x)))


add("mixer x 4", "rows", mixer, SOME)

for name, data, make in (
    (
        "ELECTRA",
        "segments",
        lambda: hub.ElectraBackbone(
            **{k: v for k, v in TEXT.items() if k != "vocabulary_size"},
            vocab_size=TEXT["vocabulary_size"],
            embedding_dim=16,
        ),
    ),
    (
        "Falcon",
        "text",
        lambda: hub.FalconBackbone(
            **{k: v for k, v in FREE.items() if k != "num_heads"},
            num_attention_heads=2,
        ),
    ),
    ("XLM-RoBERTa", "text", lambda: hub.XLMRobertaBackbone(**TEXT)),
    ("Qwen3", "text", lambda: hub.Qwen3Backbone(**GROUPED, head_dim=16)),
    (
        "Mixtral",
        "text",
        lambda: hub.MixtralBackbone(**GROUPED, num_experts=4, top_k=2),
    ),
    ("Llama 3 x 6", "text", lambda: hub.Llama3Backbone(**{**GROUPED, "num_layers": 6})),
    ("OPT x 8", "text", lambda: hub.OPTBackbone(**{**TEXT, "num_layers": 8})),
    ("BERT x 6", "segments", lambda: hub.BertBackbone(**{**TEXT, "num_layers": 6})),
    (
        "FNet x 6",
        "unmasked",
        lambda: hub.FNetBackbone(
            **{**models.WIDE, **models.VOCABULARY, "num_layers": 6},
            max_sequence_length=LENGTH,
        ),
    ),
    ("Bloom x 4", "text", lambda: hub.BloomBackbone(**{**FREE, "num_layers": 4})),
):
    add(name, data, models.with_head(make), TWO)

for name, make in (
    (
        "ViT x 8",
        lambda: hub.ViTBackbone(**{**models.PATCHES, "num_layers": 8}, mlp_dim=48),
    ),
    (
        "ResNet of KerasHub",
        lambda: hub.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[3],
            stackwise_num_filters=[64, 64],
            stackwise_num_blocks=[2, 2],
            stackwise_num_strides=[1, 2],
            block_type="basic_block",
            image_shape=(32, 32, 3),
        ),
    ),
    (
        "DenseNet of KerasHub",
        lambda: hub.DenseNetBackbone([2, 2], growth_rate=8, image_shape=(32, 32, 3)),
    ),
    (
        "VGG of KerasHub",
        lambda: hub.VGGBackbone([1, 1, 1], [16, 32, 64], image_shape=(32, 32, 3)),
    ),
    (
        "MobileNet, half as wide",
        lambda: keras.applications.MobileNet(**{**models.IMAGE, "alpha": 0.5}),
    ),
):
    add(name, "large", models.with_head(make), [*TWO, "N(0, 0.003)"])
