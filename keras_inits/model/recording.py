"""Methods of Keras' layers that are recorded for a while.

The layers that a layer makes and calls are its own business, so they are recorded
where all of them pass: in a method of Keras' base class, in this thread alone.
"""

import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras


class Recorded:
    """A method of every layer that does something else where that is asked for.

    Args:
        name: Name of the method.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.original = getattr(keras.layers.Layer, name)
        self._instead = contextvars.ContextVar[Any](name, default=None)
        self._lock = threading.Lock()
        self._users = 0

        @functools.wraps(self.original)
        def method(layer: keras.Layer, *args: Any, **kwargs: Any) -> Any:
            instead = self._instead.get() or self.original
            return instead(layer, *args, **kwargs)

        self._method = method

    @contextlib.contextmanager
    def by(self, function: Callable[..., Any]) -> Iterator[None]:
        """The method is this function meanwhile, in this thread."""
        with self._lock:
            self._users += 1
            setattr(keras.layers.Layer, self.name, self._method)
        token = self._instead.set(function)
        try:
            yield
        finally:
            self._instead.reset(token)
            with self._lock:
                self._users -= 1
                if not self._users:
                    setattr(keras.layers.Layer, self.name, self.original)
