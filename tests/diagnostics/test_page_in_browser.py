"""The page of a report, used with a mouse and a keyboard in a headless Chromium."""

import dataclasses

import pytest

from keras_inits.diagnostics import diagnose
from tests import browser
from tests.diagnostics.networks import normal, plain

pytestmark = pytest.mark.once

HOSTILE = "<script>document.title = 'hacked'</script>"
NAMES = 'th[scope="row"]'
PHONE = {"width": 390, "height": 800}
SAMPLES = 64


def report():
    """Twelve layers; the verdicts of some are set here, as no pass would have them."""
    model = plain("relu", depth=12)
    found = diagnose(model, normal((SAMPLES, 16)))
    problems = {2: ["dead"], 3: ["dead", "vanishing"], 7: ["vanishing"]}
    layers = [
        dataclasses.replace(
            layer,
            problems=problems.get(layer.index, []),
            verdict=", ".join(problems.get(layer.index, [])) or "ok",
            name=HOSTILE if layer.index == 5 else layer.name,
        )
        for layer in found.layers
    ]
    return dataclasses.replace(found, layers=layers, verdict="dead; vanishing")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    found = report()
    path = tmp_path_factory.mktemp("page") / "signal.html"
    return found, path, found.to_html(path)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser.open_page(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(chromium, written):
    chromium.show(written[1])
    yield chromium
    wrong = ("Runtime.exceptionThrown", "Log.entryAdded")
    assert not [event for event in chromium.events if event["method"] in wrong]
    # Nothing but the file itself and what it holds.
    asked = [
        event["params"]["request"]["url"]
        for event in chromium.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert chromium.evaluate("document.title") == "plain: its signal"


def shown(page):
    """What each visible row is about, from above."""
    return page.evaluate(
        "[...document.querySelectorAll('tbody tr')]"
        ".filter((row) => row.offsetHeight > 0)"
        f".map((row) => row.querySelector('{NAMES}').textContent)"
    )


def directions(page):
    return page.evaluate(
        "[...document.querySelectorAll('thead th')]"
        ".map((head) => head.getAttribute('aria-sort'))"
    )


def column(page, name):
    """Place of a column, from 1."""
    names = page.evaluate(
        "[...document.querySelectorAll('thead th')].map((head) => head.textContent)"
    )
    return names.index(name) + 1


def test_a_click_sorts_by_numbers_and_a_second_one_turns_them(page, written):
    found, *_ = written
    place = column(page, "stddev")

    page.click(f"thead th:nth-child({place}) button")

    # As they are shown; what is shown alike keeps its order.
    layers = sorted(found.layers, key=lambda layer: float(f"{layer.signal.stddev:.3g}"))
    assert shown(page) == [layer.name for layer in layers]
    assert directions(page).count("none") == len(directions(page)) - 1
    assert directions(page)[place - 1] == "ascending"

    page.click(f"thead th:nth-child({place}) button")

    layers = sorted(
        found.layers, key=lambda layer: -float(f"{layer.signal.stddev:.3g}")
    )
    assert shown(page) == [layer.name for layer in layers]
    assert directions(page)[place - 1] == "descending"


def test_names_sort_by_the_numbers_in_them_and_by_the_keyboard(page, written):
    found, *_ = written
    place = column(page, "layer")
    button = f"document.querySelector('thead th:nth-child({place}) button')"
    page.evaluate(f"{button}.focus()")

    page.press(" ", 32)

    names = [layer.name for layer in found.layers if layer.name != HOSTILE]
    assert shown(page) == [HOSTILE, *names]  # l2 before l10


def test_a_search_shows_the_rows_that_contain_it(page):
    page.click("#search")
    page.type("L1")

    assert shown(page) == ["l1", "l10", "l11"]
    assert page.evaluate("document.getElementById('count').textContent") == (
        "3 of 12 layers shown"
    )


def test_a_button_beside_a_problem_shows_its_layers(page):
    page.click('button[data-problem="dead"]')

    assert shown(page) == ["l2", "l3"]

    page.click('button[data-problem="vanishing"]')

    assert shown(page) == ["l3", "l7"]


def test_the_choice_of_problems_is_a_list_that_keys_move(page):
    page.evaluate("document.getElementById('problem').focus()")
    page.press("ArrowDown", 40)

    assert page.evaluate("document.getElementById('problem').value") == "*"
    assert shown(page) == ["l2", "l3", "l7"]


def test_a_name_is_text(page, written):
    assert HOSTILE in shown(page)
    assert HOSTILE not in written[2]


def test_a_table_has_headers_for_rows_and_columns(page):
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = [node.get("role", {}).get("value") for node in tree]

    assert roles.count("rowheader") == 12
    heads = page.evaluate("document.querySelectorAll('thead th').length")
    assert roles.count("columnheader") == heads
    assert page.evaluate(
        "document.querySelectorAll('thead th[scope=col], tbody th[scope=row]').length"
    ) == (heads + 12)
    names = [
        node["name"]["value"]
        for node in tree
        if node.get("role", {}).get("value") in ("searchbox", "combobox")
    ]
    assert names == ["Name or verdict contains", "Show"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
def test_the_page_fits_and_follows_the_theme(page, written, size, theme):
    page.show(written[1], theme=theme, **size)

    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(fits)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}[theme]
    picture = page.evaluate(
        "(() => { const image = document.querySelector('picture img');"
        "return [image.naturalWidth, image.currentSrc]; })()"
    )
    assert picture[0] > 0
    sources = page.evaluate(
        "[document.querySelector('picture img').src,"
        "document.querySelector('picture source').srcset]"
    )
    assert sources[0] != sources[1]
    assert picture[1] == sources[theme == "dark"]


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
def test_a_verdict_stands_beside_the_name_without_scrolling(page, written, size):
    page.show(written[1], **size)

    right = page.evaluate(
        "(() => { const range = document.createRange();"
        f"range.selectNodeContents(document.querySelector('tbody {NAMES} + td'));"
        "return range.getBoundingClientRect().right; })()"
    )
    assert 0 < right < size.get("width", 1280)
    assert column(page, "verdict") == column(page, "layer") + 1


def test_a_phone_shows_what_a_row_is_about_while_it_scrolls(page, written):
    page.show(written[1], **PHONE)

    before, after = (
        page.evaluate(
            f"(() => {{ document.querySelector('.scroll').scrollLeft = {left};"
            f"return document.querySelector('tbody {NAMES}')"
            ".getBoundingClientRect().right; })()"
        )
        for left in (60, 400)
    )
    assert 0 < before == after < PHONE["width"]


def test_a_name_that_stays_in_view_keeps_the_line_below_it(page):
    # Where lines are shared by cells, the ground of one that stays covers its line.
    assert page.evaluate(
        f"(() => {{ const name = document.querySelector('tbody {NAMES}');"
        "const style = getComputedStyle(name);"
        "return [style.position, style.borderBottomStyle, style.borderCollapse]; })()"
    ) == ["sticky", "solid", "separate"]
