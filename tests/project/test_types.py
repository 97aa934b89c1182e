"""What the package's annotations say to users."""

import inspect
import pathlib

import pytest

import keras_inits
from tests.processes import ROOT, run

pytestmark = pytest.mark.once

USER = pathlib.Path(__file__).with_name("typed_user.py")


def checked(source, path):
    """What mypy says of a user's source under its strictest options."""
    path.write_text(source)
    # Keras ships no types, which is no matter of this package.
    options = ("--strict", "--follow-imports=silent", "--no-incremental")
    options += ("--disable-error-code=import-untyped",)
    _, text, errors = run(
        *("-m", "mypy", *options, path.name), cwd=path.parent, MYPYPATH=ROOT
    )
    return text + errors


def test_a_users_code_is_checked_without_an_error(tmp_path):
    found = checked(USER.read_text(), tmp_path / "user.py")

    assert found == "Success: no issues found in 1 source file\n"


WRONG = """
import keras_inits
keras_inits.compute_fans((3, "a"))
keras_inits.calculate_gain("leaky_relu", "0.2")
keras_inits.HeNormal()((3, 4), dtype=3)
keras_inits.initialize(None, {"kernel": object()})
x: int = keras_inits.fingerprint([])
"""


def test_a_users_mistakes_are_found(tmp_path):
    found = checked(WRONG, tmp_path / "user.py")

    lines = [line.split(":")[1] for line in found.splitlines() if "error:" in line]
    assert lines == ["3", "4", "5", "6", "7"], found


def functions():
    """Every public function and method, by its name."""
    for module in (keras_inits, keras_inits.draws, keras_inits.recipes):
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.ismodule(value):
                continue
            if not inspect.isclass(value):
                yield name, value
                continue
            for key, method in vars(value).items():
                method = getattr(method, "__func__", method)  # of a class method
                named = not key.startswith("_") or key in ("__init__", "__call__")
                if named and inspect.isfunction(method):
                    yield f"{name}.{key}", method


@pytest.mark.parametrize(
    "function", [pytest.param(value, id=name) for name, value in functions()]
)
def test_every_public_function_is_annotated(function):
    signature = inspect.signature(function)
    given = signature.parameters.values()
    found = {p.name for p in given if p.annotation is p.empty} - {"self", "cls"}

    assert not found
    assert signature.return_annotation is not signature.empty
