"""The page of a report, as text; `test_page_in_browser.py` uses it."""

import dataclasses
import importlib.util
import re
import typing

import pytest

from keras_inits.diagnostics import diagnose, explanations, verdicts
from tests import browser
from tests.diagnostics.networks import normal, plain, set_kernels
from tests.support import GRADIENTS, needs_gradients, raises_exactly


@pytest.fixture(scope="module")
def report():
    model = set_kernels(plain("tanh", depth=3, outputs=4), lambda shape: 1e-3)
    targets = (normal((24, 4)), "mse") if GRADIENTS else ()
    return diagnose(model, normal((24, 16)), *targets)


@pytest.mark.once
@pytest.mark.skipif(
    browser.PATH is None,
    reason="Chromium is not installed, so pages are not tried in a browser",
)
def test_there_is_a_browser_to_try_pages_in():
    assert browser.PATH


def test_every_problem_has_an_explanation():
    known = (*verdicts.OF_SIZE, *verdicts.OF_GRADIENT, *verdicts.OF_VALUES)

    assert sorted(explanations.PROBLEMS) == sorted(known)
    hints = typing.get_type_hints(verdicts._Trend)
    union = typing.get_args(hints["problem"])
    assert sorted(n for u in union for n in typing.get_args(u)) == sorted(known)


@needs_gradients
def test_every_column_has_an_explanation(report):
    table = report.table("all")

    assert [column.header for column in table.columns] == [*explanations.COLUMNS]


def test_a_page_has_every_layer_and_explains_what_was_found(report, tmp_path):
    text = report.to_html(tmp_path / "signal.html")

    assert (tmp_path / "signal.html").read_text(encoding="utf-8") == text
    assert text.count('scope="row"') == len(report.layers)
    found = {problem for layer in report.layers for problem in layer.problems}
    assert "vanishing" in found
    assert "<p>Not healthy: vanishing from layer" in text
    assert 'class="verdict troubled"' in text
    assert f"<pre>{report.advice}</pre>" in text
    for problem, explanation in explanations.PROBLEMS.items():
        assert (explanation in text) == (problem in found)
    assert "$" not in text
    # Addresses name what the page holds itself, and the namespace of SVG nothing.
    assert set(re.findall(r'(?:src|srcset|href)="(\w+):', text)) == {"data"}


def test_names_and_verdicts_are_escaped(report):
    hostile = "<img src=x onerror=alert('1')>&\""
    layers = [dataclasses.replace(report.layers[0], name=hostile, verdict=hostile)]
    report = dataclasses.replace(
        report, model=hostile, layers=layers, verdict=hostile, source=hostile
    )

    text = report.to_html()

    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(&#x27;1&#x27;)&gt;&amp;&quot;" in text


def test_a_page_of_a_healthy_model_says_so_whatever_single_layers_have(report):
    remark = "healthy, but the units are highly correlated"
    healthy = dataclasses.replace(report, healthy=True, advice=None, verdict=remark)

    text = healthy.to_html()

    assert 'class="verdict healthy"' in text
    assert "<p>Healthy, but the units are highly correlated.</p>" in text
    assert "<pre>" not in text


def test_without_matplotlib_the_page_says_that_it_has_no_pictures(report, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "matplotlib" else find(name, *rest),
    )

    text = report.to_html()

    assert "<picture" not in text
    assert (
        "Pictures need matplotlib, which was not installed where this page was written."
    ) in text


def test_a_page_that_cannot_be_written_is_refused(report):
    with raises_exactly(
        "SignalReport.to_html: Argument `path` must be a path in a directory that "
        "exists, got 'no/such/page.html'."
    ):
        report.to_html("no/such/page.html")
