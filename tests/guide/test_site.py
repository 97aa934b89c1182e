"""The guide as it was built: what its pages link to, load and look like.

The session `docs` builds it: `GUIDE` names the folder, `AXE` axe-core's script.
"""

import concurrent.futures
import html.parser
import itertools
import os
import pathlib
import urllib.parse

import pytest

from tests import browser

GUIDE = pathlib.Path(os.environ.get("GUIDE", "docs/_build/html"))
AXE = pathlib.Path(os.environ.get("AXE", "axe.min.js"))
PAGES = sorted(
    page.relative_to(GUIDE).as_posix()
    for page in GUIDE.rglob("*.html")
    if "_static" not in page.parts
)

pytestmark = pytest.mark.guide
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not there, which npm installs"
)
needs_browser = pytest.mark.skipif(
    browser.PATH is None, reason="no Chromium is installed"
)
SCREENS = {
    "desk": {"width": 1280, "height": 900, "theme": "light"},
    "phone": {"width": 390, "height": 800, "theme": "dark"},
}
OTHER = {"light": "dark", "dark": "light"}
LONGEST = 1800.0  # seconds that all pages of a screen may take

# What users ask.
QUESTIONS = (
    *("reproduce_a_start", "cross_validation", "new_head", "lstm_gates"),
    *("padding_row", "lora_layers", "load_without_the_package"),
    *("write_an_initializer", "several_devices", "debug_a_vanishing_network"),
    *("existing_code", "when_backends_differ"),
)


class Page(html.parser.HTMLParser):
    """The anchors of a page, what it links to and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors.update(filter(None, [values.get("id"), values.get("name")]))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        loads = [values.get("src"), values.get("poster"), values.get("data")]
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            loads.append(values.get("href"))
        loads += [s.split()[0] for s in (values.get("srcset") or "").split(",") if s]
        self.loads += [url for url in loads if url and not url.startswith("data:")]


@pytest.fixture(scope="module")
def pages():
    assert PAGES, f"There is no page in {GUIDE}."
    return {name: Page((GUIDE / name).read_text("utf-8")) for name in PAGES}


def resolved(name, url):
    """Path and anchor in the guide of a link on a page, or None for one outside."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme or parts.netloc:
        return None
    path = (GUIDE / name).parent / urllib.parse.unquote(parts.path)
    if not parts.path:
        path = GUIDE / name
    relative = os.path.relpath(path, GUIDE)
    return pathlib.PurePath(relative).as_posix(), urllib.parse.unquote(parts.fragment)


def test_every_link_within_the_guide_resolves(pages):
    broken = []
    for name, page in pages.items():
        for url in page.links:
            found = resolved(name, url)
            if found is None:
                continue
            path, anchor = found
            known = path in pages and (not anchor or anchor in pages[path].anchors)
            if not known and (path in pages or not (GUIDE / path).is_file()):
                broken.append((name, url))
    assert broken == []


def clicks_to(pages):
    """How many clicks each page is away from the start page."""
    far, waiting = {"index.html": 0}, ["index.html"]
    for name in waiting:
        for found in (resolved(name, url) for url in pages[name].links):
            if found and found[0] in pages and found[0] not in far:
                far[found[0]] = far[name] + 1
                waiting.append(found[0])
    return far


def test_every_page_is_reached_from_the_start_page(pages):
    assert set(pages) - set(clicks_to(pages)) - {"search.html"} == set()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_to_a_question_is_two_clicks_away(pages, question):
    assert clicks_to(pages)[f"howto/{question}.html"] <= 2


def test_nothing_is_loaded_from_outside(pages):
    outside = [
        (name, url)
        for name, page in pages.items()
        for url in page.loads
        if resolved(name, url) is None or not (GUIDE / resolved(name, url)[0]).is_file()
    ]
    outside += [
        (sheet.name, "url(http")
        for sheet in GUIDE.rglob("*.css")
        if any(part in sheet.read_text("utf-8") for part in ("url(http", "url(//"))
    ]
    assert outside == []


def test_a_class_names_its_bases():
    """Those without a page of their own give way to theirs, and none may be left."""
    silent = [
        name for name in PAGES if "<p>Bases:</p>" in (GUIDE / name).read_text("utf-8")
    ]
    assert silent == []


