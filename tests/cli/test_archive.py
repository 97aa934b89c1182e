"""`keras-inits diagnose --data`: what is refused before it is unpacked."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from keras_inits.cli import _archive
from tests.diagnostics.networks import normal
from tests.support import raises_exactly


def header(shape, *, by_column=False):
    """The bytes by which NumPy announces an array of float32."""
    file = io.BytesIO()
    facts = {"descr": "<f4", "fortran_order": by_column, "shape": shape}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


def announced(path, shape, size, **facts):
    """An archive whose array claims a shape; `size` bytes of zeros follow."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("x.npy", "w", force_zip64=True) as array,
    ):
        array.write(header(shape, **facts))
        for start in range(0, size, 1 << 24):
            array.write(bytes(min(1 << 24, size - start)))


def changed(path, change):
    """An archive of 100 rows whose bytes were changed."""
    np.savez(path, x=normal((100, 16)))
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def flip(content):
    content[1000] ^= 1


def encrypt(content):
    # The flag in the archive's list of its arrays.
    content[content.index(b"PK\x01\x02") + 8] |= 1


def cut(content):
    del content[3000:]


BROKEN = {
    "a changed bit": lambda path: changed(path, flip),
    "a cut": lambda path: changed(path, cut),
    "encryption": lambda path: changed(path, encrypt),
    # 16 TiB by the header, and 128 rows are there; the archive's list knows better.
    "a false header": lambda path: announced(path, (2**42, 1), 1024),
    "a false last row": lambda path: announced(path, (4, 4), 60),
    "bytes after the last row": lambda path: announced(path, (4, 4), 68),
    "no header": lambda path: path.write_bytes(b"\x93NUM"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_archive(name, tmp_path):
    path = tmp_path / "data.npz"
    BROKEN[name](path)

    with raises_exactly(
        "Argument `--data` must be a NumPy archive (.npz) with an array 'x', "
        f"got {str(path)!r}. It is broken or none."
    ):
        _archive.front(str(path), 128)


ARRAYS = {
    "number": (np.float32(3.0), "have a batch axis, got a single number"),
    "complex": (np.zeros(3, "complex64"), "hold real numbers, got dtype complex64"),
    "text": (np.array(["a"]), "hold real numbers, got dtype <U1"),
    "objects": (np.array([{}], object), "hold real numbers, got dtype object"),
    "dates": (np.zeros(3, "M8[D]"), "hold real numbers, got dtype datetime64[D]"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_is_no_batch_of_real_numbers(name, tmp_path):
    array, rule = ARRAYS[name]
    path = str(tmp_path / "data.npz")
    np.savez(path, x=array)

    with raises_exactly(f"Array `x` of `--data` must {rule} in {path!r}."):
        _archive.front(path, 128)


def test_an_array_of_fields(tmp_path):
    path = str(tmp_path / "data.npz")
    with pytest.warns(UserWarning, match="format 3.0"):
        np.savez(path, x=np.zeros(3, [("ж", "f4")]))

    with raises_exactly(
        f"Array `x` of `--data` must hold real numbers, got fields in {path!r}."
    ):
        _archive.front(path, 128)


@pytest.mark.parametrize(
    ("shape", "by_column", "got"),
    [
        ((2, 2**22), False, "(2, 4194304)"),
        ((200, 2**16), False, "(200, 65536) in its first 128 rows"),
        # By columns, the first rows are all over the file.
        ((2**21, 4), True, "(2097152, 4)"),
    ],
)
def test_what_would_not_fit_is_refused_before_it_is_unpacked(
    shape, by_column, got, tmp_path, monkeypatch
):
    path = tmp_path / "data.npz"
    monkeypatch.setattr(_archive, "LARGEST", 1 << 24)
    announced(path, shape, 4 * shape[0] * shape[1], by_column=by_column)
    tracemalloc.start()

    with raises_exactly(
        "Array `x` of `--data` must have at most 16 MiB, got float32 of "
        f"shape {got} in {str(path)!r}."
    ):
        _archive.front(str(path), 128)

    assert tracemalloc.get_traced_memory()[1] < 1 << 22
    tracemalloc.stop()


def test_only_the_rows_that_are_wanted_are_unpacked(tmp_path):
    path = tmp_path / "data.npz"
    announced(path, (2**22, 16), 2**28)
    tracemalloc.start()

    x, y = _archive.front(str(path), 128)

    assert tracemalloc.get_traced_memory()[1] < 1 << 22
    tracemalloc.stop()
    assert (x.shape, y) == ((128, 16), None)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float16", ">f8", "uint8", "int64", "bool"])
@pytest.mark.parametrize("count", [1, 30, 99, 100, 1000])
def test_the_rows_are_those_that_numpy_reads(save, order, dtype, count, tmp_path):
    path = tmp_path / "data.npz"
    x = np.asarray(normal((100, 4, 7), 5.0), dtype, order=order)
    save(path, x=x, y=x[:, 0, 0])

    found = _archive.front(str(path), count)

    for array, expected in zip(found, (x, x[:, 0, 0]), strict=True):
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected[:count])


def test_no_rows_are_no_rows(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, x=np.zeros((0, 4)))

    x, _ = _archive.front(str(path), 128)

    assert x.shape == (0, 4)
