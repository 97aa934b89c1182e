"""Ten models in the manner of keras.io's examples, written for the tests.

They are what tutorials teach: subclassed models that only ever train by `train_step`,
layers shared by two inputs, layers of one's own without a config for their parts,
models inside of models. Each is built under `enable`, saved and loaded.
"""

import pathlib

import keras
from keras import layers, ops

import keras_inits
from keras_inits.model.addresses import addresses

SEED = 2026
package = keras.saving.register_keras_serializable(package="styles")


@package
class GAN(keras.Model):
    """A generator and a discriminator, trained by `train_step`, without a `call`."""

    def __init__(self, latent=6, **kwargs):
        super().__init__(**kwargs)
        self.latent = latent
        self.generator = keras.Sequential(
            [
                keras.Input((latent,)),
                layers.Dense(4 * 4 * 4),
                layers.Reshape((4, 4, 4)),
                layers.Conv2DTranspose(8, 4, strides=2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
            ],
            name="generator",
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(8, 3, strides=2, padding="same"),
                layers.GlobalMaxPooling2D(),
                layers.Dense(1),
            ],
            name="discriminator",
        )

    def get_config(self):
        return {**super().get_config(), "latent": self.latent}

    def train_step(self, images):
        raise NotImplementedError("its weights are looked at, not trained")


@package
class Sampling(layers.Layer):
    """A normal sample by the reparametrization trick."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


@package
class VAE(keras.Model):
    """An encoder and a decoder given as models, without a `call`."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def get_config(self):
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        parts = {k: keras.saving.serialize_keras_object(v) for k, v in parts.items()}
        return {**super().get_config(), **parts}

    @classmethod
    def from_config(cls, config):
        for part in ("encoder", "decoder"):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)

    def train_step(self, images):
        raise NotImplementedError("its weights are looked at, not trained")


def vae():
    images = keras.Input((8, 8, 1))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(images)
    x = layers.Dense(8, activation="relu")(layers.Flatten()(x))
    mean, log_variance = layers.Dense(2, name="mean")(x), layers.Dense(2, name="log")(x)
    outputs = [mean, log_variance, Sampling()([mean, log_variance])]
    encoder = keras.Model(images, outputs, name="encoder")
    latent = keras.Input((2,))
    x = layers.Reshape((4, 4, 2))(layers.Dense(32, activation="relu")(latent))
    x = layers.Conv2DTranspose(1, 3, strides=2, padding="same")(x)
    return VAE(encoder, keras.Model(latent, x, name="decoder"))


@package
class Distance(layers.Layer):
    """The distance of two embeddings."""

    def call(self, one, other):
        return ops.sqrt(ops.sum(ops.square(one - other), axis=-1, keepdims=True))


def siamese():
    image = keras.Input((8, 8, 1))
    x = layers.BatchNormalization()(image)
    x = layers.AveragePooling2D(2)(layers.Conv2D(4, 5, activation="tanh")(x))
    x = layers.Dense(4, activation="tanh")(layers.Flatten()(x))
    embedding = keras.Model(image, x)
    pair = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    merged = Distance()(*map(embedding, pair))
    merged = layers.BatchNormalization()(merged)
    return keras.Model(pair, layers.Dense(1, activation="sigmoid")(merged))


@package
class TokenAndPosition(layers.Layer):
    """Embeddings of tokens and of their positions, added."""

    def __init__(self, length, vocabulary, width, **kwargs):
        super().__init__(**kwargs)
        self.sizes = {"length": length, "vocabulary": vocabulary, "width": width}
        self.tokens = layers.Embedding(vocabulary, width)
        self.positions = layers.Embedding(length, width)

    def build(self, input_shape):
        self.tokens.build(input_shape)
        self.positions.build(input_shape[1:])

    def call(self, inputs):
        return self.tokens(inputs) + self.positions(ops.arange(ops.shape(inputs)[-1]))

    def get_config(self):
        return {**super().get_config(), **self.sizes}


@package
class Block(layers.Layer):
    """A transformer's block, whose parts are built when it is called."""

    def __init__(self, width, heads, **kwargs):
        super().__init__(**kwargs)
        self.width, self.heads = width, heads
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.feed_forward = keras.Sequential(
            [layers.Dense(2 * width, activation="relu"), layers.Dense(width)]
        )
        self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]
        self.dropout = layers.Dropout(0.1)

    def call(self, inputs, training=None):
        attended = self.dropout(self.attention(inputs, inputs), training=training)
        x = self.norms[0](inputs + attended)
        return self.norms[1](x + self.feed_forward(x))

    def get_config(self):
        return {**super().get_config(), "width": self.width, "heads": self.heads}


def text_classifier():
    tokens = keras.Input((10,), dtype="int32")
    x = Block(8, 2)(TokenAndPosition(10, 30, 8)(tokens))
    x = layers.Dense(8, activation="relu")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(tokens, layers.Dense(2, activation="softmax")(x))


def translator():
    source, target = keras.Input((None, 12)), keras.Input((None, 14))
    encoder = layers.LSTM(6, return_state=True)
    _, *states = encoder(source)
    decoder = layers.LSTM(6, return_sequences=True, return_state=True)
    decoded, _, _ = decoder(target, initial_state=states)
    outputs = layers.Dense(14, activation="softmax")(decoded)
    return keras.Model([source, target], outputs)


