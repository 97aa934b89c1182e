"""Arrays from a NumPy archive, only as much of them as is used.

A header may claim any size, and a small archive may unpack to any size. So each
array's header is read first, held against the archive's own list, and only the
rows that are wanted are unpacked.
"""

import io
import math
import pathlib
import zipfile
import zlib
from typing import NoReturn

import numpy as np

from keras_inits import _errors
from keras_inits._types import Host

LARGEST = 1 << 30  # bytes of an array that are unpacked
HEADER = 1 << 16  # bytes in which an array's header lies
KINDS = "fiub"  # real numbers: floats, integers and booleans
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError),
    *(RuntimeError, NotImplementedError),  # encrypted, packed in an unknown way
)
RULE = "a NumPy archive (.npz) with an array 'x'"


def front(path: str, count: int) -> tuple[Host, Host | None]:
    """The first `count` rows of the arrays `x` and, if there, `y`.

    Args:
        path: The archive's path.
        count: Number of rows, 1 or above.

    Returns:
        Two arrays, or an array and None.

    Raises:
        ValueError: If the file is no such archive or damaged, or if an array has
            no batch axis, is not of real numbers or too large.
    """
    if not pathlib.Path(path).is_file():
        _errors.raise_bad_value("--data", RULE, path, "There is no such file.")
    try:
        with open(path, "rb") as file:
            single = file.read(6) == b"\x93NUMPY"
        with zipfile.ZipFile(path) as archive:
            members = {
                member.filename.removesuffix(".npy"): member
                for member in archive.infolist()
            }
            arrays = {
                name: _rows(path, archive, members[name], count)
                for name in ("x", "y")
                if name in members
            }
    except _ArrayError as refused:
        _errors.raise_error(str(refused))
    except BROKEN:
        hint = "It holds a single array." if single else "It is broken or none."
        _errors.raise_bad_value("--data", RULE, path, hint)
    if "x" not in arrays:
        found = ", ".join(members) or "nothing"
        _errors.raise_bad_value("--data", RULE, path, f"It holds {found}.")
    return arrays["x"], arrays.get("y")


class _ArrayError(Exception):
    """What is wrong with an array, told apart from what is wrong with the file."""


def _rows(
    path: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, count: int
) -> Host:
    """The first rows of an array of the archive."""
    name = member.filename.removesuffix(".npy")

    def refuse(rule: str, got: str) -> NoReturn:
        text = f"Array `{name}` of `--data` must {rule}, got {got} in {path!r}."
        raise _ArrayError(text)

    with archive.open(member) as stream:
        head = io.BytesIO(stream.read(HEADER))
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        # The third version differs in the names of fields alone.
        version = np.lib.format.read_magic(head)
        if version not in readers:
            refuse("hold real numbers", "fields")
        shape, by_column, dtype = readers[version](head)
        if dtype.hasobject or dtype.kind not in KINDS:
            refuse("hold real numbers", f"dtype {dtype}")
        if not shape:
            refuse("have a batch axis", "a single number")
        if head.tell() + math.prod(shape) * dtype.itemsize != member.file_size:
            raise zipfile.BadZipFile
        rows = shape[0] if by_column else min(count, shape[0])
        size = rows * math.prod(shape[1:])
        if size * dtype.itemsize > LARGEST:
            which = "" if rows == shape[0] else f" in its first {rows} rows"
            got = f"{dtype} of shape {shape}{which}"
            refuse(f"have at most {LARGEST >> 20:,} MiB", got)
        content = bytearray(head.read(size * dtype.itemsize))
        content += stream.read(size * dtype.itemsize - len(content))
        if rows == shape[0] and stream.read(1):  # To its end, for its checksum.
            raise zipfile.BadZipFile
    values = np.frombuffer(content, dtype, size)
    shaped = values.reshape((rows, *shape[1:]), order="F" if by_column else "C")
    return shaped[:count]
