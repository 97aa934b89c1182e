"""Models in which it is not plain whose weight it is, or by which way it is reached.

Each is a function that builds the model with the layer's default names, so that
Keras numbers them. They can be cloned, saved and loaded.
"""

import keras
import numpy as np

layers = keras.layers
serializable = keras.saving.register_keras_serializable("tests")


def ran(model, *shapes, dtype="float32"):
    """The model after a call on zeros, which builds it."""
    batch = [np.zeros((1, *shape), dtype) for shape in shapes]
    model(batch[0] if len(batch) == 1 else batch)
    return model


@serializable
class TiedHead(layers.Layer):
    """A head that multiplies by the table of an embedding that it is given."""

    def __init__(self, embedding, **kwargs):
        super().__init__(**kwargs)
        self.embedding = embedding

    def build(self, shape):
        self.bias = self.add_weight(shape=(self.embedding.input_dim,), name="bias")

    def call(self, x):
        table = keras.ops.transpose(self.embedding.embeddings)
        return keras.ops.matmul(x, table) + self.bias


@serializable
class TiedVariableHead(TiedHead):
    """The same, with the table among its own variables, as its first."""

    def build(self, shape):
        self.kernel = self.embedding.embeddings
        super().build(shape)


class _Tied(keras.Model):
    head_first = False
    head_class = TiedHead

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        embedding = layers.Embedding(50, 16)
        if self.head_first:
            self.head = self.head_class(embedding)
        self.embedding = embedding
        self.mixer = layers.Dense(16)
        if not self.head_first:
            self.head = self.head_class(embedding)

    def call(self, tokens):
        return self.head(self.mixer(self.embedding(tokens)))

    def get_config(self):
        return {}

    def build(self, shape):
        self.embedding.build(shape)
        self.mixer.build((None, None, 16))
        self.head.build((None, None, 16))


@serializable
class Tied(_Tied):
    """The usual order."""


@serializable
class TiedHeadFirst(_Tied):
    """The head is listed before the table that it reads."""

    head_first = True


@serializable
class TiedVariable(_Tied):
    """The table is a variable of two layers."""

    head_class = TiedVariableHead


@serializable
class TiedVariableHeadFirst(_Tied):
    """And the one that did not make it comes first."""

    head_first = True
    head_class = TiedVariableHead


@serializable
class GraphBesideLayers(keras.Model):
    """Layers as attributes, and the functional model that they form as another."""

    def __init__(self, graph_first=False, **kwargs):
        super().__init__(**kwargs)
        self.graph_first = graph_first
        conv = layers.Conv2D(8, 3, groups=2)
        head = layers.Dense(3)
        inputs = keras.Input((6, 6, 4))
        graph = keras.Model(inputs, head(layers.Flatten()(conv(inputs))))
        if graph_first:
            self.graph = graph
        self.conv = conv
        self.head = head
        if not graph_first:
            self.graph = graph

    def call(self, x):
        return self.graph(x)

    def get_config(self):
        return {"graph_first": self.graph_first}


def small_base():
    """A convolutional base whose last layer is no feature."""
    inputs = keras.Input((6, 6, 4))
    x = layers.Conv2D(8, 3, groups=2)(inputs)
    x = keras.Sequential([keras.Input((4, 4, 8)), layers.Conv2D(4, 3)])(x)
    return keras.Model(inputs, layers.Flatten()(x))


@serializable
class Extractor(keras.Model):
    """A functional model over the output of a base, which it keeps."""

    def __init__(self, **kwargs):
        base = small_base()
        super().__init__(base.inputs, layers.Dense(3)(base.output), **kwargs)
        self.base = base
        self.first_convolution = base.layers[1]

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@serializable
class Unnamed(layers.Layer):
    """Weights without names, made in another order than Keras lists them in."""

    def build(self, shape):
        width = shape[-1]
        self.offset = self.add_weight((width,), "zeros", trainable=False)
        self.scale = self.add_weight((width,), "ones")
        self.shift = self.add_weight((1, width), "zeros", trainable=False)
        self.power = self.add_weight((1, width), "ones", name="power")
        self.slope = self.add_weight((1, 1, width), "ones")

    def call(self, x):
        return x * self.scale * self.slope + self.offset + self.shift + self.power


@serializable
class Derived(layers.Layer):
    """Parts and a weight that are named after the layer, whose name Keras made."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(4, name=f"{self.name}_inner")

    def build(self, shape):
        self.inner.build(shape)
        self.gain = self.add_weight((4,), "ones", name=f"{self.name}_gain")

    def call(self, x):
        return self.inner(x) * self.gain


@serializable
class Projection(layers.Layer):
    """A part that is named after its layer, whose name was given."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, name=f"{self.name}_dense")

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x)


