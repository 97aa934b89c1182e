"""`keras-inits plan`: what a recipe or rules would do to a model."""

import inspect
import json
import math
import pathlib

import rich.console

from keras_inits import _checks, targets
from keras_inits.model import recipes
from keras_inits.model.initialize import initialize

OWNER = "keras-inits plan"
WIDTH = 160  # of a table that does not go to a terminal


def add_parser(subparsers):
    """Adds the command to an argparse parser's subparsers."""
    parser = subparsers.add_parser(
        "plan",
        help="show what a recipe or rules would set in a model",
        description=(
            "Builds a model and prints what `initialize` would set, weight by weight."
        ),
    )
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that builds the model, or a name in keras.applications",
    )
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help=f"one of {', '.join(recipes.__all__)}; with arguments as NAME:key=number",
    )
    parser.add_argument(
        "--rules",
        metavar="FILE",
        type=pathlib.Path,
        help="JSON object of rules, which come before the recipe's",
    )
    parser.add_argument("--seed", type=int, default=None, help="an integer")
    parser.set_defaults(run=run)
    return parser


def _recipe(text):
    """The rules of a recipe given as `name` or `name:key=number,key=number`."""
    name, _, given = text.partition(":")
    _checks.choice(OWNER, "--recipe", name, recipes.__all__)
    function = getattr(recipes, name)
    arguments = {}
    for pair in filter(None, given.split(",")):
        key, _, value = pair.partition("=")
        try:
            arguments[key] = int(value)
        except ValueError:
            _checks.fail(OWNER, "--recipe", "NAME or NAME:key=integer,...", text)
    parameters = {
        key: parameter
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY
    }
    required = [key for key, p in parameters.items() if p.default is p.empty]
    for key in (*arguments, *required):
        if key not in parameters or key not in arguments:
            wanted = ", ".join(f"{key}=..." for key in parameters)
            _checks.fail(OWNER, "--recipe", f"given as {name}:{wanted}", text)
    return function(**arguments)


def _rules(path):
    """The pairs of a JSON object of rules."""
    rule = "a file that holds a JSON object"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _checks.fail(OWNER, "--rules", rule, str(path), f"{error}.")
    if not isinstance(found, dict):
        _checks.fail(OWNER, "--rules", rule, str(path))
    return list(found.items())


def run(args):
    """Runs the command.

    Args:
        args: Arguments as `add_parser` parses them.

    Returns:
        The exit status: 0, or 2 with the error's sentence on standard error.
    """
    try:
        rules = _rules(args.rules) if args.rules else []
        if args.recipe:
            rules += _recipe(args.recipe)
        if not rules:
            rule = "given, or --rules, or both"
            _checks.fail(OWNER, "--recipe", rule, args.recipe)
        model = targets.resolve_target(args.target, owner=OWNER)()
        report = initialize(model, rules, seed=args.seed, dry_run=True)
    except ValueError as error:
        rich.console.Console(stderr=True, soft_wrap=True).print(
            str(error), style="red", markup=False, highlight=False
        )
        return 2
    console = rich.console.Console()
    if not console.is_terminal:
        console = rich.console.Console(width=WIDTH)
    console.print(report)
    entries = sum(math.prod(row.shape) for row in report.drawn)
    console.print(f"{len(report.drawn)} weights, {entries:,} entries.")
    return 0
