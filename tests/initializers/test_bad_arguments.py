"""Bad arguments get one clear error, pinned in full, the same on each backend."""

import math

import keras
import pytest

import keras_inits as ki
from tests.support import raises_exactly

NAN, INF = math.nan, math.inf
NAMES_HINT = "keras_inits.names() lists them all."


def constant_one(z):
    return 1.0


def almost_zero(z):
    return 1e-155 * z


# What is called, and the whole text of its error.
ARGUMENTS = [
    (
        lambda: ki.VarianceScaling(scale=0.0),
        "VarianceScaling: Argument `scale` must be positive float, got 0.0.",
    ),
    (
        lambda: ki.VarianceScaling(scale=-1),
        "VarianceScaling: Argument `scale` must be positive float, got -1.",
    ),
    (
        lambda: ki.VarianceScaling(scale=NAN),
        "VarianceScaling: Argument `scale` must be positive float, got nan.",
    ),
    (
        lambda: ki.VarianceScaling(scale="2"),
        "VarianceScaling: Argument `scale` must be positive float, got '2'.",
    ),
    (
        lambda: ki.VarianceScaling(mode="fanin"),
        "VarianceScaling: Invalid `mode` argument: must be one of fan_in, fan_out, "
        "fan_avg, fan_geo_avg, got 'fanin'. Did you mean 'fan_in'?",
    ),
    (
        lambda: ki.VarianceScaling(mode=None),
        "VarianceScaling: Invalid `mode` argument: must be one of fan_in, fan_out, "
        "fan_avg, fan_geo_avg, got None.",
    ),
    (
        lambda: ki.VarianceScaling(distribution="unifrom"),
        "VarianceScaling: Invalid `distribution` argument: must be one of "
        "truncated_normal, untruncated_normal, uniform, got 'unifrom'. Did you mean "
        "'uniform'?",
    ),
    (
        lambda: ki.VarianceScaling(input_axes=["a"], output_axes=[0]),
        "VarianceScaling: Argument `input_axes` must be None or a list of distinct "
        "integers, got ['a'].",
    ),
    (
        lambda: ki.XavierNormal(gain=-1.0),
        "XavierNormal: Argument `gain` must be positive float, got -1.0.",
    ),
    *(
        (
            lambda gain=gain: ki.XavierUniform(gain=gain),
            "XavierUniform: Argument `gain` must be between 1e-150 and 1e+150, got "
            f"{gain}.",
        )
        for gain in (1e-200, 1e200)
    ),
    (
        lambda: ki.KaimingUniform(a=-1e200),
        "KaimingUniform: Argument `a` must be between -1e+150 and 1e+150, got -1e+200.",
    ),
    (
        lambda: ki.KaimingNormal(a=INF),
        "KaimingNormal: Argument `a` must be a finite number, got inf.",
    ),
    (
        lambda: ki.KaimingUniform(mode="fan_avg"),
        "KaimingUniform: Invalid `mode` argument: must be one of fan_in, fan_out, got "
        "'fan_avg'. Did you mean 'fan_in'?",
    ),
    (
        lambda: ki.RandomNormal(mean=NAN),
        "RandomNormal: Argument `mean` must be a finite number, got nan.",
    ),
    (
        lambda: ki.RandomNormal(mean=True),
        "RandomNormal: Argument `mean` must be a finite number, got True.",
    ),
    (
        lambda: ki.RandomNormal(mean=1j),
        "RandomNormal: Argument `mean` must be a finite number, got 1j.",
    ),
    (
        lambda: ki.RandomNormal(stddev=-0.1),
        "RandomNormal: Argument `stddev` must be a finite number, 0 or above, got "
        "-0.1.",
    ),
    (
        lambda: ki.RandomUniform(minval=-INF),
        "RandomUniform: Argument `minval` must be a finite number, got -inf.",
    ),
    (
        lambda: ki.RandomUniform(minval=1.0, maxval=1.0),
        "RandomUniform: Argument `minval` must be less than `maxval`, got minval=1.0 "
        "and maxval=1.0.",
    ),
    (
        lambda: ki.TruncatedNormal(stddev=0),
        "TruncatedNormal: Argument `stddev` must be positive float, got 0.",
    ),
    (
        lambda: ki.TruncatedNormal(lower=2.0, upper=1.0),
        "TruncatedNormal: Argument `lower` must be less than `upper`, got lower=2.0 "
        "and upper=1.0.",
    ),
    (
        lambda: ki.TruncatedNormal(minval=0.2, maxval=0.1),
        "TruncatedNormal: Argument `minval` must be less than `maxval`, got "
        "minval=0.2 and maxval=0.1.",
    ),
    (
        lambda: ki.TruncatedNormal(minval=0.2),
        "TruncatedNormal: Argument `minval` must be below the upper end, 2.0 standard "
        "deviations from the mean, got 0.2.",
    ),
    (
        lambda: ki.TruncatedNormal(lower=-1.0, minval=0.0),
        "TruncatedNormal: Argument `lower` must be left out where `minval` is given, "
        "got -1.0.",
    ),
    (
        lambda: ki.TruncatedNormal(lower=NAN),
        "TruncatedNormal: Argument `lower` must be a finite number or None, got nan.",
    ),
    (
        lambda: ki.TruncatedNormal(lower=40.0, upper=None),
        "TruncatedNormal: Argument `lower` must be the end of an interval of some "
        "probability (its probability is below 1e-290), got 40.0.",
    ),
    (
        lambda: ki.TruncNormal(a=2.0, b=-2.0),
        "TruncNormal: Argument `a` must be less than `b`, got a=2.0 and b=-2.0.",
    ),
    (
        lambda: ki.TruncNormal(std=0.0),
        "TruncNormal: Argument `std` must be positive float, got 0.0.",
    ),
    (
        lambda: ki.Orthogonal(gain=NAN),
        "Orthogonal: Argument `gain` must be a finite number, got nan.",
    ),
    (
        lambda: ki.Identity(gain="1"),
        "Identity: Argument `gain` must be a finite number, got '1'.",
    ),
    (
        lambda: ki.Dirac(groups=0),
        "Dirac: Argument `groups` must be an integer, 1 or above, got 0.",
    ),
    (
        lambda: ki.Dirac(groups=1.5),
        "Dirac: Argument `groups` must be an integer, 1 or above, got 1.5.",
    ),
    (
        lambda: ki.Constant(NAN),
        "Constant: Argument `value` must be a finite number or an array of them, got "
        "nan.",
    ),
    (
        lambda: ki.Constant("zero"),
        "Constant: Argument `value` must be a finite number or an array of them, got "
        "'zero'.",
    ),
    (
        lambda: ki.Constant([[1.0], [1.0, 2.0]]),
        "Constant: Argument `value` must be a finite number or an array of them, got "
        "[[1.0], [1.0, 2.0]].",
    ),
    (
        lambda: ki.Sparse(1.5),
        "Sparse: Argument `sparsity` must be a number in [0, 1], got 1.5.",
    ),
    (
        lambda: ki.Sparse(-0.1),
        "Sparse: Argument `sparsity` must be a number in [0, 1], got -0.1.",
    ),
    (
        lambda: ki.Sparse(NAN),
        "Sparse: Argument `sparsity` must be a number in [0, 1], got nan.",
    ),
    (
        lambda: ki.Sparse(axis=0.0),
        "Sparse: Argument `axis` must be an integer, got 0.0.",
    ),
    (
        lambda: ki.STFT("imaginary"),
        "STFT: Invalid `side` argument: must be one of real, imag, got 'imaginary'. "
        "Did you mean 'imag'?",
    ),
    (
        lambda: ki.STFT(scaling="l2"),
        "STFT: Invalid `scaling` argument: must be one of density, spectrum, got 'l2'.",
    ),
    (
        lambda: ki.STFT(window="unknown"),
        "STFT: Argument `window` must be the name of a window in "
        "scipy.signal.windows, an array or None, got 'unknown'.",
    ),
    (
        lambda: ki.PerGate("glorot_unifrom"),
        "PerGate: Argument `inner` must be the name of an initializer, got "
        "'glorot_unifrom'. Did you mean 'glorot_uniform'?",
    ),
    (
        lambda: ki.PerGate(None),
        "PerGate: Argument `inner` must be an initializer of keras_inits, its name or "
        "its config, got None.",
    ),
    (
        lambda: ki.PerGate("zeros", gates=0),
        "PerGate: Argument `gates` must be an integer, 1 or above, got 0.",
    ),
    (
        lambda: ki.ZeroRow("zeros", index=True),
        "ZeroRow: Argument `index` must be an integer, got True.",
    ),
    (
        lambda: ki.calculate_gain("gleu"),
        "calculate_gain: Invalid `nonlinearity` argument: must be one of "
        f"{', '.join(ki.gains.NAMES)}, got 'gleu'. Did you mean 'gelu'?",
    ),
    (
        lambda: ki.KaimingNormal(nonlinearity="rleu"),
        "KaimingNormal: Invalid `nonlinearity` argument: must be one of "
        f"{', '.join(ki.gains.NAMES)}, got 'rleu'. Did you mean 'relu'?",
    ),
    (
        lambda: ki.KaimingNormal(nonlinearity="softmax"),
        "KaimingNormal: Argument `nonlinearity` must be an activation that works "
        "element by element, got 'softmax'.",
    ),
    (
        lambda: ki.calculate_gain("leaky_relu", NAN),
        "calculate_gain: Argument `param` must be a finite number, got nan.",
    ),
    (
        lambda: ki.get("glorot_unifrom"),
        "get: Argument `identifier` must be the name of an initializer, got "
        "'glorot_unifrom'. Did you mean 'glorot_uniform'?",
    ),
    (
        lambda: ki.get("qqq"),
        "get: Argument `identifier` must be the name of an initializer, got 'qqq'. "
        + NAMES_HINT,
    ),
    (
        lambda: ki.get({"class_name": "Sparce", "config": {}}),
        "get: Argument `identifier` must be the name of an initializer, got 'Sparce'. "
        "Did you mean 'Sparse'?",
    ),
    (
        lambda: ki.get("per_gate"),
        "get: Argument `identifier` must be given with its arguments, as "
        "{'class_name': 'PerGate', 'config': {'inner': ...}}, got 'PerGate'.",
    ),
    (
        lambda: ki.compute_fans((3, 4), input_axes=[0]),
        "compute_fans: Argument `output_axes` must be given together with "
        "`input_axes`, got None.",
    ),
    (
        lambda: ki.compute_fans((3, 4), [0], [2]),
        "compute_fans: Argument `output_axes` must be axes of a shape of rank 2, got "
        "[2].",
    ),
    (
        lambda: ki.compute_fans((3, 4), [0], [-2]),
        "compute_fans: Argument `output_axes` must be apart from `input_axes`, got "
        "[-2].",
    ),
    (
        lambda: ki.compute_fans((3, 4), [0], [1], batch_axes=[0]),
        "compute_fans: Argument `batch_axes` must be apart from the other axes, got "
        "[0].",
    ),
    (
        lambda: ki.Orthogonal(gain=10**400),
        f"Orthogonal: Argument `gain` must be a finite number, got {10**400}.",
    ),
    (
        lambda: ki.PerGate("zero_row"),
        "PerGate: Argument `inner` must be given with its arguments, as "
        "{'class_name': 'ZeroRow', 'config': {'inner': ...}}, got 'ZeroRow'.",
    ),
    (
        lambda: ki.calculate_gain("leaky_relu", 1e200),
        "calculate_gain: Argument `param` must be between -1e+150 and 1e+150, got "
        "1e+200.",
    ),
    (
        lambda: ki.KaimingNormal(nonlinearity=almost_zero),
        "KaimingNormal: Argument `nonlinearity` must be a function that works "
        f"element by element and is not zero everywhere, got {almost_zero!r}.",
    ),
    (
        lambda: ki.calculate_gain(constant_one),
        "calculate_gain: Argument `nonlinearity` must be a function that works "
        f"element by element and is not zero everywhere, got {constant_one!r}.",
    ),
    (
        lambda: ki.TruncatedNormal(lower=1.0, upper=1.0 + 1e-9),
        "TruncatedNormal: Argument `lower` must be the end of an interval of some "
        "probability (it has no room for two 24-bit values), got 1.0.",
    ),
    *(
        (
            lambda window=window: ki.STFT(window=window),
            "STFT: Argument `window` must be the name of a window in "
            f"scipy.signal.windows, an array or None, got {window!r}.",
        )
        for window in (3.0, ("kaiser", 8.6), [NAN, 1.0])
    ),
    (
        lambda: ki.STFT(window="hann")((2, 1, 2)),
        "STFT: Argument `window` must be one that scaling='density' can divide by, got "
        "'hann'. Its divisor is 0.",
    ),
    (
        lambda: ki.STFT(window=[0.0, 1e-200])((2, 1, 2)),
        "STFT: Argument `window` must be one that scaling='density' can divide by, got "
        "array([0.e+000, 1.e-200]). Its divisor is 0.",
    ),
    (
        lambda: ki.STFT(window=[1e200, 0.0])((2, 1, 2)),
        "STFT: Argument `window` must be one that scaling='density' can divide by, got "
        "array([1.e+200, 0.e+000]). Its divisor is inf.",
    ),
    (
        lambda: ki.STFT(window=[0.0, 0.0], scaling="spectrum")((2, 1, 2)),
        "STFT: Argument `window` must be one that scaling='spectrum' can divide by, "
        "got array([0., 0.]). Its divisor is 0.",
    ),
    (
        lambda: ki.STFT(window=[1.0, 2.0])((3, 1, 3)),
        "STFT: Argument `window` must be of the shape (frame_length,) = (3,), got "
        "(2,).",
    ),
    (
        lambda: ki.STFT()((16, 2, 9)),
        "STFT: Argument `shape` must be (frame_length, 1, frequencies), got "
        "(16, 2, 9).",
    ),
    (
        lambda: ki.Zeros()(-3),
        "Zeros: Argument `shape` must be a tuple of integers, each 0 or above, got -3.",
    ),
    (
        lambda: ki.compute_fans((3, -4)),
        "compute_fans: Argument `shape` must be a tuple of integers, each 0 or above, "
        "got (3, -4).",
    ),
]


@pytest.mark.parametrize(("call", "text"), ARGUMENTS, ids=[t for _, t in ARGUMENTS])
def test_a_bad_argument_is_refused_in_these_words(call, text):
    with raises_exactly(text):
        call()


def test_a_model_that_is_not_built_has_no_fingerprint():
    model = keras.Sequential([keras.layers.Dense(3)], name="unbuilt")
    with raises_exactly(
        "fingerprint: Argument `model` must be built, got 'unbuilt', which has no "
        "weights yet. Call it on a batch of data or call its `build` with the input's "
        "shape."
    ):
        ki.fingerprint(model)


@pytest.mark.parametrize("value", ["model", b"", 3])
def test_a_fingerprint_of_something_else_is_refused_in_these_words(value):
    with raises_exactly(
        "fingerprint: Argument `model_or_weights` must be a Keras model or layer, or a "
        f"list of its weights or of arrays, got {value!r}."
    ):
        ki.fingerprint(value)
