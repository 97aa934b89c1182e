"""`keras-inits show`: fans, moments, range and histogram of one weight."""

import json
import math
import re

import numpy as np
import pytest

import keras_inits
from keras_inits.cli import show
from tests import support


def rows(out):
    """The two-column table of `show` as a dict."""
    found = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in out.splitlines())
    return dict(row for row in found if len(row) == 2)


def test_show_tells_fans_stddevs_and_range(run):
    status, out, err = run("show", "he_normal", "--shape", "3,3,64,128")

    shown = rows(out)
    assert (status, err) == (0, "")
    assert shown["initializer"] == "HeNormal(seed=0)"
    assert shown["shape"] == "(3, 3, 64, 128), 73,728 values"
    assert shown["fan_in, fan_out"] == "576, 1152"
    expected = math.sqrt(2.0 / 576.0)
    assert shown["stddev, expected"] == f"{expected:.5g} around 0"
    drawn = float(shown["stddev, drawn"].split()[0])
    # A standard deviation has a relative standard error below that of a normal one.
    assert abs(drawn / expected - 1.0) < support.SIGMAS / math.sqrt(2 * 73728)
    low, high = (float(end) for end in shown["range, drawn"].split(" to "))
    bound = 2.0 * expected / 0.8796
    assert -bound <= low < -0.99 * bound
    assert 0.99 * bound < high <= bound


def test_show_tells_what_an_activation_makes_of_it(run):
    _, out, _ = run("show", "he_normal", "--shape", "512,512", "--activation", "relu")

    shown = rows(out)
    assert shown["gain of relu"] == "1.4142"
    assert shown["stddev asked for"] == "0.0625 = gain / sqrt(fan_in)"
    # He's formula: sums of mean square 2, after ReLU again 1.
    sums = float(shown["stddev of the sums"].split()[0])
    tolerance = support.SIGMAS / math.sqrt(2 * 512**2)
    assert abs(sums / math.sqrt(2.0) - 1.0) < tolerance
    # Proportional to it; the quadrature, the dtype and five digits leave 1e-4 at most.
    after = float(shown["stddev after relu"].split(",")[0])
    assert abs(after / math.sqrt(1.0 - 1.0 / math.pi) - 1.0) < tolerance + 1e-4


@pytest.mark.parametrize("sign", ["", "+", "-"])
def test_a_seed_has_any_size(run, sign):
    seed = 10**5000 + 7  # Python alone reads at most 4300 digits
    digits = "1" + "0" * 4999 + "7"
    initializer = keras_inits.HeNormal(seed=-seed if sign == "-" else seed)
    values = support.as_float64(initializer((64,)))

    status, out, err = run("show", "he_normal", "--shape=64", f"--seed={sign}{digits}")

    assert (status, err) == (0, "")
    low, high = float(values.min()), float(values.max())
    assert rows(out)["range, drawn"] == f"{low:.5g} to {high:.5g}"


def test_show_draws_the_histogram_of_the_values(run):
    _, out, _ = run("show", "uniform", "--shape", "1000", "--seed", "3")

    bars = [line.split() for line in out.splitlines() if "█" in line]
    assert len(bars) == show.BARS
    assert sum(int(bar[-1].replace(",", "")) for bar in bars) == 1000
    assert bars[show.BARS // 2][0] == "0"


def test_histogram_does_without_block_characters():
    lines = show.histogram(np.array([-1.0, 0.0, 0.0, 1.0]), ascii_only=True)

    assert all(line.isascii() for line in lines)
    assert [line.count("#") for line in lines if "#" in line] == [20, 40, 20]


def test_show_takes_the_initializers_arguments(run):
    config = json.dumps({"inner": "orthogonal", "gates": 2})
    _, out, _ = run("show", "per_gate", "--shape", "8,8", "--config", config)

    assert rows(out)["initializer"] == "PerGate(inner=Orthogonal(seed=0), gates=2)"


def test_show_counts_fans_as_the_initializer_does(run):
    config = json.dumps({"input_axes": [1], "output_axes": [0]})
    _, out, _ = run("show", "he_normal", "--shape", "4,8", "--config", config)

    assert rows(out)["fan_in, fan_out"] == "8, 4"


def test_show_of_an_empty_weight_has_no_histogram(run):
    status, out, _ = run("show", "he_normal", "--shape", "0,4")

    assert status == 0
    assert rows(out)["shape"] == "(0, 4), 0 values"
    assert "█" not in out


def test_a_shape_within_the_bound_is_taken():
    assert show._shape("10000,10000") == (10000, 10000)
    assert show._shape("()") == ()
