"""Models on which the bounds of `keras_inits.diagnostics.verdicts` were chosen.

A case is a name, the name of its architecture, the form of its data, a function that
builds it, and a start, a function that sets its weights. `CASES` has them all.
"""

import collections
import functools
import warnings

import keras
import numpy as np
from sklearn.datasets import load_digits

import keras_inits
from keras_inits.diagnostics import lsuv

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what keras_hub imports warns of itself
    from keras_hub import models as hub

layers = keras.layers
Case = collections.namedtuple("Case", "name architecture data build start")
CASES: list[Case] = []
CLASSES, WIDTH = 10, 64
LEVELS, LENGTH = 17, 16  # gray levels of a pixel, pixels of an image of 4 by 4


def load():
    """Digits in each of the forms that a model takes, and their classes."""
    pixels, classes = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(pixels))
    pixels, classes = pixels[order].astype("float32"), classes[order]
    scaled = (pixels - pixels.mean()) / pixels.std()
    large = scaled.reshape(-1, 8, 8, 1).repeat(4, axis=1).repeat(4, axis=2)
    small = pixels.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).round().reshape(-1, LENGTH)
    tokens = (small + LEVELS * np.arange(LENGTH)).astype("int32")
    mask, zeros = np.ones_like(tokens), np.zeros_like(tokens)
    return {
        "flat": scaled,
        "raw": pixels,
        "rows": scaled.reshape(-1, 8, 8),
        "image": scaled.reshape(-1, 8, 8, 1),
        "large": large.repeat(3, axis=3),
        "tokens": tokens,
        "text": {"token_ids": tokens, "padding_mask": mask},
        "unmasked": {"token_ids": tokens, "segment_ids": zeros},
        "segments": {"token_ids": tokens, "padding_mask": mask, "segment_ids": zeros},
        "pair": {
            "encoder_token_ids": tokens,
            "encoder_padding_mask": mask,
            "decoder_token_ids": tokens,
            "decoder_padding_mask": mask,
        },
    }, classes


# What a start does: a function of a model and a batch.


def drawn(rules):
    """A start by rules for `initialize`."""
    return lambda model, x: keras_inits.initialize(model, rules, seed=1)


def kernels(initializer):
    """A start for every kernel, the head's as it is."""
    return drawn([("head/*", None), ("*kernel", initializer)])


def as_built(model, x):
    """The weights that the layers themselves draw."""


STARTS = {
    "zeros": kernels("zeros"),
    "N(0, 0.01)": kernels(keras_inits.RandomNormal(0.0, 0.01)),
    "N(0, 0.05)": kernels(keras_inits.RandomNormal(0.0, 0.05)),
    "N(0, 0.3)": kernels(keras_inits.RandomNormal(0.0, 0.3)),
    "N(0, 1)": kernels(keras_inits.RandomNormal(0.0, 1.0)),
    "U(-0.05, 0.05)": kernels(keras_inits.RandomUniform(-0.05, 0.05)),
    "Glorot": kernels("glorot_uniform"),
    "He": kernels("he_normal"),
    "LeCun": kernels("lecun_normal"),
    "orthogonal": kernels("orthogonal"),
    "PyTorch": kernels(keras_inits.KaimingUniform(5**0.5)),
    "by activation": drawn(keras_inits.recipes.by_activation()),
    "LSUV": lambda model, x: lsuv(model, x, seed=1),
}


def add(architecture, data, build, starts, *, cases=CASES, known=STARTS):
    """Adds a case for each start, given by its name or as a pair of name and start."""
    for start in starts:
        name, function = (start, known.get(start)) if isinstance(start, str) else start
        case = Case(f"{architecture}: {name}", architecture, data, build, function)
        cases.append(case)


def head(tensor):
    return layers.Dense(CLASSES, activation="softmax", name="head")(tensor)


def stack(depth, activation, *, width=WIDTH, norm=None, residual=False):
    """Dense layers of one width."""

    def build():
        inputs = x = keras.Input((64,))
        for place in range(depth):
            before = x
            x = layers.Dense(width, name=f"dense_{place + 1}")(x)
            if norm:
                x = norm()(x)
            x = layers.Activation(activation)(x)
            if residual and place:
                x = layers.Add()([before, x])
        return keras.Model(inputs, head(x))

    return build


def convolutions(depth, *, norm=False, pool=False):
    def build():
        inputs = x = keras.Input((8, 8, 1))
        for place in range(depth):
            name = f"conv_{place + 1}"
            x = layers.Conv2D(16, 3, padding="same", use_bias=not norm, name=name)(x)
            x = layers.BatchNormalization()(x) if norm else x
            x = layers.ReLU()(x)
        x = layers.GlobalAveragePooling2D()(x) if pool else layers.Flatten()(x)
        return keras.Model(inputs, head(x))

    return build


def recurrent(*made, tokens=False):
    def build():
        x = inputs = (
            keras.Input((LENGTH,), dtype="int32") if tokens else keras.Input((8, 8))
        )
        if tokens:
            x = layers.Embedding(LEVELS * LENGTH, 32)(x)
        for make in made:
            x = make()(x)
        return keras.Model(inputs, head(x))

    return build


