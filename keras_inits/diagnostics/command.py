"""`keras-inits diagnose`: what a model's weights do to a signal, on one batch.

The exit status is 0 for a healthy model and 1 for one with a problem.
"""

import pathlib
import zipfile

import numpy as np
import rich.console

from keras_inits import _checks
from keras_inits.diagnostics import plots
from keras_inits.diagnostics.diagnosis import diagnose
from keras_inits.targets import resolve_target

OWNER = "diagnose"
SAMPLES = 128


def add_parser(subparsers):
    """Adds the command's arguments."""
    parser = subparsers.add_parser(
        "diagnose",
        help="show what a model's weights do to a signal, layer by layer",
        description="Runs one batch through a model, forward and, with targets, "
        "backward, and shows each layer's signal and what is wrong with it.",
    )
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that returns a built Keras model, or the name of a "
        "model in keras.applications",
    )
    parser.add_argument(
        "--data",
        metavar="FILE.npz",
        required=True,
        help="NumPy archive with the inputs as 'x' and, for gradients, the targets "
        "as 'y'",
    )
    parser.add_argument(
        "--loss",
        help="name of a Keras loss, if the model is not compiled with one",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=SAMPLES,
        metavar="N",
        help="size of the batch, from the front of the data (default: %(default)s)",
    )
    parser.add_argument(
        "--plot", metavar="OUT", help="draw the report into a .png, .svg or .pdf file"
    )
    parser.add_argument("--json", metavar="OUT", help="write the numbers into a file")


def run(args):
    """Diagnoses, prints the table, writes the files."""
    samples = _checks.whole(OWNER, "--samples", args.samples, 1)
    if args.plot:
        _refuse_early(args.plot)
    x, y = _load(args.data)
    build = resolve_target(args.target, owner=OWNER)
    try:
        report = diagnose(
            build(), x[:samples], None if y is None else y[:samples], args.loss
        )
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    rich.console.Console(soft_wrap=True).print(report)
    if args.json:
        report.to_json(args.json)
    if args.plot:
        report.plot(args.plot)
    return 1 if any(layer.problems for layer in report.layers) else 0


def _refuse_early(path):
    """Refuses a picture that cannot be drawn before anything is computed."""
    try:
        plots.prepare(OWNER, path, "light")
    except ImportError as error:
        raise ValueError(str(error)) from None


def _load(path):
    """The arrays `x` and, if there, `y` of an archive."""
    rule = "a NumPy archive (.npz) with an array 'x'"
    if not pathlib.Path(path).is_file():
        _checks.fail(OWNER, "--data", rule, path, "There is no such file.")
    try:
        archive = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile):
        _checks.fail(OWNER, "--data", rule, path, "It is no such archive.")
    if not isinstance(archive, np.lib.npyio.NpzFile):
        _checks.fail(OWNER, "--data", rule, path, "It holds a single array.")
    with archive:
        if "x" not in archive.files:
            found = ", ".join(archive.files) or "nothing"
            _checks.fail(OWNER, "--data", rule, path, f"It holds {found}.")
        return archive["x"], archive["y"] if "y" in archive.files else None
