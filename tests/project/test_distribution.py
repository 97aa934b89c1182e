"""What a release holds, and what it says that it needs."""

import ast
import functools
import os
import pathlib
import re
import shutil
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email.parser import Parser

import pytest

from tests.processes import ROOT, output

pytestmark = pytest.mark.once

FOLDERS = (
    *(".ci", ".github", "benchmarks", "docs", "examples", "keras_inits", "tests"),
)
# `.git` is a file where the checkout is a worktree.
FILES = sorted(
    path.name for path in ROOT.iterdir() if path.is_file() and path.name != ".git"
)

# What running the package and building the guide leave there.
MADE = ("__pycache__", "docs/_build/", "docs/auto_gallery/")


def tracked(folder):
    """The files of a folder that belong to a release."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    names = (path.relative_to(ROOT).as_posix() for path in paths)
    return {name for name in names if not any(part in name for part in MADE)}


def build(source, kind, place):
    """The one file that a build writes."""
    output("-m", "hatchling", "build", "-t", kind, "-d", place, cwd=source)
    (made,) = place.iterdir()
    return made


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The source distribution."""
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    """The source distribution, unpacked."""
    place = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as file:
        file.extractall(place, filter="data")
    return next(place.iterdir())


@pytest.fixture(scope="module")
def distributions(archive, unpacked, tmp_path_factory):
    """The source distribution, and the wheel that is built from it."""
    built = build(unpacked, "wheel", tmp_path_factory.mktemp("wheel"))
    return {"sdist": archive, "wheel": built}


@pytest.fixture(scope="module")
def wheel(distributions):
    """The wheel, opened."""
    with zipfile.ZipFile(distributions["wheel"]) as file:
        yield file


@pytest.fixture(scope="module")
def metadata(wheel):
    """What the wheel says of itself."""
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_source_distribution_has_the_whole_folder(folder, unpacked):
    expected = tracked(folder)

    assert expected
    assert {name for name in expected if not (unpacked / name).is_file()} == set()


@pytest.mark.parametrize("name", FILES)
def test_the_source_distribution_has_the_file(name, unpacked):
    assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_wheel_has_the_package_alone(wheel):
    files = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert files == tracked("keras_inits")
    assert "keras_inits/py.typed" in files


def test_what_the_package_imports_is_declared(metadata):
    """Modules that are imported with it; what is optional is imported in functions."""
    modules = set()
    for name in tracked("keras_inits"):
        if name.endswith(".py"):
            for node in ast.parse((ROOT / name).read_text()).body:
                if isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    modules.add(node.module.split(".")[0])
    modules -= {"keras_inits", *sys.stdlib_module_names}
    required = [r for r in metadata.get_all("Requires-Dist") if "extra ==" not in r]
    declared = {re.match(r"[\w-]+", text)[0].replace("-", "_") for text in required}

    assert modules == declared


def test_the_declared_pythons_are_those_that_it_installs_on(metadata):
    named = re.findall(r"Python :: 3\.(\d+)$", str(metadata), re.MULTILINE)

    assert metadata["Requires-Python"] == f">=3.{named[0]}"
    assert [int(minor) for minor in named] == list(range(11, 11 + len(named)))


def test_the_program_is_declared(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))

    text = "[console_scripts]\nkeras-inits = keras_inits.cli:main\n"
    assert wheel.read(name).decode() == text


def test_what_the_tests_install_is_pinned():
    """So that a machine set up tomorrow gets what passed today."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower() for line in lines if "==" in line}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]

    names = {re.match(r"[\w-]+", text)[0].lower() for text in wanted}
    assert names - pinned == set()


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_the_package_index_takes_it(kind, distributions):
    found = output("-m", "twine", "check", "--strict", distributions[kind])

    assert "PASSED" in found


def test_the_wheel_has_no_stray_files(distributions):
    found = output("-m", "check_wheel_contents", distributions["wheel"])

    assert found.endswith(".whl: OK\n")


def fresh_environment(place):
    """An environment without this package that borrows what it requires from here.

    Returns its folder of programs.
    """
    venv.create(place, with_pip=False)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = pathlib.Path(output("-c", code, program=programs / "python").strip())
    # A path in such a file is searched, but such files in it are not read: that of an
    # editable install of this package is passed over.
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    own.joinpath("borrowed.pth").write_text("\n".join(here))
    return programs


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_what_is_installed_draws_the_golden_values(
    kind, distributions, unpacked, tmp_path
):
    programs = fresh_environment(tmp_path / "environment")
    python = programs / "python"
    output(
        *("-m", "pip", "--python", python, "install", "--no-deps"),
        *("--no-build-isolation", distributions[kind]),
    )
    # The tests that the source distribution holds, without the package beside them.
    shutil.copytree(unpacked / "tests", tmp_path / "apart" / "tests")
    empty = tmp_path / "empty"
    empty.mkdir()
    there = functools.partial(
        output, program=python, cwd=empty, PYTHONPATH=tmp_path / "apart"
    )

    place = there("-c", "import keras_inits; print(keras_inits.__file__)")
    assert tmp_path / "environment" in pathlib.Path(place.strip()).parents
    assert "Nothing differs." in there("-m", "tests.golden", "--check")
    assert "HeNormal" in there("list", program=programs / "keras-inits")
    assert list(empty.iterdir()) == []
