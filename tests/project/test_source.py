"""Rules that the package's sources keep, read from the sources themselves."""

import ast
import importlib
import pathlib
import re
import types

import pytest

import keras_inits

pytestmark = pytest.mark.once

PACKAGE = pathlib.Path(keras_inits.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
BACKENDS = {"tensorflow", "jax", "torch", "flax"}
PLOTTING = {"matplotlib", "PIL", "plotly", "seaborn"}

# What a part may import, beside itself and parts below it.
ORDER = [
    (
        *("_installed", "_convert", "_ranges", "_types", "_errors", "_checks"),
        *("_tables", "_html", "_reports"),
        *("_backend", "_arrays", "engine", "fans", "gains"),
    ),
    ("initializers", "draws"),
    ("registry",),
    ("model", "diagnostics", "parity", "named_models"),
    ("cli", "__main__"),
]
LEVEL = {part: level for level, parts in enumerate(ORDER) for part in parts}
# Inside the lowest level.
LOWEST = {
    "_installed": set(),
    "_tables": set(),
    "_html": {"_tables"},
    "_reports": {"_checks", "_convert", "_errors", "_html", "_tables"},
    "_convert": set(),
    "_ranges": set(),
    "_types": set(),
    "_errors": {"_convert", "_types"},
    "_checks": {"_backend", "_convert", "_errors", "_ranges", "_types"},
    "engine": {"_errors", "_backend", "_types"},
    "fans": {"_checks", "_errors", "_types"},
    "gains": {"_checks", "_errors", "_backend", "_types"},
    "_backend": {"_errors", "_types"},
    "_arrays": {"_backend", "_convert", "_types"},
}
ids = [str(path.relative_to(PACKAGE)) for path in FILES]


def imports(path, *, at_import_only=False):
    """Modules that a file imports by statement, each with the names taken from it."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if at_import_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module, tuple(alias.name for alias in node.names)


def named_by_import_module(path):
    """Modules that a file imports by `importlib.import_module("...")`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "__import__")
        ):
            for argument in node.args:
                if isinstance(argument, ast.Constant):
                    yield argument.value