@serializable
class Prefixed(keras.Model):
    """Parts are named after the name that the model is given, plainly without one.

    So a copy, whose name is in its config, has other names than the original.
    """

    def __init__(self, name=None, **kwargs):
        prefix = f"{name}_" if name else ""
        inputs = keras.Input((4,))
        x = layers.Dense(4, name=f"{prefix}entry")(inputs)
        x = layers.Dense(4)(x)
        # A name that looks like Keras' own where there is no prefix.
        x = layers.Dense(4, name=f"{prefix}dense_9999")(x)
        x = Projection(name=f"{prefix}projection_9999")(x)
        x = Projection(name=f"{prefix}head")(x)
        super().__init__(inputs, x, name=name, **kwargs)

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@serializable
class Containers(keras.Model):
    """Layers in a list, a tuple, a dict and each other."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.many = [layers.Dense(4), layers.Dense(4, name="named")]
        self.pair = (layers.Dense(4), layers.LayerNormalization())
        self.table = {"b": layers.Dense(4), "a": [layers.Dense(4)]}

    def parts(self):
        """Every layer in its order."""
        return [*self.many, *self.pair, self.table["b"], *self.table["a"]]

    def build(self, shape):
        for part in self.parts():
            part.build(shape)

    def call(self, x):
        for part in self.parts():
            x = part(x)
        return x

    def get_config(self):
        return {}


def nested_sequential():
    """Sequential models in each other, three deep."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(4)])
    middle = keras.Sequential([inner, layers.Dense(4)])
    return keras.Sequential([keras.Input((4,)), layers.Dense(4), middle])


def nested_functional():
    """Two functional models in a third, with a layer of one name in each."""

    def inner():
        inputs = keras.Input((4,))
        return keras.Model(inputs, layers.Dense(4, name="head")(inputs))

    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2)(inner()(inner()(inputs))))


def recurrent():
    """Wrappers of recurrent layers, and cells in cells."""
    inputs = keras.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(inputs)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True), backward_layer=None)(
        x
    )
    cells = [layers.GRUCell(2), layers.LSTMCell(3), layers.GRUCell(2)]
    x = layers.RNN(cells, return_sequences=True)(x)
    block = keras.Sequential([layers.Dense(4), layers.Dense(3)])
    x = layers.TimeDistributed(block)(x)
    return keras.Model(inputs, layers.SimpleRNN(2)(x))


def normalized_spectrally():
    """The wrapper holds the kernel of the layer that it wraps."""
    inputs = keras.Input((6, 6, 3))
    x = layers.SpectralNormalization(layers.Conv2D(4, 3))(inputs)
    x = layers.SpectralNormalization(layers.Dense(4))(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(4)(x))


def shared_between_models():
    """One layer that stands in the model and in two models within it."""
    shared = layers.Dense(4, name="shared")

    def branch():
        inputs = keras.Input((4,))
        return keras.Model(inputs, layers.Dense(4)(shared(inputs)))

    inputs = keras.Input((4,))
    return keras.Model(inputs, shared(branch()(branch()(inputs))))


def branched():
    """A graph whose order is not that in which its layers were made."""
    inputs = keras.Input((4,))
    late = layers.Dense(4)
    early = layers.Dense(5)
    x = late(layers.Dense(6)(inputs))
    y = layers.Dense(3)(early(inputs))
    return keras.Model(inputs, [layers.Concatenate()([x, y]), y])


def unnamed():
    """Two layers whose weights have no names."""
    return keras.Sequential([keras.Input((4,)), Unnamed(), Unnamed()])


def derived():
    """Two layers that name their parts after themselves."""
    return keras.Sequential([keras.Input((4,)), Derived(), Derived()])


ARCHITECTURES = {
    "nested sequential": nested_sequential,
    "nested functional": nested_functional,
    "recurrent": recurrent,
    "spectral normalization": normalized_spectrally,
    "shared between models": shared_between_models,
    "branched": branched,
    "unnamed": unnamed,
    "derived": derived,
    "prefixed": Prefixed,
    "containers": lambda: ran(Containers(), (4,)),
    "tied": lambda: ran(Tied(), (5,), dtype="int32"),
    "tied, head first": lambda: ran(TiedHeadFirst(), (5,), dtype="int32"),
    "tied variable": lambda: ran(TiedVariable(), (5,), dtype="int32"),
    "tied variable, head first": lambda: ran(
        TiedVariableHeadFirst(), (5,), dtype="int32"
    ),
    "graph beside layers": lambda: ran(GraphBesideLayers(), (6, 6, 4)),
    "graph before layers": lambda: ran(GraphBesideLayers(True), (6, 6, 4)),
    "extractor": Extractor,
}
