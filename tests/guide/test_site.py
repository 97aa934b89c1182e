"""The guide as it was built: what its pages link to, load and look like.

Session `docs` builds it into the folder that `GUIDE` names and asks npm for axe-core
into `AXE`.
"""

import html.parser
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
# Attributes by which a page loads something by itself.
LOADING = {("link", "href"), ("a", None)}

needs_browser = pytest.mark.skipif(
    browser.find() is None, reason="no Chromium is installed"
)
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not there: npm is not installed"
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

    assert [page for page in PAGES if f"({page})" not in text and page not in made] == []


ASK_AXE = """async (window) => {
  const script = window.document.createElement("script");
  script.src = "/_static/axe.min.js";
  await new Promise((loaded) => {
    script.onload = loaded;
    window.document.head.append(script);
  });
  const wide = window.document.documentElement.scrollWidth > window.innerWidth + 1;
  const {violations} = await window.axe.run(window.document, {
    resultTypes: ["violations"],
  });
  const serious = violations.filter((v) => ["serious", "critical"].includes(v.impact));
  return {
    faults: serious.map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)]),
    wide,
  };
}"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Every page at a desk in light, and on a phone in dark."""
    folder = tmp_path_factory.mktemp("guide") / "site"
    folder.symlink_to(GUIDE.resolve(), target_is_directory=True)
    # Served beside the pages, not built into them.
    served = tmp_path_factory.mktemp("served")
    for entry in GUIDE.iterdir():
        if entry.name != "_static":
            (served / entry.name).symlink_to(entry.resolve())
    (served / "_static").mkdir()
    for entry in (GUIDE / "_static").iterdir():
        (served / "_static" / entry.name).symlink_to(entry.resolve())
    (served / "_static" / "axe.min.js").symlink_to(AXE.resolve())
    phone = {"width": 390, "height": 800, "theme": "dark"}
    visits = [{"page": page} for page in PAGES]
    visits += [{"page": page, **phone} for page in PAGES]
    return browser.look(served, visits, ASK_AXE, timeout=600)


@needs_browser
@needs_axe
def test_axe_finds_no_serious_fault(seen):
    faults = [
        (visit["page"], visit["theme"], *fault)
        for visit in seen
        for fault in visit["value"]["faults"]
    ]
    assert faults == []


@needs_browser
@needs_axe
def test_no_page_is_wider_than_its_screen(seen):
    wide = [(v["page"], v["width"]) for v in seen if v["value"]["wide"]]
    assert wide == []


@needs_browser
@needs_axe
def test_a_browser_loads_nothing_from_outside(seen):
    outside = [
        (visit["page"], url)
        for visit in seen
        for url in visit["loaded"]
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))
    ]
    assert outside == []
