"""keras_hub, which supports fewer versions of Keras than this package does."""

import warnings

import keras
import pytest

REASON = ""
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it imports warns of itself
        import keras_hub
except ImportError as error:
    keras_hub = None
    REASON = f"keras_hub does not import on Keras {keras.__version__}: {error}"

NEEDS_HUB = pytest.mark.skipif(bool(REASON), reason=REASON)
