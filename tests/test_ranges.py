"""No value is silently infinite: a dtype that cannot hold it is refused."""

import keras
import numpy as np
import pytest

import keras_inits as ki
from keras_inits import _backend, _checks
from keras_inits.engine import host
from keras_inits.model import composites, initialize
from tests.cases import LABELS, SHAPES, build, takes
from tests.model.models import dense, values
from tests.support import as_float64, float_dtypes, raises_exactly

F16 = "It holds numbers from -65504 to 65504."
F32 = "It holds numbers from -3.40282e+38 to 3.40282e+38."


@pytest.mark.parametrize("dtype", [d for d in _checks.RANGES if d[0] in "fbc"])
def test_the_range_of_a_float_is_numpys(dtype):
    part = dtype.replace("complex64", "float32").replace("complex128", "float64")
    kind = host.numpy_dtype(part)
    least, most = _checks.RANGES[dtype]

    assert float(kind.type(most)) == most == -least
    # Half a step further rounds to infinity.
    step = np.nextafter(kind.type(most), kind.type(0))
    with np.errstate(over="ignore"):
        beyond = np.float64(most) + (np.float64(most) - np.float64(step)) / 2
        assert np.isinf(beyond.astype(kind))


@pytest.mark.parametrize("dtype", [d for d in _checks.RANGES if "int" in d])
def test_the_range_of_an_integer_is_numpys(dtype):
    info = np.iinfo(dtype)
    assert _checks.RANGES[dtype] == (info.min, info.max)


# Initializer, dtype, the number that is too large, the dtype's range.
BEYOND = [
    (lambda: ki.Constant(1e308), "float32", "1e+308", F32),
    (lambda: ki.Constant([0.0, 0.0, 0.0, -70000.0]), "float16", "-70000", F16),
    (lambda: ki.Constant(-1), "uint8", "-1", "It holds numbers from 0 to 255."),
    (lambda: ki.Constant(300.5), "int8", "300.5", "It holds numbers from -128 to 127."),
    (
        lambda: ki.Identity(-1e39),
        "bfloat16",
        "-1e+39",
        "It holds numbers from -3.38953e+38 to 3.38953e+38.",
    ),
    (lambda: ki.RandomNormal(0, 1e6), "float16", "-6.23026e+06", F16),
    (lambda: ki.RandomNormal(1e39), "float32", "1e+39", F32),
    (lambda: ki.RandomUniform(-1, 1e39), "float32", "1e+39", F32),
    (lambda: ki.TruncatedNormal(0, 1e5), "float16", "-200000", F16),
    (lambda: ki.TruncNormal(0, 1e5, -1e5, 10), "float16", "-100000", F16),
    (lambda: ki.Sparse(0.5, 1e300), "float32", "-6.23026e+300", F32),
    (lambda: ki.Orthogonal(1e300), "float32", "-1e+300", F32),
    (lambda: ki.VarianceScaling(1e20), "float16", "-1.13685e+10", F16),
    (lambda: ki.PerGate(ki.RandomUniform(0, 1e5), 2), "float16", "100000", F16),
    (lambda: ki.ZeroRow(ki.Constant(1e5)), "float16", "100000", F16),
]


@pytest.mark.usefixtures("nothing_computed")
@pytest.mark.parametrize(("make", "dtype", "number", "range_text"), BEYOND)
def test_a_dtype_that_cannot_hold_the_values_is_refused(
    make, dtype, number, range_text
):
    initializer = make()
    owner = type(getattr(initializer, "inner", initializer)).__name__

    with raises_exactly(
        f"{owner}: Argument `dtype` must be one that holds {number}, got {dtype!r}. "
        f"{range_text}"
    ):
        initializer((4, 4), dtype)


def test_a_window_that_the_dtype_cannot_hold_is_refused():
    initializer = ki.STFT(window=[1e5, 1.0], scaling=None)

    with raises_exactly(
        "STFT: Argument `dtype` must be one that holds -100000, got 'float16'. " + F16
    ):
        initializer((2, 1, 2), "float16")


