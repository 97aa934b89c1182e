"""Names and numbers in pictures."""

import math
import re

import matplotlib.text
import pytest

from keras_inits.diagnostics import diagnose, labels
from tests.diagnostics.networks import normal, plain, set_kernels

RESNET = [
    f"conv{stage}_block{block}_{place}_{kind}"
    for stage in (2, 3, 4, 5)
    for block in (1, 2, 3)
    for place in (0, 1, 2, 3)
    for kind in ("conv", "bn", "relu")
]
ENCODER = [
    f"encoder/layer_{layer}/{part}"
    for layer in range(12)
    for part in ("attention/query", "attention/key", "feed_forward/dense")
]


@pytest.mark.parametrize("names", [RESNET, ENCODER], ids=["resnet", "encoder"])
@pytest.mark.parametrize("length", [12, 13, 20])
def test_shortened_names_still_differ(names, length):
    shown = labels.shortened(names, length)

    assert max(map(len, shown)) <= length
    assert len(set(shown)) == len(names)


def test_only_the_end_of_a_path_that_no_other_shares_is_shown():
    assert labels.shortened(["a/b/query", "c/b/query", "c/b/key"], 30) == [
        *("a/b/query", "c/b/query", "key")
    ]
    # A layer that is called twice has one name.
    assert labels.shortened(["a/shared", "a/shared"], 30) == ["shared", "shared"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("dense", "dense"),
        ("conv2_block1_1_conv", "co2_bl1_1_con"),
        ("größenverhältnis_7", "größenverhä_7"),
        ("1234567890123456", "123456…123456"),
        ("", ""),
    ],
)
def test_words_lose_letters_and_numbers_stay(text, short):
    assert labels.short(text, 13) == short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.0, "0"), (1.0, "1"), (0.0412, "0.041"), (-0.5, "-0.5"), (0.01, "0.01")),
        *((9949.0, "9900"), (123456.0, "1.2e5"), (0.00999, "0.01")),
        *((0.00412, "0.0041"), (0.000999, "0.001"), (0.000042, "4.2e-5")),
        *((1e-7, "1e-7"), (-2.54e12, "-2.5e12"), (math.inf, "inf")),
    ],
)
def test_numbers_have_two_digits_in_one_form(value, text):
    assert labels.number(value) == text


def test_more_digits_have_the_same_form():
    values = 1234.5, 1.25e-5, 9.999e99, 0.5
    assert [labels.number(v, 3) for v in values] == ["1230", "1.25e-5", "1e100", "0.5"]


@pytest.mark.parametrize("stddev", [1e-3, 40.0])
def test_tables_sentences_and_pictures_write_numbers_alike(stddev):
    model = set_kernels(plain("relu", depth=6, outputs=4), lambda shape: stddev)
    report = diagnose(model, normal((24, 16)))

    figure = report.plot()
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    exponents = re.findall(r"\de([-+]?\d+)", "\n".join([str(report), *texts]))

    assert not report.healthy
    assert exponents  # the signal leaves the range of plain numbers
    assert [e for e in exponents if e != str(int(e))] == []
