"""The files that other tools read, which no test run uses: each held to its format.

They cannot be tried here, for they work where the project is hosted or published. To
add one: the command that validates it, a line in `COMMANDS`.
"""

import pathlib
import re
import shutil
import sys

import pytest

from tests.processes import ROOT, output, run

yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.once

WORKFLOWS = sorted(
    f".github/workflows/{path.name}" for path in ROOT.glob(".github/workflows/*.yml")
)
SCHEMA = "check_jsonschema --builtin-schema vendor."

COMMANDS = [
    "repo_review .",
    "validate_pyproject pyproject.toml",
    f"{SCHEMA}github-workflows {' '.join(WORKFLOWS)}",
    f"{SCHEMA}dependabot .github/dependabot.yml",
    f"{SCHEMA}citation-file-format CITATION.cff",
    "pre_commit validate-config",
    "codespell_lib keras_inits benchmarks docs examples .github README.md "
    "CHANGELOG.md CONTRIBUTING.md SECURITY.md",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_files_are_what_their_readers_expect(command):
    status, *texts = run("-m", *command.split())

    assert status == 0, texts


def test_the_hooks_are_what_pre_commit_expects(tmp_path):
    """Of hooks that are local, `validate-config` reads the names alone."""
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    manifest = tmp_path / ".pre-commit-hooks.yaml"
    manifest.write_text(yaml.safe_dump(repositories["repos"][0]["hooks"]))

    status, *texts = run("-m", "pre_commit", "validate-manifest", manifest)
    assert (status, *texts) == (0, "", "")


def test_the_workflows_have_no_known_weakness():
    # zizmor is no Python module: it stands beside this Python.
    (program,) = pathlib.Path(sys.executable).parent.glob("zizmor*")

    status, *texts = run("--offline", ".github", program=program)
    assert (status, "No findings to report" in "".join(texts)) == (0, True), texts


def commands_of(page):
    """The steps of the test command on a page, as a workflow says them."""
    text = (ROOT / page).read_text()
    (command,) = re.findall(r"<!-- the test command -->\n```bash\n(.*)\n```", text)
    command = command.replace(".venv-test/bin/python", "python")
    command = command.replace(".venv-test/bin/pip", "python -m pip")
    return [step.strip() for step in command.split("&&")]


def run_by(workflow):
    """What a workflow of one job runs."""
    text = (ROOT / ".github" / "workflows" / workflow).read_text()
    (job,) = yaml.safe_load(text)["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_workflows_run_the_test_commands_of_the_pages():
    made, *installed, tested = commands_of("README.md")
    (tested_long,) = commands_of("CONTRIBUTING.md")

    assert made == "python3 -m venv .venv-test"
    assert run_by("tests.yml") == [*installed, tested]
    assert run_by("long.yml") == [*installed, tested_long]


def test_the_workflow_runs_on_the_declared_pythons():
    project = (ROOT / "pyproject.toml").read_text()
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())

    declared = re.findall(r'Python :: (3\.\d+)"', project)
    assert workflow["jobs"]["tests"]["strategy"]["matrix"]["python"] == declared


@pytest.mark.skipif(shutil.which("sed") is None, reason="the workflow runs sed")
def test_the_links_of_the_published_readme_are_whole(tmp_path):
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text())
    steps = workflow["jobs"]["build"]["steps"]
    (command,) = (step["run"] for step in steps if "sed" in step.get("run", ""))
    shutil.copy(ROOT / "README.md", tmp_path)
    environment = {
        "GITHUB_SERVER_URL": "https://host",
        "GITHUB_REPOSITORY": "owner/name",
        "GITHUB_REF_NAME": "v1.2.3",
    }

    output("-c", command, program="sh", cwd=tmp_path, **environment)
    published = (tmp_path / "README.md").read_text()
    links = re.findall(r"(!?)\[[^]]*\]\(([^)]+)\)", published)
    pictures = [url for mark, url in links if mark]
    assert pictures == [
        "https://host/owner/name/raw/v1.2.3/docs/diagnostics/four_starts.png"
    ]
    pages = [url for mark, url in links if not mark]
    assert len(pages) > 10
    front = "https://host/owner/name/blob/v1.2.3/"
    assert [
        url for url in pages if not (ROOT / url.removeprefix(front)).is_file()
    ] == []