def after(start, change):
    """A start after which something is changed."""

    def function(model, x):
        STARTS[start](model, x)
        change(model)

    return function


def scale(name, factor):
    def change(model):
        kernel = model.get_layer(name).kernel
        kernel.assign(kernel * factor)

    return change


def fill(name, weight, value):
    def change(model):
        variable = getattr(model.get_layer(name), weight)
        variable.assign(np.full(tuple(variable.shape), value, "float32"))

    return change


def every_bias(value):
    def change(model):
        for layer in model.layers:
            if layer.name.startswith("dense") and layer.name != "dense_1":
                layer.bias.assign(np.full(tuple(layer.bias.shape), value, "float32"))

    return change


def freeze(model):
    for layer in model.layers:
        layer.trainable = layer.name == "head" or not layer.weights


for activation in ("relu", "tanh", "sigmoid", "selu", "gelu"):
    names = list(STARTS)
    add(f"{activation} x 5", "flat", stack(5, activation), names[::2])
    add(f"{activation} x 20", "flat", stack(20, activation), names[1::2])
    if activation in ("relu", "tanh", "sigmoid"):
        some = ("N(0, 0.05)", "He", "Glorot", "orthogonal", "by activation")
        add(f"{activation} x 50", "flat", stack(50, activation), some)
add("linear x 10", "flat", stack(10, "linear"), ("Glorot", "N(0, 0.01)", "N(0, 1)"))
add("relu x 5 on raw pixels", "raw", stack(5, "relu"), ("He", "N(0, 0.01)", "N(0, 1)"))
SOME = ("zeros", "N(0, 0.01)", "Glorot", "He", "N(0, 1)")
for text, norm in (
    ("BatchNormalization", layers.BatchNormalization),
    ("LayerNormalization", layers.LayerNormalization),
):
    add(f"relu x 20, {text}", "flat", stack(20, "relu", norm=norm), SOME)
    add(f"tanh x 20, {text}", "flat", stack(20, "tanh", norm=norm), SOME[1::2])
add("residual relu x 20", "flat", stack(20, "relu", residual=True), SOME)
add("residual tanh x 20", "flat", stack(20, "tanh", residual=True), SOME)
add(
    "residual relu x 20, LayerNormalization",
    "flat",
    stack(20, "relu", norm=layers.LayerNormalization, residual=True),
    SOME,
)
add("convolutions x 6", "image", convolutions(6), SOME)
add("convolutions x 20", "image", convolutions(20), ("PyTorch", "He", "N(0, 0.01)"))
add("convolutions x 6, pooled", "image", convolutions(6, pool=True), SOME)
add("convolutions x 20, BatchNormalization", "image", convolutions(20, norm=True), SOME)

built = ("as built", as_built)
for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN):
    make = functools.partial(kind, 32)
    add(kind.__name__, "rows", recurrent(make), [built, "N(0, 1)", "N(0, 0.01)"])
    name = f"Embedding, {kind.__name__}"
    add(name, "tokens", recurrent(make, tokens=True), [built, "N(0, 0.01)"])
add(
    "Embedding, 3 LSTMs",
    "tokens",
    recurrent(
        lambda: layers.LSTM(32, return_sequences=True),
        lambda: layers.LSTM(32, return_sequences=True),
        lambda: layers.LSTM(32),
        tokens=True,
    ),
    [built, "N(0, 0.01)", "N(0, 1)"],
)
add(
    "Embedding, Bidirectional",
    "tokens",
    recurrent(lambda: layers.Bidirectional(layers.LSTM(16)), tokens=True),
    [built],
)

# Planted faults.
for depth in (5, 20):
    add(
        f"relu x {depth}",
        "flat",
        stack(depth, "relu"),
        [
            ("one kernel zero", after("He", fill("dense_3", "kernel", 0.0))),
            ("one kernel x 1000", after("He", scale("dense_3", 1000.0))),
            ("one kernel / 1000", after("He", scale("dense_3", 0.001))),
            ("one bias -100", after("He", fill("dense_3", "bias", -100.0))),
            ("every bias -0.5", after("He", every_bias(-0.5))),
            ("every bias 0.1", after("He", every_bias(0.1))),
            ("head x 100", after("He", scale("head", 100.0))),
            ("head zero", after("He", fill("head", "kernel", 0.0))),
        ],
    )
add(
    "residual relu x 20",
    "flat",
    stack(20, "relu", residual=True),
    [
        ("one kernel x 10000", after("N(0, 0.05)", scale("dense_3", 1e4))),
        ("one kernel zero", after("N(0, 0.05)", fill("dense_3", "kernel", 0.0))),
    ],
)
add(
    "tanh x 5",
    "flat",
    stack(5, "tanh"),
    [
        ("one kernel zero", after("Glorot", fill("dense_3", "kernel", 0.0))),
        ("one kernel x 1000", after("Glorot", scale("dense_3", 1000.0))),
        ("one bias 10", after("Glorot", fill("dense_3", "bias", 10.0))),
    ],
)


# KerasHub.

