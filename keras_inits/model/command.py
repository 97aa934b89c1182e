"""`keras-inits plan`: what a recipe or rules would do to a model."""

import inspect
import math

import rich.console

from keras_inits import _checks, _errors, documents, targets
from keras_inits.model import recipes
from keras_inits.model.initialization import initialize

WIDTH = 160  # of a table that does not go to a terminal


def _recipe(text):
    """The rules of a recipe given as `name` or `name:key=number,key=number`."""
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


def run(args):
    """Prints the report of a dry run."""
    rules = []
    if args.rules:
        rule = "a file that holds a JSON object"
        found = documents.json_file("--rules", args.rules, rule)
        rules += found.items()
    if args.recipe:
        rules += _recipe(args.recipe)
    if not (args.rules or args.recipe):
        rule = "given, or --rules, or both"
        _errors.raise_bad_value("--recipe", rule, args.recipe)
    model = targets.resolve_target(args.target)()
    report = initialize(model, rules, seed=args.seed, dry_run=True, strict=args.strict)
    console = rich.console.Console()
    if not console.is_terminal:
        console = rich.console.Console(width=WIDTH)
    console.print(report)
    entries = sum(math.prod(row.shape) for row in report.drawn)
    console.print(f"{len(report.drawn)} weights, {entries:,} entries.")
    return 0
