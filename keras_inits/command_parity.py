"""`keras-inits parity`: does every backend give a model the same weights?"""

import rich.box
import rich.console
import rich.table

from keras_inits import _backend, _checks, _errors, _installed, parity
from keras_inits.targets import resolve_target

FULL_WIDTH = 104  # columns at which whole fingerprints fit


def run(args):
    """Builds, prints a row for each backend and says whether they agree."""
    # By default those that are looked for, and the one that runs now.
    named = args.backends or dict.fromkeys([*_installed.BACKENDS, _backend.name()])
    for backend in named:
        if _installed.missing(backend) == backend:  # nothing has that name here
            _checks.check_choice("--backends", backend, _installed.BACKENDS)
    if not 0 <= args.seed < 2**32:  # what Keras and NumPy take
        _errors.raise_bad_value("--seed", "from 0 to 4294967295", args.seed)
    missing = {backend: _installed.missing(backend) for backend in named}
    backends = [backend for backend, lacks in missing.items() if lacks is None]
    if not backends:
        rule = "a list with a backend that is installed here"
        _errors.raise_bad_value("--backends", rule, " ".join(missing))
    if ":" not in args.target:  # a name costs no import of the user's code here
        resolve_target(args.target)
    console = rich.console.Console(highlight=False, markup=False)
    waiting = rich.console.Console(stderr=True, highlight=False)
    built: list[parity.Built] = []
    with waiting.status("") as status:
        rows = parity.build_everywhere(
            args.target, backends, seed=args.seed, enable=args.enable
        )
        for backend in backends:
            status.update(f"{args.target} on {backend}")
            built.append(next(rows))
        rows.close()
    console.print(_table(built, console.width >= FULL_WIDTH))
    for backend, lacks in missing.items():
        if lacks is not None:
            what = backend if lacks == backend else f"{backend} needs {lacks}, which"
            console.print(f"{what} is not installed here, so it was left out.")
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
