"""`keras-inits parity`: does every backend give a model the same weights?"""

import argparse
from collections.abc import Iterator

from keras_inits import _installed
from keras_inits.cli import Integer, add_json, add_target, check_json, check_seed

HELP = "whether every backend gives a model the same weights"
DESCRIPTION = """Builds a model on each backend, in a process of its own and from one
seed, and compares the weights. The exit status is 1 if any differs."""
WORDS = {"`model`": "`TARGET`"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the backends and how to build."""
    add_target(parser)
    parser.add_argument(
        "--backends",
        nargs="+",
        metavar="BACKEND",
        help="the backends, the first to compare with: "
        f"{', '.join(_installed.BACKENDS)}",
    )
    parser.add_argument("--seed", action=Integer, default=0, help="0 by default")
    parser.add_argument(
        "--enable",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether Keras' initializer names stand for those of keras_inits",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Builds, prints a row for each backend and says whether they agree."""
    import rich.console

    from keras_inits import _backend, _checks, _errors, _tables, parity
    from keras_inits.named_models import resolve_target

    check_json(arguments)
    # By default those that are looked for, and the one that runs now.
    found = dict.fromkeys([*_installed.BACKENDS, _backend.name()])
    named = arguments.backends or found
    for backend in named:
        if _installed.missing(backend) == backend:  # nothing has that name here
            _checks.check_choice("--backends", backend, _installed.BACKENDS)
    check_seed(arguments.seed)
    missing = {backend: _installed.missing(backend) for backend in named}
    backends = [backend for backend, lacks in missing.items() if lacks is None]
    if not backends:
        rule = "a list with a backend that is installed here"
        _errors.raise_bad_value("--backends", rule, " ".join(missing))
    if ":" not in arguments.target:  # a name costs no import of the user's code here
        resolve_target(arguments.target)
    console = rich.console.Console(stderr=True, highlight=False)
    built: list[parity.Built] = []
    with console.status("") as status:
        rows = parity.build_everywhere(
            arguments.target, backends, seed=arguments.seed, enable=arguments.enable
        )
        for backend in backends:
            status.update(f"{arguments.target} on {backend}")
            built.append(next(rows))
        rows.close()
    report = parity.ParityReport(
        arguments.target,
        arguments.seed,
        arguments.enable,
        built,
        list(_left_out(missing)),
    )
    _tables.show(report)
    if arguments.json:
        report.to_json(arguments.json)
    return int(bool(report.differing))


def _left_out(missing: dict[str, str | None]) -> Iterator[str]:
    """A sentence on each backend that is not here."""
    for backend, lacks in missing.items():
        if lacks is not None:
            what = backend if lacks == backend else f"{backend} needs {lacks}, which"
            yield f"{what} is not installed here, so it was left out."
