"""Small configurations of keras_hub's backbones, written from their signatures.

`BACKBONES` has for each name, that of the class without "Backbone" and what is
special, a function that builds it, randomly initialized: nothing is downloaded.
Widths are about as small as the constructors allow. To add one: a line in the table
of its kind.
"""

import warnings

from tests.hub.image_backbones import IMAGE_MODELS
from tests.hub.multimodal_backbones import MULTIMODAL
from tests.hub.text_backbones import TEXT_MODELS

# Keras' NumPy backend infers shapes by computing with arrays, which takes longer than
# all else, and cannot build DepthAnything and VideoPrism.
BACKENDS = ("tensorflow", "jax", "torch")

# keras_hub saves these and cannot load them.
NOT_LOADED = {
    "Llama3": "its config lacks tie_word_embeddings, so a copy has more weights",
    "EfficientNet": "its config lacks num_features, so a copy has other shapes",
}

BACKBONES = {**TEXT_MODELS, **IMAGE_MODELS, **MULTIMODAL}


def build(name):
    """The backbone of that name; what its own code warns of is not said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BACKBONES[name]()
