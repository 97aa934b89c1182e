"""The command line: what it prints, where it ends, how it refuses."""

import json
import math
import re

import keras
import numpy as np
import pytest

from keras_inits import _installed, cli, command_list, command_show, gains, parity
from keras_inits.targets import resolve_target
from tests import cases, support

MODULE = """
import keras

def build():
    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])

def fails():
    raise KeyError("x")

def gives_a_number():
    return 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory with modules of a user."""
    (tmp_path / "user_models.py").write_text(MODULE)
    (tmp_path / "user_broken.py").write_text("def build(:\n")
    (tmp_path / "user_lacks.py").write_text("import no_such_library\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def run(capsys, *arguments):
    """Exit status, stdout and stderr of the command."""
    try:
        status = cli.main([str(argument) for argument in arguments])
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    return status, out, err


def rows(out):
    """The two-column table of `show` as a dict."""
    found = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in out.splitlines())
    return dict(row for row in found if len(row) == 2)


def test_help_names_every_command(capsys):
    status, out, err = run(capsys, "--help")

    assert (status, err) == (0, "")
    for command in ("list", "show", "parity", "plan", "diagnose"):
        assert re.search(rf"^    {command} ", out, re.MULTILINE)


@pytest.mark.parametrize("columns", [80, 120])
def test_list_has_every_name_and_fits_the_terminal(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))

    status, out, err = run(capsys, "list")

    assert (status, err) == (0, "")
    assert max(len(line) for line in out.splitlines()) <= columns
    first_column = {line.split("  ")[0].strip() for line in out.splitlines()}
    for cls, names in command_list.names_by_class().items():
        if cls.__module__ == "keras_inits":
            assert set(names) <= first_column


@pytest.mark.parametrize("name", cases.CASES)
def test_list_states_a_formula_and_a_source(name):
    cls = type(cases.build(name))

    assert command_list.formula(cls)
    assert command_list.source(cls)
    assert "`" not in command_list.formula(cls) + command_list.source(cls)
    assert "http" not in command_list.source(cls)


def test_show_tells_fans_deviations_and_range(capsys):
    status, out, err = run(capsys, "show", "he_normal", "--shape", "3,3,64,128")

    shown = rows(out)
    assert (status, err) == (0, "")
    assert shown["initializer"] == "HeNormal(seed=0)"
    assert shown["shape"] == "(3, 3, 64, 128), 73,728 values"
    assert shown["fan_in, fan_out"] == "576, 1152"
    expected = math.sqrt(2.0 / 576.0)
    assert shown["deviation, expected"] == f"{expected:.5g} around 0"
    drawn = float(shown["deviation, drawn"].split()[0])
    # A deviation has a relative standard error below that of the normal law.
    assert abs(drawn / expected - 1.0) < support.SIGMAS / math.sqrt(2 * 73728)
    low, high = (float(end) for end in shown["range, drawn"].split(" to "))
    cut = 2.0 * expected / 0.8796
    assert -cut <= low < -0.99 * cut
    assert 0.99 * cut < high <= cut


def test_show_tells_what_an_activation_makes_of_it(capsys):
    _, out, _ = run(
        capsys, "show", "he_normal", "--shape", "512,512", "--activation", "relu"
    )

    shown = rows(out)
    assert shown["gain of relu"] == "1.4142"
    assert shown["deviation asked for"] == "0.0625 = gain / sqrt(fan_in)"
    # He's law: sums of mean square 2, after ReLU again 1.
    sums = float(shown["deviation of the sums"].split()[0])
    tolerance = support.SIGMAS / math.sqrt(2 * 512**2)
    assert abs(sums / math.sqrt(2.0) - 1.0) < tolerance
    # Proportional to it; the grid, the dtype and the five digits leave 1e-4 at most.
    after = float(shown["deviation after relu"].split(",")[0])
    assert abs(after / math.sqrt(1.0 - 1.0 / math.pi) - 1.0) < tolerance + 1e-4