def test_fans_count_where_the_scale_alone_would_be_too_large():
    initializer = ki.VarianceScaling(1e10, seed=1)

    assert np.isfinite(as_float64(initializer((10_000, 1), "float16"))).all()


def test_a_cut_that_no_value_reaches_is_no_bound_to_hold():
    initializer = ki.TruncNormal(0.0, 1.0, -1e6, 1e6, seed=1)

    assert np.isfinite(as_float64(initializer((1000,), "float16"))).all()


@pytest.mark.parametrize("dtype", float_dtypes())
@pytest.mark.parametrize("label", LABELS)
def test_all_entries_lie_within_the_extent(label, dtype):
    initializer = build(label)
    for shape in SHAPES:
        if not takes(label, shape) or 0 in shape:
            continue
        inner, part = initializer, shape
        while hasattr(inner, "inner"):
            part = inner.gate_shape(part) if hasattr(inner, "gate_shape") else part
            inner = inner.inner
        if inner.extent(part) is None:
            assert isinstance(inner, (ki.Zeros, ki.Ones))
            continue
        low, high = inner.extent(part)
        found = as_float64(inner(part, dtype))
        # One rounding, to a neighbor at most.
        slack = max(abs(low), abs(high)) * 2.0**-7
        assert low - slack <= found.min()
        assert found.max() <= high + slack


def test_the_extent_of_a_normal_distribution_is_reached():
    """The two ends are values of half-words, not a guess beyond them."""
    low, high = ki.RandomNormal(1.0, 2.0).extent(())
    assert low == -high + 2.0
    assert f"{(high - 1.0) / 2.0:.2f}" == "6.23"  # as it is documented


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: ki.RandomUniform(70000, 70001),
            "initialize: The weight 'second/kernel' cannot be drawn by RandomUniform("
            "minval=70000, maxval=70001): RandomUniform: No float16 number lies "
            "between 70000 and 70001. Give a wider interval or a wider dtype.",
        ),
        (
            lambda: ki.TruncNormal(0, 1e6, -1e6),
            "initialize: The weight 'second/kernel' cannot be drawn by TruncNormal("
            "std=1000000.0, a=-1000000.0): TruncNormal: Argument `dtype` must "
            "be one that holds -1e+06, got 'float16'. " + F16,
        ),
        (
            lambda: ki.PerGate(ki.Constant(1e5)),
            "initialize: The weight 'second/kernel' cannot be drawn by PerGate(inner="
            "Constant(value=100000.0)): Constant: Argument `dtype` must be one that "
            "holds 100000, got 'float16'. " + F16,
        ),
    ],
)
def test_a_rule_that_cannot_draw_a_dtype_is_found_before_anything_is_set(make, text):
    keras.config.set_dtype_policy("float16")
    try:
        model = dense(["first", "second"], width=4)
    finally:
        keras.config.set_dtype_policy("float32")
    before = values(model)

    with raises_exactly(text):
        initialize(model, [("second/kernel", make()), ("*", "ones")])

    for address, found in values(model).items():
        np.testing.assert_array_equal(found, before[address])


@pytest.mark.parametrize(
    "whole",
    [
        composites.Blocks([(ki.Zeros(), 1), (ki.Constant(1e5), 3)]),
        composites.SquareRoot(ki.Constant(1e5)),
    ],
)
def test_what_is_made_of_parts_is_checked_part_by_part(whole):
    with raises_exactly(
        "Constant: Argument `dtype` must be one that holds 100000, got 'float16'. "
        + F16
    ):
        whole.checked((4,), "float16")


def test_double_precision_where_it_is_stored():
    wide = _backend.stored_dtype("float64")
    initializer = ki.Constant(1e39)
    if wide == "float64":
        assert as_float64(initializer((2,), "float64")).tolist() == [1e39, 1e39]
        return
    with raises_exactly(
        "Constant: Argument `dtype` must be one that holds 1e+39, got 'float32'. " + F32
    ):
        initializer((2,), "float64")
