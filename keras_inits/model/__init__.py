"""Whole models: the weights of every layer at once."""

from keras_inits.model import recipes
from keras_inits.model.detachment import detach
from keras_inits.model.fans import fans_of
from keras_inits.model.initialization import initialize
from keras_inits.model.reinitialization import reinitialize

__all__ = ["detach", "fans_of", "initialize", "recipes", "reinitialize"]
