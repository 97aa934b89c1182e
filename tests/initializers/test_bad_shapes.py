"""Bad shapes, dtypes and seeds get one clear error, before anything is computed."""

import itertools

import keras
import numpy as np
import pytest

import keras_inits
from tests import cases
from tests.support import as_float64, as_numpy, dtype_of, float_dtypes, raises_exactly

FLOATS = "one of float16, bfloat16, float32, float64"


def rank_text(name, rule, shape, hint=""):
    text = f"{name}: Argument `shape` must be of rank {rule}, got {shape!r}."
    return f"{text} {hint}".rstrip()


VECTOR_HINT = "A vector has no fans: give a bias Zeros or RandomUniform."
DENSE_HINT = "For the kernel of Dense use Identity."
DIRAC_RANKS = "3 or 4 or 5"
SHAPES = [
    ("Orthogonal", (3,), rank_text("Orthogonal", "2 or above", (3,))),
    ("Orthogonal", (), rank_text("Orthogonal", "2 or above", ())),
    ("Sparse", (3,), rank_text("Sparse", "2 or above", (3,))),
    (
        "XavierUniform",
        (3,),
        rank_text("XavierUniform", "2 or above", (3,), VECTOR_HINT),
    ),
    ("KaimingNormal", (), rank_text("KaimingNormal", "2 or above", (), VECTOR_HINT)),
    (
        "Identity",
        (3, 3, 3),
        rank_text(
            "Identity",
            "2",
            (3, 3, 3),
            "For the kernel of a convolution use Dirac.",
        ),
    ),
    ("Dirac", (3, 3), rank_text("Dirac", DIRAC_RANKS, (3, 3), DENSE_HINT)),
    ("Dirac", (1,) * 6, rank_text("Dirac", DIRAC_RANKS, (1,) * 6, DENSE_HINT)),
    ("DeltaOrthogonal", (3, 3), rank_text("DeltaOrthogonal", DIRAC_RANKS, (3, 3))),
    (
        "DeltaOrthogonal",
        (3, 5, 4),
        "DeltaOrthogonal: Argument `shape` must be one with at least as many output as "
        "input channels, (..., in, out), got (3, 5, 4).",
    ),
    ("STFT", (3, 3), rank_text("STFT", "3", (3, 3))),
    ("PerGate", (), rank_text("PerGate", "1 or above", ())),
    (
        "PerGate",
        (3, 6),
        "PerGate: Argument `gates` must be a divisor of the last axis of shape (3, 6), "
        "got 4.",
    ),
    ("PerGate orthogonal", (8,), rank_text("Orthogonal", "2 or above", (2,))),
    (
        "Dirac groups",
        (3, 4, 5),
        "Dirac: Argument `groups` must be a divisor of the 5 output channels of shape "
        "(3, 4, 5), got 2.",
    ),
    (
        "ZeroRow",
        (0, 3),
        "ZeroRow: Argument `index` must be a row of a table of shape (0, 3), got 0.",
    ),
    (
        "Constant array",
        (3, 4),
        "Constant: Argument `shape` must be one to which `value` of shape (5,) "
        "broadcasts, got (3, 4).",
    ),
    (
        "VarianceScaling stacked",
        (),
        "VarianceScaling: Argument `batch_axes` must be axes of a shape of rank 0, "
        "got [0].",
    ),
]


@pytest.mark.usefixtures("nothing_computed")
@pytest.mark.parametrize(("label", "shape", "text"), SHAPES)
def test_a_shape_without_a_meaning_is_refused_in_these_words(label, shape, text):
    initializer = cases.build(label)
    with raises_exactly(text):
        initializer(shape, "float32")


@pytest.mark.usefixtures("nothing_computed")
@pytest.mark.parametrize("label", cases.CASES)
@pytest.mark.parametrize(
    "shape",
    [
        (-1, 3, 4),
        (2.0, 3, 4),
        (True, 3, 4),
        (None, 3, 4),
        "34",
        b"34",
        None,
        -3,
        True,
        3.0,
        {3, 4},
        {3: 4},
    ],
)
def test_what_is_no_shape_is_refused_in_these_words(label, shape):
    name = cases.class_name(label)
    initializer = cases.build(label)
    with raises_exactly(
        f"{name}: Argument `shape` must be a tuple of integers, each 0 or above, got "
        f"{shape!r}."
    ):
        initializer(shape, "float32")


