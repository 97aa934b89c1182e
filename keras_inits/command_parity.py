"""`keras-inits parity`: does every backend give a model the same weights?"""

import argparse

import rich.box
import rich.console
import rich.table

from keras_inits import _backend, _checks, parity
from keras_inits.targets import resolve_target

OWNER = "keras-inits parity"
FULL_WIDTH = 104  # columns at which whole fingerprints fit


def add_parser(subparsers):
    """Adds the arguments of `parity`."""
    parser = subparsers.add_parser(
        "parity",
        help="whether every backend gives a model the same weights",
        description="Builds a model on each backend, in a process of its own and "
        "from one seed, and compares the weights. The exit status is 1 if any "
        "differs.",
    )
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that returns a Keras model, or a name in "
        "keras.applications, such as ResNet50",
    )
    parser.add_argument(
        "--backends",
        nargs="+",
        metavar="BACKEND",
        default=list(_backend.BACKENDS),
        help=f"the backends, the first to compare with: {', '.join(_backend.BACKENDS)}",
    )
    parser.add_argument("--seed", type=int, default=0, help="0 by default")
    parser.add_argument(
        "--enable",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether Keras' initializer names stand for those of keras_inits",
    )


def run(args):
    """Builds, prints a row for each backend and says whether they agree."""
    for backend in args.backends:
        _checks.choice(OWNER, "--backends", backend, _backend.BACKENDS)
    asked = list(dict.fromkeys(args.backends))
    backends = [backend for backend in asked if _backend.installed(backend)]
    if not backends:
        rule = "a list with a backend that is installed here"
        _checks.fail(OWNER, "--backends", rule, " ".join(asked))
    if ":" not in args.target:  # a name costs no import of the user's code here
        resolve_target(args.target, owner=OWNER)
    console = rich.console.Console(highlight=False, markup=False)
    waiting = rich.console.Console(stderr=True, highlight=False)
    built: list[parity.Built] = []
    with waiting.status("") as status:
        rows = parity.build_everywhere(
            args.target, backends, seed=args.seed, enable=args.enable, owner=OWNER
        )
        for backend in backends:
            status.update(f"{args.target} on {backend}")
            built.append(next(rows))
        rows.close()
    console.print(_table(built, console.width >= FULL_WIDTH))
    for backend in asked:
        if backend not in backends:
            console.print(f"{backend} is not installed here, so it was left out.")
    for sentence in _verdict(args, built):
        console.print(sentence, soft_wrap=True)
    return int(len({row.fingerprint for row in built}) > 1)


def _table(built, full):
    """A row for each backend, with the `full` fingerprint or its beginning."""
    table = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Backend")
    table.add_column("Fingerprint", no_wrap=True)
    table.add_column("Build", justify="right", no_wrap=True)
    table.add_column("Largest difference", justify="right")
    for row in built:
        difference = "none"
        if row.fingerprint != built[0].fingerprint:
            difference = "other weights"
            if row.difference is not None:
                difference = f"{row.difference:.3g}"
        shown = row.fingerprint if full else f"{row.fingerprint[:16]}..."
        table.add_row(row.backend, shown, f"{row.seconds:.2f} s", difference)
    return table


def _verdict(args, built):
    """Sentences on all rows together."""
    first = built[0]
    yield (
        f"{args.target} with seed {args.seed} has {first.weights:,} weights of "
        f"{first.values:,} values."
    )
    differing = [r.backend for r in built if r.fingerprint != first.fingerprint]
    if differing:
        yield f"Not the weights of {first.backend}: {', '.join(differing)}."
        return
    if len(built) == 1:
        yield f"Only {first.backend} built it, so nothing was compared."
    else:
        yield f"The same bits on {len(built)} backends."
    yield f"Fingerprint: {first.fingerprint}"
