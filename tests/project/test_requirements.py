"""What the sessions of nox install is what pyproject.toml and the documents say."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.processes import ROOT

pytestmark = pytest.mark.once

# The builds without CUDA, which the tests install in the place of what users have.
BUILDS = {"tensorflow": "tensorflow-cpu"}


def declared():
    """What the package and the extras for users require."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [
        line for name, lines in extras.items() if name != "test" for line in lines
    ]
    return [Requirement(line) for line in lines]


def pinned(name):
    """The requirements that a session's file pins."""
    text = (ROOT / "tests" / "requirements" / f"{name}.txt").read_text()
    lines = [re.sub(r"\s*#.*", "", line) for line in text.splitlines()]
    found = [Requirement(line) for line in lines if line and line[0] != "-"]
    return {requirement.name: str(requirement.specifier) for requirement in found}


def test_the_lowest_versions_under_test_are_the_declared_ones():
    pins = pinned("lowest")

    for requirement in declared():
        bound = str(requirement.specifier)
        assert bound.startswith(">="), f"{requirement} has no lower bound alone"
        name = BUILDS.get(requirement.name, requirement.name)
        assert pins[name] == bound.replace(">=", "=="), requirement


def test_the_newest_versions_are_not_pinned():
    assert set(pinned("newest").values()) == {""}
    assert {"keras", "numpy", "rich", "ml_dtypes"} <= set(pinned("newest"))
