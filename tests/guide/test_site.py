"""The guide as it was built: what its pages link to, load and look like.

The session `docs` builds it: `GUIDE` names the folder, `AXE` axe-core's script.
"""

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
LONGEST = 1800.0  # seconds, for all pages in one browser


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


def test_every_page_is_reached_from_the_start_page(pages):
    reached, waiting = set(), ["index.html"]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in pages:
            continue
        reached.add(name)
        targets = [resolved(name, url) for url in pages[name].links]
        waiting += [found[0] for found in targets if found]
    assert set(pages) - reached - {"search.html"} == set()


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


def test_the_list_for_machines_names_every_page():
    text = (GUIDE / "llms.txt").read_text("utf-8")
    made = {"genindex.html", "search.html", "py-modindex.html"}

    assert [
        page for page in PAGES if f"({page})" not in text and page not in made
    ] == []


ASK_AXE = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations.filter((found) => ["serious", "critical"].includes(found.impact))
    .map((found) => [found.id, found.nodes.length, found.nodes[0].html.slice(0, 200)]))
"""
IS_WIDE = "document.documentElement.scrollWidth > window.innerWidth + 1"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser.open_page(tmp_path_factory.mktemp("profile"), LONGEST) as page:
        yield page


@pytest.fixture(scope="module", params=itertools.product(PAGES, SCREENS), ids="-".join)
def shown(chromium, request):
    """A page as the browser shows it on a screen."""
    name, screen = request.param
    chromium.show((GUIDE / name).resolve(), **SCREENS[screen])
    return chromium


@needs_browser
def test_a_page_fits_the_screen(shown):
    assert not shown.evaluate(IS_WIDE)


@needs_browser
def test_a_page_asks_for_nothing_from_outside(shown):
    asked = [
        event["params"]["request"]["url"]
        for event in shown.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}


@needs_browser
@needs_axe
def test_axe_finds_no_serious_fault(shown):
    shown.evaluate(AXE.read_text("utf-8") + "; true")
    found = shown.call(
        "Runtime.evaluate", expression=ASK_AXE, awaitPromise=True, returnByValue=True
    )

    assert found["result"]["value"] == []