def test_show_draws_the_histogram_of_the_values(capsys):
    _, out, _ = run(capsys, "show", "uniform", "--shape", "1000", "--seed", "3")

    bars = [line.split() for line in out.splitlines() if "█" in line]
    assert len(bars) == command_show.BARS
    assert sum(int(bar[-1].replace(",", "")) for bar in bars) == 1000
    assert bars[command_show.BARS // 2][0] == "0"


def test_histogram_does_without_block_characters():
    lines = command_show.histogram(np.array([-1.0, 0.0, 0.0, 1.0]), ascii_only=True)

    assert all(line.isascii() for line in lines)
    assert [line.count("#") for line in lines if "#" in line] == [20, 40, 20]


def test_show_takes_the_initializers_arguments(capsys):
    config = json.dumps({"inner": "orthogonal", "gates": 2})
    _, out, _ = run(capsys, "show", "per_gate", "--shape", "8,8", "--config", config)

    assert rows(out)["initializer"] == "PerGate(inner=Orthogonal(seed=0), gates=2)"


def test_show_of_an_empty_weight_has_no_histogram(capsys):
    status, out, _ = run(capsys, "show", "he_normal", "--shape", "0,4")

    assert status == 0
    assert rows(out)["shape"] == "(0, 4), 0 values"
    assert "█" not in out


@pytest.mark.parametrize(
    "name", [name for name in cases.CASES if name not in cases.SEEDLESS]
)
def test_expected_deviation_is_that_of_the_draws(name):
    initializer = cases.build(name)
    shapes = [(7, 3, 60, 80), (300, 400)]
    shape = next(shape for shape in shapes if cases.takes(name, shape))
    values = support.as_float64(initializer(shape))

    mean, stddev = command_show.expected(initializer, shape)

    # The variance has the relative standard error sqrt((kurtosis - 1) / n); no
    # law here has a kurtosis above 5, save that a convolution of zeros around
    # one orthogonal matrix has its mean square exactly.
    n = values.size
    power = stddev**2 + mean**2
    tolerance = support.SIGMAS * math.sqrt(4.0 / n) * power
    assert abs(np.mean(values**2) - power) < tolerance
    assert abs(values.mean() - mean) < support.SIGMAS * stddev / math.sqrt(n)


def test_response_of_relu_is_half_a_normal_law():
    square, spread = command_show.response("relu", 4.0)

    # E relu(z)^2 = 2 and E relu(z) = 2 / sqrt(2 pi), each input rounded to float32; the
    # sums of 4001 positive terms in double precision are off by far less. The grid's
    # step h = 0.004 leaves h^2 / 12 of the mean, whose integrand has a kink at 0.
    assert square == pytest.approx(2.0, rel=2.01 * support.ROUNDING)
    variance = 2.0 - 2.0 / math.pi
    off = 2.01 * support.ROUNDING * 2.0
    off += 2.01 * (support.ROUNDING + 0.004**2 / 12.0) * 2.0 / math.pi
    assert spread == pytest.approx(math.sqrt(variance), rel=off / variance / 2.0)


NAMES_OF_BACKENDS = ", ".join(_installed.BACKENDS)
TARGET = "keras-inits parity: Argument `TARGET` must be"
MISTAKES = {
    "unknown initializer": (
        ("show", "he_norml", "--shape", "3,4"),
        "keras-inits show: Argument `NAME` must be the name of an initializer, "
        "got 'he_norml'. Did you mean 'he_normal'?",
    ),
    "shape of words": (
        ("show", "he_normal", "--shape", "3,x"),
        "keras-inits show: Argument `--shape` must be integers separated by commas, "
        "such as 3,3,64,128, got '3,x'.",
    ),
    "negative shape": (
        ("show", "he_normal", "--shape", "3,-4"),
        "keras-inits show: HeNormal: Argument `--shape` must be a tuple of integers, "
        "each 0 or above, got (3, -4).",
    ),
    "unknown activation": (
        ("show", "he_normal", "--shape", "3,4", "--activation", "rleu"),
        "keras-inits show: Invalid `--activation` argument: must be one of "
        f"{', '.join(gains.NAMES)}, got 'rleu'. Did you mean 'relu'?",
    ),
    "config that is no JSON": (
        ("show", "sparse", "--shape", "3,4", "--config", "sparsity=1"),
        "keras-inits show: Argument `--config` must be a JSON object, such as "
        "'{\"sparsity\": 0.5}', got 'sparsity=1'. It is no JSON: Expecting value: line "
        "1 column 1 (char 0).",
    ),
    "unknown argument": (
        ("show", "sparse", "--shape", "3,4", "--config", '{"sparsty": 0.5}'),
        "keras-inits show: Invalid `--config` argument: must be one of sparsity, "
        "stddev, axis, seed, got 'sparsty'. Did you mean 'sparsity'?",
    ),
    "unknown backend": (
        ("parity", "ResNet50", "--backends", "jaxx"),
        "keras-inits parity: Invalid `--backends` argument: must be one of "
        f"{NAMES_OF_BACKENDS}, got 'jaxx'. Did you mean 'jax'?",
    ),
    "unknown application": (
        ("parity", "ResNet5"),
        f"{TARGET} `module:function` or the name of a model in keras.applications, "
        "got 'ResNet5'. Did you mean 'ResNet50'?",
    ),
    "shape forgotten": (
        ("show", "he_normal"),
        "keras-inits show: the following arguments are required: --shape",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence_and_status_2(case, capsys):
    arguments, sentence = MISTAKES[case]

    status, out, err = run(capsys, *arguments)

    assert (status, out) == (2, "")
    assert err == f"{sentence}\n"


def test_parity_says_that_no_backend_is_installed(capsys, monkeypatch):
    monkeypatch.setattr(_installed, "missing", lambda backend: backend)

    status, _, err = run(capsys, "parity", "ResNet50", "--backends", "torch", "jax")

    assert status == 2
    assert err == (
        "keras-inits parity: Argument `--backends` must be a list with a backend that "
        "is installed here, got 'torch jax'.\n"
    )


@pytest.mark.parametrize(
    ("weights", "difference"),
    [
        ({"kernel": [[1.0, 2.0]], "bias": [0.5]}, 0.0),
        ({"kernel": [[1.0, 1.75]], "bias": [0.625]}, 0.25),
        ({"kernel": [[1.0, 2.0, 3.0]], "bias": [0.5]}, None),
        ({"kernel": [[1.0, 2.0]]}, None),
    ],
)
def test_the_difference_is_the_largest_of_like_weights(weights, difference, tmp_path):
    first = {"kernel": [[1.0, 2.0]], "bias": [0.5]}
    places = [tmp_path / "first", tmp_path / "second"]
    for place, arrays in zip(places, (first, weights), strict=True):
        place.mkdir()
        np.savez(place / parity.WEIGHTS, **arrays)

    assert parity._difference(*places) == difference


@pytest.mark.parametrize(
    ("second", "status", "sentence"),
    [
        ("a" * 64, 0, f"The same bits on 2 backends.\nFingerprint: {'a' * 64}\n"),
        ("b" * 64, 1, "Not the weights of jax: tensorflow.\n"),
    ],
)
def test_parity_ends_with_a_verdict(second, status, sentence, capsys, monkeypatch):
    built = [
        parity.Built("jax", "a" * 64, 1.0, 2, 8, 0.0),
        parity.Built("tensorflow", second, 0.5, 2, 8, 0.125),
    ]
    monkeypatch.setenv("COLUMNS", "80")
    lacks = {"torch": "torch", "numpy": "scipy"}
    monkeypatch.setattr(_installed, "missing", lacks.get)
    monkeypatch.setattr(
        parity, "build_everywhere", lambda *_, **__: (row for row in built)
    )

    backends = ["jax", "torch", "tensorflow", "numpy", "jax"]
    found = run(capsys, "parity", "ResNet50", "--backends", *backends)

    assert (found[0], found[2]) == (status, "")
    assert "torch is not installed here, so it was left out.\n" in found[1]
    text = "numpy needs scipy, which is not installed here, so it was left out.\n"
    assert text in found[1]
    assert found[1].endswith(sentence)
    assert ("0.125" in found[1]) == bool(status)


def test_a_target_is_a_function_of_a_module_here(here):
    model = resolve_target("user_models:build")()

    assert isinstance(model, keras.Model)
    assert model.count_params() == 8


def test_a_target_is_an_application():
    build = resolve_target("MobileNetV2")

    assert callable(build)


ONE_OF = "`module:function` or the name of a model in keras.applications"
REFUSED_TARGETS = {
    "resnet50": f"{ONE_OF}, got 'resnet50'. Did you mean 'ResNet50'?",
    ":": f"{ONE_OF}, got ':'.",
    "user_modls:build": "a module that can be imported from here, and its function, "
    "got 'user_modls:build'. Did you mean 'user_models:build'?",
    "user_models.py:build": "a module that can be imported from here, and its "
    "function, got 'user_models.py:build'. Did you mean 'user_models:build'?",
    "user_models:buidl": "a function that the module 'user_models' has, got "
    "'user_models:buidl'. Did you mean 'user_models:build'?",
    "user_models:fails": "a function that builds a model without arguments, got "
    "'user_models:fails'. It raised KeyError: 'x' (user_models.py, line 8).",
    "user_models:gives_a_number": "a function that returns a keras.Model, not int, "
    "got 'user_models:gives_a_number'.",
    "user_lacks:build": "a module that can be imported, got 'user_lacks:build'. It "
    "raised ModuleNotFoundError: No module named 'no_such_library' "
    "(user_lacks.py, line 1).",
    "user_broken:build": "a module that can be imported, got 'user_broken:build'. It "
    "raised SyntaxError: invalid syntax (user_broken.py, line 1).",
}


@pytest.mark.parametrize("text", REFUSED_TARGETS)
def test_a_target_that_builds_nothing_is_refused(text, here):
    sentence = f"Argument `TARGET` must be {REFUSED_TARGETS[text]}"

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        resolve_target(text)()
