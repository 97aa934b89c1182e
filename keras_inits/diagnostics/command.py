"""`keras-inits diagnose`: what a model's weights do to a signal, on one batch.

The exit status is 0 for a healthy model and 1 for one with a problem.
"""

import rich.console

from keras_inits import _checks, _errors
from keras_inits.diagnostics import archive, inputs, plots
from keras_inits.diagnostics.diagnosis import diagnose
from keras_inits.targets import resolve_target


def run(args):
    """Diagnoses, prints the table, writes the files."""
    samples = _checks.check_integer("--samples", args.samples, 1)
    for option, path in (("--plot", args.plot), ("--json", args.json)):
        if path:
            inputs.path_to_write(option, path)
    if args.plot:
        _refuse_early(args.plot)
    x, y = archive.front(args.data, samples)
    build = resolve_target(args.target)
    report = diagnose(build(), x, y, args.loss)
    rich.console.Console(soft_wrap=True).print(report)
    if args.json:
        report.to_json(args.json)
    if args.plot:
        report.plot(args.plot)
    return 1 if any(layer.problems for layer in report.layers) else 0


def _refuse_early(path):
    """Refuses a picture that cannot be drawn before anything is computed."""
    try:
        plots.prepare(path, "light")
    except ImportError as error:
        _errors.raise_error(str(error))
