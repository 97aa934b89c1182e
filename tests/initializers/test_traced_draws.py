"""An initializer called inside a traced function gives its eager values."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from keras_inits.engine import ops
from tests.cases import CASES, build, takes
from tests.support import as_float64, dtype_of, needs_wide
from tests.test_draws import Spikes
from tests.tracers import over_tracers, tracers

pytestmark = pytest.mark.traced

SHAPES = [(16,), (9, 40), (3, 3, 5, 8), (16, 1, 9)]
FAMILIES = ("RandomUniform", "RandomNormal", "TruncatedNormal", "Dirac", "Sparse")
NARROW = [(name, dtype) for name in FAMILIES for dtype in ("float16", "bfloat16")]
# One label for each formula; the others differ in their numbers alone.
PLAIN = [
    *FAMILIES,
    "Orthogonal",
    "Identity",
    "Dirac groups",
    "STFT",
    "PerGate",
    "PerGate orthogonal",
    "ZeroRow",
    "Constant",
]


@pytest.fixture
def in_graph(monkeypatch):
    """Small tensors too are computed in the graph."""
    if not _backend.has_wide():
        pytest.skip(needs_wide.kwargs["reason"])
    monkeypatch.setattr(ops, "LARGEST_CONSTANT", -1)


def shape_for(name):
    return next(shape for shape in reversed(SHAPES) if takes(name, shape))


def assert_traced_is_eager(name, dtype, trace):
    shapes = [shape_for(name)]
    if name == "Identity":
        shapes = [(9, 40)]
    initializer = build(name)
    eager = [initializer(shape, dtype) for shape in shapes]

    traced = trace(lambda: [initializer(shape, dtype) for shape in shapes])

    for one, other in zip(traced, eager, strict=True):
        assert dtype_of(one) == dtype_of(other) == dtype
        assert tuple(one.shape) == tuple(other.shape)
        np.testing.assert_array_equal(as_float64(one), as_float64(other))


def assert_as_outside(label, run):
    """`run` gives the eager bits, for each rank that the case takes."""
    initializer = build(label)
    shapes = [shape for shape in SHAPES if takes(label, shape)]
    found = run(lambda: [initializer(shape) for shape in shapes])
    for one, shape in zip(found, shapes, strict=True):
        np.testing.assert_array_equal(as_float64(one), as_float64(initializer(shape)))


@pytest.mark.usefixtures("in_graph")
@over_tracers()
@pytest.mark.parametrize("name", CASES)
def test_traced_float32_is_the_eager_one(name, tracer):
    assert_traced_is_eager(name, "float32", tracers()[tracer])


@pytest.mark.usefixtures("in_graph")
@over_tracers()
@pytest.mark.parametrize(("name", "dtype"), NARROW)
def test_traced_16_bit_is_the_eager_one(name, dtype, tracer):
    assert_traced_is_eager(name, dtype, tracers()[tracer])


class Doubled(keras_inits.RandomNormal):
    """Overrides `__call__`, as Keras' own users do."""

    def __call__(self, shape, dtype=None):
        return 2.0 * super().__call__(shape, dtype)


@pytest.mark.parametrize(
    "shape",
    [(8, 40), pytest.param((300, 256), marks=needs_wide)],
    ids=["small", "large"],
)
@over_tracers()
@pytest.mark.parametrize(
    "initializer",
    [
        Spikes(0.3, seed=3),
        # One's own call is traced, however small the tensor.
        pytest.param(Doubled(seed=3), marks=needs_wide),
        pytest.param(keras_inits.PerGate(Doubled(seed=3)), marks=needs_wide),
        keras_inits.ZeroRow(Spikes(0.3, seed=3)),
    ],
    ids=["own compute", "own call", "gates of own call", "own table"],
)
def test_an_initializer_of_ones_own_is_the_eager_one(initializer, tracer, shape):
    eager = initializer(shape)

    traced = tracers()[tracer](lambda: initializer(shape))

    np.testing.assert_array_equal(as_float64(traced), as_float64(eager))


@needs_wide
@over_tracers()
def test_a_large_tensor_is_drawn_in_the_graph_bit_for_bit(tracer):
    initializer = keras_inits.RandomNormal(mean=0.25, stddev=0.5, seed=3)
    shape = (300, 256)
    assert np.prod(shape) > ops.LARGEST_CONSTANT

    traced = tracers()[tracer](lambda: initializer(shape))

    np.testing.assert_array_equal(as_float64(traced), as_float64(initializer(shape)))


