"""Global random states: Python's, NumPy's, Keras' and those of the backend."""

import contextlib
import importlib
import random
from collections.abc import Iterator

import numpy as np

from keras_inits._backend.questions import name


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Context in which draws without a seed follow `seed`, whoever makes them.

    Python's `random`, NumPy's global state, and those of Keras and its backend are
    put back afterwards.
    """
    python, numpy = random.getstate(), np.random.get_state()
    with _keras_seeded(), _frameworks_seeded(seed):
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@contextlib.contextmanager
def _keras_seeded() -> Iterator[None]:
    """Keras' global seed generator is made anew within, from Python's `random`."""
    # Private: Keras offers to set its state, and not to look at it.
    try:
        state = importlib.import_module("keras.src.backend.common.global_state")
        name = "global_seed_generator"
        before = state.get_global_attribute(name)
        state.set_global_attribute(name, None)
    except (ImportError, AttributeError):  # then what it draws moves it on
        yield
        return
    try:
        yield
    finally:
        state.set_global_attribute(name, before)


@contextlib.contextmanager
def _frameworks_seeded(seed: int) -> Iterator[None]:
    """The backend's own global state is `seed` within."""
    if name() == "torch":
        torch = importlib.import_module("torch")
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
        return
    if name() != "tensorflow":  # JAX has none
        yield
        return
    tensorflow = importlib.import_module("tensorflow")
    # Private: TensorFlow has no public way to put its seed back.
    try:
        context = importlib.import_module("tensorflow.python.eager.context").context()
        before = {key: vars(context)[key] for key in ("_seed", "_rng")}
    except (ImportError, AttributeError, KeyError):  # then it stays set
        tensorflow.random.set_seed(seed)
        yield
        return
    tensorflow.random.set_seed(seed)
    try:
        yield
    finally:
        vars(context).update(before)