def test_the_list_for_machines_names_every_page():
    text = (GUIDE / "llms.txt").read_text("utf-8")
    made = {"genindex.html", "search.html", "py-modindex.html"}

    assert [
        page for page in PAGES if f"({page})" not in text and page not in made
    ] == []


def test_the_list_for_machines_begins_where_a_reader_does():
    text = (GUIDE / "llms.txt").read_text("utf-8")
    links = [line for line in text.splitlines() if line.startswith("- ")]

    assert links[:2] == ["- [keras_inits](index.html)", "- [Start](start.html)"]
    assert "- [Zeros](reference/Zeros.html): Every entry is 0." in links


ASK_AXE = """axe.run(document, {resultTypes: ["violations"], OPTIONS}).then((said) =>
  said.violations.filter((found) => ["serious", "critical"].includes(found.impact))
    .map((found) => [found.id, found.nodes.length, found.nodes[0].html.slice(0, 200)]))
"""
OF_COLORS = 'runOnly: ["color-contrast"]'
THEME = """new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(
  () => tell(document.documentElement.dataset.theme))))
"""
IS_WIDE = "document.documentElement.scrollWidth > window.innerWidth + 1"
# What begins left of the page: no scrolling brings it back.
CUT = """[...document.querySelectorAll(".bd-article :is(math, table, pre, img)")]
  .filter((part) => part.getBoundingClientRect().left < 0)
  .map((part) => part.outerHTML.slice(0, 200))
"""
# The contrast of texts in tables. Of those that are scrolled out of sight axe does not
# know what lies behind them.
DIM = """(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => channels(color).slice(0, 3)
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0.05);
  const behind = (part) => {
    const color = getComputedStyle(part).backgroundColor;
    const clear = channels(color)[3] === 0 && part.parentElement;
    return clear ? behind(part.parentElement) : color;
  };
  const contrast = (part) => {
    const both = [light(getComputedStyle(part).color), light(behind(part))];
    return Math.max(...both) / Math.min(...both);
  };
  const speaks = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
  return [...document.querySelectorAll(".bd-article table *")]
    .filter((part) => [...part.childNodes].some(speaks))
    .filter((part) => contrast(part) < 4.5)
    .map((part) => part.outerHTML.slice(0, 200));
})()
"""


def look(screen, profile):
    """What a browser finds on each page: whether it is too wide, and so on."""
    axe = AXE.read_text("utf-8") + "; true" if AXE.exists() else None
    found = {}
    with browser.open_page(profile, LONGEST) as page:
        for name in PAGES:
            page.show((GUIDE / name).resolve(), **screen)
            asked = [
                event["params"]["request"]["url"]
                for event in page.events
                if event["method"] == "Network.requestWillBeSent"
            ]
            wide, cut = page.evaluate(IS_WIDE), page.evaluate(CUT)
            dim, faults = page.evaluate(DIM), None
            if axe:
                page.evaluate(axe)
                faults = page.evaluate(ASK_AXE.replace("OPTIONS", ""))
            # In the other theme nothing but colors is different.
            page.set_theme(OTHER[screen["theme"]])
            assert page.evaluate(THEME) == OTHER[screen["theme"]]
            dim += page.evaluate(DIM)
            if axe:
                faults += page.evaluate(ASK_AXE.replace("OPTIONS", OF_COLORS))
            found[name] = {
                "wide": wide,
                "cut": cut,
                "dim": dim,
                "asked": asked,
                "faults": faults,
            }
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What `look` finds, by screen: a browser for each, both at once."""
    profiles = [tmp_path_factory.mktemp(name) for name in SCREENS]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(
            zip(SCREENS, pool.map(look, SCREENS.values(), profiles), strict=True)
        )


@pytest.fixture(params=itertools.product(PAGES, SCREENS), ids="-".join)
def shown(seen, request):
    name, screen = request.param
    return seen[screen][name]


@needs_browser
def test_a_page_fits_the_screen(shown):
    assert not shown["wide"]


@needs_browser
def test_all_of_a_formula_or_table_can_be_scrolled_to(shown):
    assert shown["cut"] == []


@needs_browser
def test_what_a_table_says_is_seen_in_both_themes(shown):
    assert shown["dim"] == []


@needs_browser
def test_a_page_asks_for_nothing_from_outside(shown):
    assert {url.partition(":")[0] for url in shown["asked"]} <= {"file", "data", "blob"}


@needs_browser
@needs_axe
def test_axe_finds_no_serious_fault(shown):
    assert shown["faults"] == []