def part_of(path):
    """The part of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(path):
    """Parts of the package that a file imports."""
    for module, names in imports(path):
        if module == "keras_inits":
            yield from names
        elif module.startswith("keras_inits."):
            yield module.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_only_the_backend_package_imports_a_backend(path):
    modules = [module for module, _ in imports(path)]
    modules += named_by_import_module(path)
    found = {module.split(".")[0] for module in modules} & BACKENDS

    assert part_of(path) == "_backend" or not found


def test_the_scan_finds_backends_where_they_are():
    modules = []
    for path in (PACKAGE / "_backend").glob("*.py"):
        modules += [module for module, _ in imports(path)]
        modules += named_by_import_module(path)

    assert {module.split(".")[0] for module in modules} >= {
        "tensorflow",
        "jax",
        "torch",
    }


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_file_imports_a_plotting_library_when_it_is_imported(path):
    modules = {m.split(".")[0] for m, _ in imports(path, at_import_only=True)}

    assert not modules & PLOTTING


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_point_one_way(path):
    part = part_of(path)
    if part == "__init__":
        return
    assert part in LEVEL, f"say in this test where {part} belongs"
    for other in parts_imported(path):
        if other == part or other not in LEVEL:
            continue
        if LEVEL[part] == LEVEL[other] == 0:
            assert other in LOWEST[part], f"{part} imports {other}"
        else:
            assert LEVEL[other] <= LEVEL[part], f"{part} imports {other}"


# Functions that the C library, vector instructions or BLAS round in ways of their own.
ROUNDED_BY_THE_MACHINE = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan2", "erf", "erfc"),
    *("gamma", "lgamma", "pow", "power", "float_power", "hypot", "cbrt", "dist"),
    *("dot", "vdot", "inner", "matmul", "tensordot", "einsum", "linalg"),
    *("mean", "std", "var"),
}
# What decides bits of weights, and the files of it that have a reason.
PROMISED = ("engine", "initializers", "fans", "gains", "model")
WITH_A_REASON = {
    "gains.py": "a function of one's own is integrated, and rounded to 5 digits",
    "engine/orthogonal.py": "its matrix products are exact; test_exact_products",
}


def rounded_by_the_machine(source):
    """What a source computes that differs in the last bits between machines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ROUNDED_BY_THE_MACHINE:
            if ast.unparse(node.value) in ("math", "np", "ops", "keras.ops"):
                yield ast.unparse(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield ast.unparse(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            try:
                ast.literal_eval(node.left)
            except ValueError:
                yield ast.unparse(node)


def test_the_scan_finds_what_a_machine_rounds():
    found = rounded_by_the_machine("np.exp(x) + math.sqrt(2**24) - x**2 + a @ b")

    assert sorted(found) == ["a @ b", "np.exp", "x ** 2"]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_what_decides_bits_of_weights_is_rounded_alike_on_every_machine(path):
    name = path.relative_to(PACKAGE).as_posix()
    if part_of(path) in PROMISED and name not in WITH_A_REASON:
        assert not list(rounded_by_the_machine(path.read_text()))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_file_is_no_longer_than_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_file_opens_by_saying_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_function_is_given_the_name_that_its_errors_bear(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.arguments):
            given = (*node.posonlyargs, *node.args, *node.kwonlyargs)
            assert "owner" not in [argument.arg for argument in given]


# Files that raise an error by themselves, and why it is not worded as in `_errors`.
RAISES = {
    "_errors.py": {"error": "the one place"},
    "_backend/tensors.py": {"TypeError": "whoever wants an array words it"},
    "initializers/constructors.py": {"TypeError": "Python's own words, corrected"},
    "engine/quantile.py": {"ArithmeticError": "`check_interval` words it"},
    "_reports.py": {"NotImplementedError": "an abstract method"},
    "cli/_archive.py": {
        "_ArrayError": "`front` words it",
        "zipfile.BadZipFile": "`front` words it",
    },
    "diagnostics/capture.py": {"_StoppedError": "`observed` words it"},
    "model/replica.py": {
        "TypeError": "a reason, which `reinitialize` words",
        "failure": "raised again when it counts",
    },
    "model/report.py": {"KeyError": "what an index raises"},
    "diagnostics/report.py": {"KeyError": "what an index raises"},
}


def raised(source):
    """What a source raises, but for errors that are passed on."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc
            yield ast.unparse(error.func if isinstance(error, ast.Call) else error)


def test_the_scan_finds_what_is_raised():
    source = "try:\n    raise a.B('x') from None\nexcept E:\n    raise\nraise c"

    assert list(raised(source)) == ["c", "a.B"]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_errors_are_worded_in_one_form(path):
    reasons = RAISES.get(path.relative_to(PACKAGE).as_posix(), {})

    assert set(raised(path.read_text())) == reasons.keys()


def test_no_docstring_paragraph_stands_twice():
    seen = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                continue
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                # Argument lists repeat by their nature; prose of 3 lines does not.
                if paragraph.count("\n") < 2 or paragraph.startswith(
                    ("Args:", "Raises:", "Returns:", "Reference:", "```")
                ):
                    continue
                where = f"{path.relative_to(PACKAGE)}: {getattr(node, 'name', '')}"
                assert paragraph not in seen, f"{where} repeats {seen[paragraph]}"
                seen[paragraph] = where


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_name_hides_a_module(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    if parts[-1] in ("__init__", "__main__"):
        return
    parent = importlib.import_module(".".join(parts[:-1]))
    importlib.import_module(".".join(parts))

    assert isinstance(getattr(parent, parts[-1]), types.ModuleType)


def defined(path):
    """Names of the functions and classes that a file defines.

    But for dataclasses, which reports hand out.
    """
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not any("dataclass" in text for text in decorators):
                yield node.name


def words(path):
    return set(re.findall(r"\w+", path.read_text()))


WORDS = {path: words(path) for path in FILES}
ELSEWHERE = set().union(
    *map(words, (PACKAGE.parent / "tests").rglob("*.py")),
    *map(words, (PACKAGE.parent / "examples").rglob("*.py")),
)
PUBLIC = {
    name
    for module in (keras_inits, keras_inits.draws, keras_inits.recipes)
    for name in module.__all__
}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_what_one_file_alone_uses_begins_with_an_underscore(path):
    others = (WORDS[other] for other in FILES if other != path)
    used = PUBLIC.union(ELSEWHERE, *others)

    assert {name for name in defined(path) if name[0] != "_"} <= used


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_what_begins_with_an_underscore_is_used_in_its_own_file_alone(path):
    tree = ast.parse(path.read_text())
    modules = {file.stem for file in FILES} | {file.parent.name for file in FILES}
    taken = {name for module, names in imports(path) for name in names}
    taken |= {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in modules & taken
    }

    assert not {name for name in taken if re.match("_(?!_)", name)} - modules


def initializer_classes():
    return [
        value
        for name, value in vars(keras_inits).items()
        if isinstance(value, type) and not name.startswith("_")
    ]


@pytest.mark.parametrize("cls", initializer_classes(), ids=lambda cls: cls.__name__)
def test_every_initializer_states_its_source(cls):
    if cls in (keras_inits.Initializer, keras_inits.RandomInitializer):
        return
    lines = [line.strip() for line in (cls.__doc__ or "").splitlines()]

    assert "Reference:" in lines
    arguments = "__init__" in vars(cls)
    assert not arguments or "Args:" in lines
    assert not arguments or "Raises:" in lines
