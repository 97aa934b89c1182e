"""The numbers that a dtype holds."""

import math
import sys

# dtype -> its least and its largest number; every number has a truth value.
RANGES = {
    **{f"int{n}": (-(2 ** (n - 1)), 2 ** (n - 1) - 1) for n in (8, 16, 32, 64)},
    **{f"uint{n}": (0, 2**n - 1) for n in (8, 16, 32, 64)},
    **{
        name: (-largest, largest)
        for names, largest in (
            (("float16",), 65504.0),
            (("bfloat16",), math.ldexp(2.0 - 2.0**-7, 127)),
            (("float32", "complex64"), math.ldexp(2.0 - 2.0**-23, 127)),
            (("float64", "complex128"), sys.float_info.max),
        )
        for name in names
    },
}


def is_held(dtype: str, low: float, high: float) -> bool:
    """Whether the numbers from `low` to `high` are within the range of a dtype."""
    least, most = RANGES.get(dtype, (-math.inf, math.inf))
    return least <= low and high <= most