WIDE = {"hidden_dim": 32, "intermediate_dim": 64, "num_layers": 2}
VOCABULARY = {"vocabulary_size": LEVELS * LENGTH}
TEXT = {**WIDE, **VOCABULARY, "num_heads": 2, "max_sequence_length": LENGTH}
GROUPED = {**WIDE, **VOCABULARY, "num_query_heads": 2, "num_key_value_heads": 1}
FREE = {**WIDE, **VOCABULARY, "num_heads": 2}
BACKBONES = {
    "GPT-2": ("text", lambda: hub.GPT2Backbone(**TEXT)),
    "OPT": ("text", lambda: hub.OPTBackbone(**TEXT)),
    "BERT": ("segments", lambda: hub.BertBackbone(**TEXT)),
    "ALBERT": ("segments", lambda: hub.AlbertBackbone(**TEXT, embedding_dim=16)),
    "RoBERTa": ("text", lambda: hub.RobertaBackbone(**TEXT)),
    "DistilBERT": ("text", lambda: hub.DistilBertBackbone(**TEXT)),
    "Llama": ("text", lambda: hub.LlamaBackbone(**GROUPED)),
    "Mistral": ("text", lambda: hub.MistralBackbone(**GROUPED)),
    "Phi-3": ("text", lambda: hub.Phi3Backbone(**GROUPED)),
    "Qwen": ("text", lambda: hub.QwenBackbone(**GROUPED)),
    "Gemma": ("text", lambda: hub.GemmaBackbone(**GROUPED, head_dim=16)),
    "Bloom": ("text", lambda: hub.BloomBackbone(**FREE)),
    "GPT-NeoX": ("text", lambda: hub.GPTNeoXBackbone(**TEXT)),
    "DeBERTa": ("text", lambda: hub.DebertaV3Backbone(**TEXT, bucket_size=8)),
    "FNet": (
        "unmasked",
        lambda: hub.FNetBackbone(**WIDE, **VOCABULARY, max_sequence_length=LENGTH),
    ),
    "BART": ("pair", lambda: hub.BartBackbone(**TEXT)),
    "T5": ("pair", lambda: hub.T5Backbone(**FREE)),
}
PATCHES = {
    "image_shape": (32, 32, 3),
    "patch_size": 8,
    "num_layers": 4,
    "num_heads": 2,
    "hidden_dim": 32,
}


def with_head(make, *, pooled=True):
    """A backbone, the mean over its sequence or image, and a head."""

    def build():
        backbone = make()
        outputs = backbone.output
        if isinstance(outputs, dict):
            sequence = "decoder_sequence_output" in outputs
            name = "decoder_sequence_output" if sequence else "sequence_output"
            outputs = outputs[name]
        axes = list(range(1, len(outputs.shape) - 1))
        mean = keras.ops.mean(outputs, axis=axes) if axes else outputs
        inputs = backbone.input
        if isinstance(inputs, dict) and "images" in inputs:
            inputs = inputs["images"]
        return keras.Model(inputs, head(mean))

    return build


for name, (data, make) in BACKBONES.items():
    starts = [built]
    if name in ("GPT-2", "OPT", "BERT", "Llama", "FNet", "Bloom"):
        starts += ["N(0, 1)", "N(0, 0.01)", "zeros"]
    add(name, data, with_head(make), starts)
add(
    "GPT-2 x 12",
    "text",
    with_head(lambda: hub.GPT2Backbone(**{**TEXT, "num_layers": 12})),
    [built, "N(0, 1)", "N(0, 0.3)", ("recipe", drawn(keras_inits.recipes.gpt2(12)))],
)
add(
    "ViT",
    "large",
    with_head(lambda: hub.ViTBackbone(**PATCHES, mlp_dim=64)),
    [built, "N(0, 1)"],
)

# keras.applications.

APPLICATIONS = keras.applications
IMAGE = {"weights": None, "include_top": False, "input_shape": (32, 32, 3)}
for make, keywords in (
    (APPLICATIONS.MobileNet, {"alpha": 0.25}),
    (APPLICATIONS.MobileNetV2, {"alpha": 0.35}),
    (APPLICATIONS.MobileNetV3Small, {"include_preprocessing": False}),
    (APPLICATIONS.EfficientNetB0, {}),
    (APPLICATIONS.EfficientNetV2B0, {"include_preprocessing": False}),
    (APPLICATIONS.ResNet50, {}),
    (APPLICATIONS.ResNet50V2, {}),
    (APPLICATIONS.DenseNet121, {}),
    (APPLICATIONS.NASNetMobile, {}),
    (APPLICATIONS.ConvNeXtTiny, {"include_preprocessing": False}),
    (APPLICATIONS.VGG16, {}),
):
    starts = [built]
    if make in (APPLICATIONS.MobileNetV2, APPLICATIONS.ResNet50, APPLICATIONS.VGG16):
        starts += ["N(0, 1)", "N(0, 0.01)"]
    build = (lambda m, k: with_head(lambda: m(**{**IMAGE, **k})))(make, keywords)
    add(make.__name__, "large", build, starts)
