"""`keras-inits plan`: what a recipe or rules would do to a model."""

import argparse
import inspect
import math
from typing import Any

from keras_inits.cli import Integer, add_json, add_target, check_json

HELP = "what a recipe or rules would set in a model"
DESCRIPTION = """Builds a model and prints what `initialize` would set, weight by
weight."""
WORDS = {
    "initialize: ": "",
    "`model`": "`TARGET`",
    "`rules`": "`--rules`",
    "`seed`": "`--seed`",
    "strict=False": "--no-strict",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, and what to set in it."""
    add_target(parser)
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help="a recipe, such as pytorch, with its arguments as NAME:key=number; an "
        "unknown name is answered with them all",
    )
    parser.add_argument(
        "--rules",
        metavar="FILE",
        help="JSON object of rules, which come before the recipe's",
    )
    parser.add_argument("--seed", action=Integer, default=None, help="an integer")
    parser.add_argument(
        "--strict",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether a rule that chooses no weight is an error",
    )
    parser.add_argument(
        "--rows",
        choices=("all", "changed", "summary"),
        help="every weight, those that are set, or a row for each kind of weight; by "
        "default the summary of a model with more than 30 weights",
    )
    add_json(parser)


def _recipe(text: str) -> list[Any]:
    """The rules of a recipe given as `name` or `name:key=number,key=number`."""
    from keras_inits import _checks, _errors
    from keras_inits.model import recipes

    name, _, given = text.partition(":")
    _checks.check_choice("--recipe", name, recipes.__all__)
    function = getattr(recipes, name)
    arguments = {}
    for pair in filter(None, given.split(",")):
        key, _, value = pair.partition("=")
        try:
            arguments[key] = int(value)
        except ValueError:
            _errors.raise_bad_value("--recipe", "NAME or NAME:key=integer,...", text)
    parameters = {
        key: parameter
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY
    }
    required = [key for key, p in parameters.items() if p.default is p.empty]
    for key in (*arguments, *required):
        if key not in parameters or key not in arguments:
            wanted = ", ".join(f"{key}=..." for key in parameters)
            _errors.raise_bad_value("--recipe", f"given as {name}:{wanted}", text)
    return function(**arguments)


def run(arguments: argparse.Namespace) -> int:
    """Prints the report of a dry run."""
    from keras_inits import _errors, _tables
    from keras_inits.cli import _documents
    from keras_inits.model.initialization import initialize
    from keras_inits.named_models import resolve_target

    check_json(arguments)
    rules: list[Any] = []
    if arguments.rules:
        rule = "a file that holds a JSON object"
        found = _documents.json_file("--rules", arguments.rules, rule)
        rules += found.items()
    if arguments.recipe:
        rules += _recipe(arguments.recipe)
    if not (arguments.rules or arguments.recipe):
        rule = "given, or --rules, or both"
        _errors.raise_bad_value("--recipe", rule, arguments.recipe)
    model = resolve_target(arguments.target)()
    report = initialize(
        model, rules, seed=arguments.seed, dry_run=True, strict=arguments.strict
    )
    entries = sum(math.prod(row.shape) for row in report.drawn)
    table = report.table(arguments.rows)
    _tables.show(table, f"{len(report.drawn)} weights, {entries:,} entries.")
    if arguments.json:
        report.to_json(arguments.json)
    return 0