def u_net():
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(image)
    x = skip = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters in (6, 8):
        for _ in range(2):
            x = layers.Activation("relu")(x)
            x = layers.SeparableConv2D(filters, 3, padding="same")(x)
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        residual = layers.Conv2D(filters, 1, strides=2, padding="same")(skip)
        x = skip = layers.add([x, residual])
    for filters in (8, 6, 4):
        x = layers.Conv2DTranspose(filters, 3, padding="same")(x)
        x = layers.UpSampling2D(2)(layers.BatchNormalization()(x))
    return keras.Model(image, layers.Conv2D(2, 3, padding="same")(x))


@package
class Autoencoder(keras.Model):
    """Two subclassed halves, built by the first call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encode = [layers.Conv1D(w, 3, 2, "same") for w in (8, 4)]
        self.decode = [layers.Conv1DTranspose(w, 3, 2, "same") for w in (8, 1)]

    def call(self, inputs):
        for layer in (*self.encode, *self.decode):
            inputs = layer(inputs)
        return inputs


def autoencoder():
    model = Autoencoder()
    model(ops.zeros((1, 16, 1)))
    return model


@package
class GraphConvolution(layers.Layer):
    """A graph's layer with weights of its own, one of them without a name."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.prepare = keras.Sequential([layers.Dense(width, activation="gelu")])

    def build(self, shapes):
        features, _ = shapes
        self.prepare.build(features)
        self.mix = self.add_weight(shape=(2 * self.width, self.width))
        self.scale = self.add_weight(
            shape=(self.width,), initializer="ones", name="scale"
        )
        self.shift = self.add_weight(
            shape=(self.width,), initializer=keras.initializers.RandomNormal(0, 0.02)
        )

    def call(self, inputs):
        features, adjacency = inputs
        messages = ops.matmul(adjacency, self.prepare(features))
        both = ops.concatenate([self.prepare(features), messages], axis=-1)
        return self.scale * ops.matmul(both, self.mix) + self.shift

    def get_config(self):
        return {**super().get_config(), "width": self.width}


def graph_network():
    features, adjacency = keras.Input((7, 5)), keras.Input((7, 7))
    x = GraphConvolution(6)([features, adjacency])
    x = GraphConvolution(6)([x, adjacency])
    return keras.Model([features, adjacency], layers.Dense(3)(x))


@package
class Mixture(layers.Layer):
    """The parameters of a mixture of normal densities."""

    def __init__(self, components, **kwargs):
        super().__init__(**kwargs)
        self.components = components
        self.means = layers.Dense(components, name="means")
        self.stddevs = layers.Dense(components, activation="softplus")
        self.logits = layers.Dense(components)

    def build(self, input_shape):
        for part in (self.means, self.stddevs, self.logits):
            part.build(input_shape)

    def call(self, inputs):
        parts = self.means(inputs), self.stddevs(inputs), self.logits(inputs)
        return ops.concatenate(parts, axis=-1)

    def get_config(self):
        return {**super().get_config(), "components": self.components}


def mixture_density():
    return keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(16, activation="tanh", kernel_initializer="lecun_normal"),
            layers.Dense(16, activation="tanh", kernel_initializer="orthogonal"),
            Mixture(4),
        ]
    )


@package
class MixerBlock(layers.Layer):
    """Mixing over the patches and then over the channels."""

    def __init__(self, patches, width, **kwargs):
        super().__init__(**kwargs)
        self.sizes = {"patches": patches, "width": width}
        hidden = {"activation": "gelu", "kernel_initializer": "he_uniform"}
        self.over_patches = keras.Sequential(
            [layers.Dense(patches, **hidden), layers.Dense(patches)]
        )
        self.over_channels = keras.Sequential(
            [layers.Dense(width, **hidden), layers.Dense(width)]
        )
        self.normalize = layers.LayerNormalization()

    def build(self, input_shape):
        batch, patches, width = input_shape
        self.normalize.build(input_shape)
        self.over_patches.build((batch, width, patches))
        self.over_channels.build(input_shape)

    def call(self, inputs):
        x = ops.transpose(self.normalize(inputs), (0, 2, 1))
        x = inputs + ops.transpose(self.over_patches(x), (0, 2, 1))
        return x + self.over_channels(self.normalize(x))

    def get_config(self):
        return {**super().get_config(), **self.sizes}


def mixer():
    image = keras.Input((8, 8, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 2, strides=2)(image))
    for _ in range(2):
        x = MixerBlock(16, 8)(x)
    return keras.Model(image, layers.Dense(4)(layers.GlobalAveragePooling1D()(x)))


MODELS = {
    "gan": GAN,
    "vae": vae,
    "siamese": siamese,
    "text classifier": text_classifier,
    "translator": translator,
    "u-net": u_net,
    "autoencoder": autoencoder,
    "graph network": graph_network,
    "mixture density": mixture_density,
    "mixer": mixer,
}


def described(model):
    """Fingerprint and addresses of a model."""
    return {
        "fingerprint": keras_inits.fingerprint(model),
        "addresses": [address for address, *_ in addresses(model)],
    }


def answer(directory):
    """What each model is when it is built, loaded, and redrawn from one seed."""
    found = {}
    for name, make in MODELS.items():
        path = pathlib.Path(directory, f"{name}.{keras.backend.backend()}.keras")
        with keras_inits.enabled():
            keras.utils.set_random_seed(SEED)
            model = make()
            model.save(path)
            loaded = keras.saving.load_model(path)
        pair = model, loaded
        built = [described(one) for one in pair]
        for one in pair:
            keras_inits.reinitialize(one, seed=1)
        found[name] = {"built": built, "redrawn": [described(one) for one in pair]}
    return found