@pytest.mark.usefixtures("in_graph")
@over_tracers()
@pytest.mark.parametrize(
    ("shape", "dtype"),
    # One block; blocks of a panel, wide; panels, the last one not full, tall.
    [((5, 5), "float32"), ((40, 90), "bfloat16"), ((300, 290), "float32")],
)
def test_a_traced_orthogonal_factor_is_the_eager_one(shape, dtype, tracer):
    initializer = keras_inits.Orthogonal(gain=1.1, seed=3)

    traced = tracers()[tracer](lambda: initializer(shape, dtype))

    np.testing.assert_array_equal(
        as_float64(traced), as_float64(initializer(shape, dtype))
    )


@needs_wide
@over_tracers()
def test_a_traced_orthogonal_factor_in_float64_is_the_eager_one(tracer):
    initializer = keras_inits.Orthogonal(gain=1.1, seed=3)
    shape = (150, 140)

    with _backend.wide():
        traced = tracers()[tracer](lambda: initializer(shape, "float64"))
        eager = initializer(shape, "float64")

        assert dtype_of(traced) == "float64"
        np.testing.assert_array_equal(as_float64(traced), as_float64(eager))


@needs_wide
@pytest.mark.skipif(_backend.name() != "jax", reason="a question about JAX programs")
def test_a_jax_program_holds_one_panel_of_an_orthogonal_factor():
    """What is compiled is one panel, however many there are."""
    import jax

    initializer = keras_inits.Orthogonal(seed=3)
    lines = [
        jax.jit(lambda n=n: initializer((n, n))).lower().as_text().count("\n")
        for n in (256, 4096)
    ]

    assert lines[0] == lines[1]


@over_tracers(but="compile")
def test_a_seed_generator_inside_a_trace_is_refused_and_none_leaks(tracer):
    generator = keras.random.SeedGenerator(5)
    initializer = keras_inits.RandomNormal(seed=generator)

    with pytest.raises(ValueError, match="SeedGenerator") as error:
        tracers()[tracer](lambda: initializer((3, 5)))

    # TensorFlow puts the place in the traced function before the text.
    assert (
        str(error.value)
        .strip()
        .endswith(
            "RandomNormal: Argument `seed` must be an integer or None inside a traced "
            "function, got a keras.random.SeedGenerator, whose state cannot move on "
            "there. Call the initializer outside the function, or give it an integer."
        )
    )
    fresh = keras_inits.RandomNormal(seed=keras.random.SeedGenerator(5))
    np.testing.assert_array_equal(
        as_float64(initializer((3, 5))), as_float64(fresh((3, 5)))
    )


@needs_wide
@pytest.mark.skipif(_backend.name() != "jax", reason="a question about JAX programs")
@pytest.mark.parametrize("name", ["RandomUniform", "HeNormal", "RandomNormal", "Zeros"])
def test_a_jax_program_holds_no_large_array(name):
    import jax

    initializer = build(name)
    text = jax.jit(lambda: initializer((8192, 8192))).lower().as_text()

    # Two tables of 32768 int32, 8 hexadecimal digits each, and the program.
    assert len(text) < 2 * 32768 * 8 + 100_000


@pytest.mark.skipif(_backend.name() != "tensorflow", reason="about TensorFlow graphs")
@pytest.mark.parametrize("name", ["RandomUniform", "HeNormal", "Zeros"])
def test_a_tensorflow_graph_holds_no_large_array(name):
    import tensorflow as tf

    initializer = build(name)
    traced = tf.function(lambda: initializer((8192, 8192))).get_concrete_function()

    # Two tables of 32768 int32, 4 bytes each, and the graph.
    assert traced.graph.as_graph_def().ByteSize() < 2 * 32768 * 4 + 100_000


@needs_wide
@pytest.mark.skipif(_backend.name() != "jax", reason="a function of JAX")
def test_eval_shape_tells_shape_and_dtype():
    import jax

    spec = jax.eval_shape(lambda: keras_inits.HeNormal(seed=1)((64, 300), "bfloat16"))

    assert spec.shape == (64, 300)
    assert spec.dtype == "bfloat16"


@pytest.mark.skipif(_backend.name() != "jax", reason="a setting of JAX")
@pytest.mark.usefixtures("in_graph")
@pytest.mark.parametrize("label", PLAIN)
def test_no_rank_is_promoted_on_the_way(label):
    import jax

    with jax.numpy_rank_promotion("raise"):
        assert_as_outside(label, tracers()["jit"])


@pytest.mark.skipif(_backend.name() != "tensorflow", reason="graphs of TensorFlow 1")
@pytest.mark.parametrize("label", PLAIN)
@pytest.mark.parametrize("in_constants", [False, True])
def test_a_graph_in_the_style_of_tensorflow_1_has_the_eager_values(
    label, in_constants, monkeypatch
):
    import tensorflow as tf

    def run_in_graph(function):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            return session.run(function())

    if not in_constants:
        monkeypatch.setattr(ops, "LARGEST_CONSTANT", -1)
    assert_as_outside(label, run_in_graph)
