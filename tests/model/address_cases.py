"""What the tests of addresses work on: descriptions, and models of one layer."""

import keras

from keras_inits.model.addresses import addresses
from tests.hub import keras_hub
from tests.model import architectures, backbones
from tests.model.test_reinitialize import every_layer

layers = keras.layers


def described(model):
    """Address, class of the owner and shape of each weight, in their order."""
    return [
        [address, type(layer).__name__, list(variable.shape)]
        for address, layer, variable in addresses(model)
    ]


def more_layers():
    """Layers with weights beside those of `every_layer`, and more of the wrappers."""
    made = [
        (layers.ConvLSTM2D(2, 3), (3, 6, 6, 2)),
        (layers.ConvLSTM3D(2, 2), (3, 4, 4, 4, 2)),
        (layers.Normalization(), (4,)),
        (layers.Bidirectional(layers.ConvLSTM1D(2, 3)), (3, 6, 2)),
        (layers.SpectralNormalization(layers.Conv1D(4, 3)), (6, 2)),
        (layers.TimeDistributed(layers.BatchNormalization()), (6, 2)),
        (layers.TimeDistributed(layers.TimeDistributed(layers.Dense(3))), (5, 6, 2)),
        (layers.RNN([layers.SimpleRNNCell(2), layers.SimpleRNNCell(3)]), (5, 2)),
    ]
    for layer, shape in made:
        layer.build((None, *shape))
    return [layer for layer, _ in made]


def as_model(layer):
    """A functional model of one layer that has been built."""
    shapes = layer.get_build_config() or {}
    shapes = shapes.get("shapes_dict", shapes)
    if "query_shape" in shapes:
        query, value = (
            keras.Input(shapes[key][1:]) for key in ("query_shape", "value_shape")
        )
        return keras.Model([query, value], layer(query, value))
    shape = shapes.get("input_shape")
    if shape is None:
        tokens = keras.Input((3,), dtype="int32")
        return keras.Model(tokens, layer(tokens))
    if isinstance(shape[0], (list, tuple)):
        inputs = [keras.Input(one[1:]) for one in shape]
    else:
        inputs = keras.Input(shape[1:])
    return keras.Model(inputs, layer(inputs))


def one_layer_models():
    """A model of each layer of Keras that has weights."""
    return [as_model(layer) for layer in (*every_layer(), *more_layers())]


def every_structure():
    """Functions that build a model each, by name."""
    made = dict(architectures.ARCHITECTURES)
    if keras_hub is not None:
        made.update(backbones.BACKBONES)
    for place, model in enumerate(one_layer_models()):
        made[f"layer {place}"] = lambda model=model: model
    return made
