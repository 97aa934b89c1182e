"""Whole models: the weights of every layer at once."""

from keras_inits.model import recipes
from keras_inits.model.detach import detach
from keras_inits.model.fans import fans_of
from keras_inits.model.initialize import initialize
from keras_inits.model.reinitialize import reinitialize

__all__ = ["detach", "fans_of", "initialize", "recipes", "reinitialize"]
