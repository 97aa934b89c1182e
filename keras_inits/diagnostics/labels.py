"""Names and numbers as pictures, sentences and tables show them."""

import collections
import itertools
import math
import re
from collections.abc import Sequence

SMALLEST, LARGEST = 1e-4, 1e5  # between which numbers are written without exponent


def number(value: float | None, digits: int = 2) -> str:
    """A number in the one form of pictures, sentences and tables; empty for nothing.

    >>> [number(value) for value in (0.0412, 1234.0, 4.1e-6, 1e-3, 0.0)]
    ['0.041', '1200', '4.1e-6', '0.001', '0']
    """
    if value is None:
        return ""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    rounded = f"{value:.{digits - 1}e}"
    if SMALLEST <= abs(float(rounded)) < LARGEST:
        return f"{float(rounded):g}"
    mantissa, exponent = rounded.split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def shortened(names: Sequence[str], length: int) -> list[str]:
    """Names of at most so many characters, in which what tells them apart stays.

    Of a path, only as much from its end is shown as no other name shares. Then words
    lose letters at their ends, the longest word first; digits stay. What is still too
    long loses its middle.

    >>> shortened(["a/layer_0/query", "a/layer_1/query", "a/head"], 13)
    ['layer_0/query', 'layer_1/query', 'head']
    >>> shortened(["batch_normalization_12"], 14)
    ['batch_norma_12']
    """
    ends = collections.Counter(
        end for name in set(names) for end in itertools.accumulate(_parts(name), _join)
    )
    return [short(_unshared(name, ends), length) for name in names]


def short(text: str, length: int) -> str:
    """A text of at most so many characters."""
    runs = re.findall(r"[^\W\d_]+|[\W\d_]+", text)
    words = [place for place, run in enumerate(runs) if run[0].isalpha()]
    excess = len(text) - length
    while excess > 0 and words:
        longest = max(words, key=lambda place: len(runs[place]))
        if len(runs[longest]) == 1:
            break
        runs[longest] = runs[longest][:-1]
        excess -= 1
    text = "".join(runs)
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def _parts(name: str) -> list[str]:
    """The parts of a path, from its end."""
    return name.split("/")[::-1]


def _join(end: str, part: str) -> str:
    return f"{part}/{end}"


def _unshared(name: str, ends: collections.Counter[str]) -> str:
    """The shortest end of a path that it alone has, or all of it."""
    found = itertools.accumulate(_parts(name), _join)
    return next((end for end in found if ends[end] == 1), name)
