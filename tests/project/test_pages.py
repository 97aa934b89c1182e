"""What a reader of the pages types works, and prints what they say it prints.

A page's Python runs in one process, from top to bottom, and prints the digests that the
page quotes. (Cells of notebooks run when the guide is built.) Commands of `keras-inits`
have arguments that it takes, and those whose output is shown print it. The Python of
docstrings runs too. Whatever snippets there are: a page is read, not listed.
"""

import re
import shlex

import pytest

from keras_inits import cli
from tests.processes import ROOT, output

pytestmark = pytest.mark.cross

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]
FENCE = re.compile(r"^```(.*)\n((?s:.*?)\n)```$", re.MULTILINE)
PROMPT = "$ keras-inits"
QUOTED = re.compile(r"\b[0-9a-f]{16}(?=\.\.\.)")


def program(page):
    """A page's Python, each line of it where it stands on the page."""
    text = page.read_text()
    lines = [""] * text.count("\n")
    for fence in FENCE.finditer(text):
        if fence[1] == "python":
            first = text.count("\n", 0, fence.start(2))
            code = fence[2].splitlines()
            lines[first : first + len(code)] = code
    return "\n".join(lines)


def programs():
    """`(page, backend)`: the README on one backend, the guide's on those that train."""
    for page in PAGES:
        if program(page).strip():
            backends = (
                ("tensorflow", "jax", "torch") if page != PAGES[0] else ("torch",)
            )
            for backend in backends:
                yield pytest.param(page, backend, id=f"{page.name}-{backend}")


def transcripts():
    """`(command, output)` of each command of `keras-inits` in a page's fences."""
    for page in PAGES:
        for _, text in FENCE.findall(page.read_text()):
            if text.startswith((PROMPT, PROMPT.removeprefix("$ "))):
                prompt = re.compile(r"^(?:\$ )?keras-inits (.*)\n", re.MULTILINE)
                _, *parts = prompt.split(text)
                for command, said in zip(parts[::2], parts[1::2], strict=True):
                    name = f"{page.relative_to(ROOT).as_posix()}: {command}"
                    yield pytest.param(command, said, id=name)


TRANSCRIPTS = list(transcripts())


def lasting(text, command):
    """A transcript without what differs from run to run or from machine to machine."""
    text = re.sub(r" *\b[\d.]+ s\b", " SECONDS", text.strip("\n"))
    if "--no-enable" in command:  # weights of Keras' own
        text = re.sub(r"[0-9a-f]{16}\.\.\.", "FINGERPRINT", text)
        text = re.sub(r"SECONDS +[\d.]+", "SECONDS DIFFERENCE", text)
    # Columns are as wide as what stands in them, the seconds too.
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line.strip("─")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_fence_is_of_a_kind_that_is_run(page):
    """Cells and directives by the build, `pycon` by doctest, the others here."""
    kinds = {kind for kind, _ in FENCE.findall(page.read_text())}
    run = {kind for kind in kinds if kind.startswith("{")} | {"python", "console"}
    if page.parent.name == "reference":
        run.add("pycon")

    assert kinds - run - {"bash"} == set()


@pytest.mark.parametrize(("page", "backend"), list(programs()))
def test_the_python_of_a_page_prints_what_it_quotes(page, backend, tmp_path):
    place = tmp_path / f"{page.stem}.py"
    place.write_text(program(page))
    # One thread: several wait for one another when other tests run too.
    printed = output(place.name, cwd=tmp_path, backend=backend, OMP_NUM_THREADS="1")

    # Another fence may show what some other model or backend printed.
    text = FENCE.sub(lambda m: m[0] if m[1] == "python" else "", page.read_text())
    quoted = QUOTED.findall(text)
    assert quoted
    assert [digest for digest in quoted if digest not in printed] == []


def test_the_python_of_docstrings_runs(tmp_path):
    printed = output(
        *("-m", "tests.programs.docstrings"),
        cwd=tmp_path,
        backend="torch",
        OMP_NUM_THREADS="1",
    )

    assert {"draws", "initialize", "recipes", "register"} <= set(printed.split())


@pytest.mark.parametrize(("command", "said"), TRANSCRIPTS)
def test_a_command_does_what_the_page_says(
    command, said, tmp_path, monkeypatch, capsys
):
    cli.parser().parse_args(shlex.split(command))
    if not said.strip():
        return  # what it reads is the reader's
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    # The processes that a command starts find the package, and run on one thread.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    status = cli.main(shlex.split(command))
    found, errors = capsys.readouterr()

    assert errors == ""
    assert status == ("Not the weights of" in said)
    # A page may leave out the end, such as a histogram.
    expected = lasting(said, command)
    assert lasting(found, command)[: len(expected)] == expected