class Length:
    """An integer of another library's."""

    def __index__(self):
        return 5


@pytest.mark.parametrize("length", [5, np.int64(5), np.array(5), Length()])
def test_an_integer_is_the_length_of_a_vector(length):
    initializer = keras_inits.RandomUniform(seed=3)

    np.testing.assert_array_equal(
        as_float64(initializer(length)), as_float64(initializer((5,)))
    )


@pytest.mark.parametrize(
    "shape",
    [
        [3, 4],
        range(3, 5),
        (size for size in (3, 4)),
        np.array([3, 4], np.uint8),
        keras.ops.zeros((3, 4)).shape,
    ],
)
def test_a_shape_may_be_any_row_of_integers(shape):
    assert tuple(keras_inits.Zeros()(shape).shape) == (3, 4)


def test_a_shape_without_an_end_is_refused():
    endless = itertools.repeat(1)
    with raises_exactly(
        "Zeros: Argument `shape` must be a tuple of integers, each 0 or above, got "
        "repeat(1)."
    ):
        keras_inits.Zeros()(endless)


def test_a_shape_that_no_array_has_is_refused():
    with raises_exactly(
        "Zeros: Argument `shape` must be of at most 576460752303423488 entries, got "
        "(9223372036854775808, 0)."
    ):
        keras_inits.Zeros()((2**63, 0))
    with raises_exactly(
        f"Zeros: Argument `shape` must be of at most 64 axes, got {(1,) * 65}."
    ):
        keras_inits.Zeros()((1,) * 65)


@pytest.mark.usefixtures("nothing_computed")
@pytest.mark.parametrize(
    "label", [n for n in cases.CASES if n not in cases.SEEDLESS] + ["STFT"]
)
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "complex64", "float99"])
def test_a_draw_in_a_dtype_that_is_no_float_is_refused_in_these_words(label, dtype):
    initializer = cases.build(label)
    near = {"float99": " Did you mean 'float16'?"}
    text = f"{label}: Argument `dtype` must be {FLOATS}, got {dtype!r}."
    with pytest.raises(ValueError) as caught:  # noqa: PT011, text below
        initializer((2, 3, 4), dtype)
    found = str(caught.value)
    assert found == text + near.get(dtype, "") or (
        found.startswith(f"{text} Did you mean '") and found.endswith("'?")
    )


@pytest.mark.parametrize("seed", [True, 1.0, "7", [1], np.float32(2)])
@pytest.mark.parametrize(
    "label",
    [n for n in cases.CASES if n not in (*cases.SEEDLESS, "PerGate", "ZeroRow")],
)
def test_a_seed_that_is_no_integer_is_refused_in_these_words(label, seed):
    with raises_exactly(
        f"{label}: Argument `seed` must be an integer, a keras.random.SeedGenerator "
        f"or None, got {seed!r}."
    ):
        cases.build(label, seed)


@pytest.mark.parametrize("label", cases.LABELS)
@pytest.mark.parametrize("shape", [s for s in cases.SHAPES if 0 in s or s == ()])
def test_empty_shapes_and_scalars_work_where_they_have_a_meaning(label, shape):
    if not cases.takes(label, shape):
        with pytest.raises(ValueError, match=r"^\w+: Argument `\w+` must be "):
            cases.build(label)(shape, "float32")
        return
    for dtype in float_dtypes():
        tensor = cases.build(label)(shape, dtype)
        assert tuple(tensor.shape) == shape
        assert dtype_of(tensor) == dtype
        assert np.all(np.isfinite(as_numpy(tensor).astype("float64")))


@pytest.mark.parametrize("label", cases.LABELS)
def test_the_default_dtype_is_that_of_keras(label):
    shape = next(s for s in cases.SHAPES if len(s) > 1 and cases.takes(label, s))
    assert dtype_of(cases.build(label)(shape)) == "float32"
    keras.config.set_floatx("float16")
    try:
        assert dtype_of(cases.build(label)(shape)) == "float16"
    finally:
        keras.config.set_floatx("float32")
