"""The kernel of a spectral transform."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_inits import _arrays, _checks, _errors
from keras_inits._types import Array, ArrayLike, Host, Interval, Key, Shape
from keras_inits.engine import elementwise
from keras_inits.engine.ops import Ops
from keras_inits.initializers.base import Initializer
from keras_inits.initializers.lookup import listed

# Weights of the cosines of 0, 1, 2, ... turns over the window.
COSINE_WINDOWS = {
    "boxcar": (1.0,),
    "hann": (0.5, -0.5),
    "hamming": (0.54, -0.46),
    "blackman": (0.42, -0.5, 0.08),
}
WINDOW_RULE = "the name of a window in scipy.signal.windows, an array or None"


@listed("STFTInitializer")
class STFT(Initializer, keras.initializers.STFT):
    """The convolution kernel of a short-time Fourier transform.

    For frames of `T` samples and `F` frequencies, in the shape `(T, 1, F)`, with
    the window `w` and n = 2 (F - 1) points of the transform:

        real: w[t] cos(2 pi t f / n) / c        imag: -w[t] sin(2 pi t f / n) / c

    where `c` is `sqrt(sum(w**2))` for `scaling="density"`, `sum(|w|)` for
    `"spectrum"` and 1 for None. Evaluated in double precision, rounded once.

    Args:
        side: `"real"` or `"imag"`, the part of the transform.
        window: Name of a window of `scipy.signal.windows`, an array of `T`
            values, or None for no window, which also means no scaling. The
            windows "boxcar", "hann", "hamming" and "blackman" are the same on
            every machine; SciPy's others may differ in their last digits.
        scaling: `"density"`, `"spectrum"` or None.
        periodic: Whether a window given by name is periodic rather than
            symmetric.

    Raises:
        ValueError: If an argument is none of these, if the shape is not
            `(T, 1, F)` with `T` the window's length, or if the scaling's divisor
            is 0, as that of `"hann"` is for two samples, or infinite.

    Reference:
        `keras.initializers.STFT`; Allen and Rabiner 1977, "A unified approach to
        short-time Fourier analysis and synthesis", for the transform.
    """

    dtypes = _checks.FLOAT_DTYPES

    def __init__(
        self,
        side: str = "real",
        window: str | ArrayLike | Sequence[float] | Mapping[str, Any] | None = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        self.side = _checks.check_choice("side", side, ("real", "imag"))
        if scaling is not None:
            _checks.check_choice("scaling", scaling, ("density", "spectrum"))
        self.scaling = scaling
        window = _checks.deserialize("window", WINDOW_RULE, window)
        if window is not None and not isinstance(window, str):
            array = _arrays.finite_array_of(window)
            if array is None or array.ndim != 1:
                _errors.raise_bad_value("window", WINDOW_RULE, window)
            window = array.astype(np.float64)
        self.window: str | Host | None = window
        self.periodic = _checks.check_bool("periodic", periodic)
        if isinstance(window, str):
            self._samples(1)

    def _samples(self, length: int) -> Host:
        """The window's `length` values in double precision."""
        if not isinstance(self.window, str):
            return np.asarray(self.window, np.float64)
        if self.window in COSINE_WINDOWS:
            points = max(1, length if self.periodic else length - 1)
            cosines = (
                weight * elementwise.cosine(order * np.arange(length), points)
                for order, weight in enumerate(COSINE_WINDOWS[self.window])
            )
            return functools.reduce(np.add, cosines)
        # SciPy holds the other windows; Keras' layer needs it too.
        from scipy.signal import get_window

        try:
            # SciPy has no window of no samples.
            return get_window(self.window, max(1, length), self.periodic)[:length]
        except ValueError:
            _errors.raise_bad_value("window", WINDOW_RULE, self.window)

    def _divisor(self, window: Host) -> float:
        """The number that the scaling divides by."""
        if self.scaling is None:
            return 1.0
        with np.errstate(over="ignore"):
            if self.scaling == "spectrum":
                return elementwise.total(np.abs(window))
            return math.sqrt(elementwise.total(window * window))

    def check_shape(self, shape: Shape) -> None:
        """Refuses what is not `(frame_length, 1, frequencies)`, or has no scale."""
        _checks.check_rank(shape, (3,))
        window = self.window
        if isinstance(window, np.ndarray) and window.shape != shape[:1]:
            rule = f"of the shape (frame_length,) = {shape[:1]}"
            _errors.raise_bad_value("window", rule, window.shape)
        if shape[1] != 1:
            rule = "(frame_length, 1, frequencies)"
            _errors.raise_bad_value("shape", rule, shape)
        if self.window is not None and shape[0] > 0:
            divisor = self._divisor(self._samples(shape[0]))
            if not 0.0 < divisor < np.inf:
                rule = f"one that scaling={self.scaling!r} can divide by"
                found = f"Its divisor is {divisor:g}."
                _errors.raise_bad_value("window", rule, self.window, found)

    def extent(self, shape: Shape) -> Interval:
        if self.window is None or shape[0] == 0:
            return -1.0, 1.0
        window = self._samples(shape[0])
        largest = float(np.max(np.abs(window)) / self._divisor(window))
        return -largest, largest

    def compute(self, ops: Ops, key: Key | None, shape: Shape, dtype: str) -> Array:
        frame_length, _, frequencies = shape
        time = np.arange(frame_length)[:, None, None]
        points = max(1, 2 * (frequencies - 1))
        turns = time * np.arange(frequencies)
        if self.side == "real":
            kernel = elementwise.cosine(turns, points)
        else:  # -sin(x) = cos(x + pi / 2)
            kernel = elementwise.cosine(4 * turns + points, 4 * points)
        if self.window is not None:
            window = self._samples(frame_length)
            kernel = kernel * window[:, None, None] / self._divisor(window)
        return ops.cast(np.broadcast_to(kernel, shape).copy(), dtype)
