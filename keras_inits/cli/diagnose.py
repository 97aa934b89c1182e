"""`keras-inits diagnose`: what a model's weights do to a signal, on one batch.

The exit status is 0 for a healthy model and 1 for one that is not.
"""

import argparse

from keras_inits.cli import Integer, add_json, add_target, check_json, check_seed

HELP = "what a model's weights do to a signal, layer by layer"
DESCRIPTION = """Runs one batch through a model, forward and, with targets, backward,
and shows each layer's signal, what is wrong with it, and code that mends it. The exit
status is 1 if the model is not healthy: if something keeps it from training."""
WORDS = {
    "diagnose: ": "",
    "Argument `x`": "Array `x` of `--data`",
    "Argument `y`": "Array `y` of `--data`",
    "`model`": "`TARGET`",
    "`loss`": "`--loss`",
    "loss='sparse": "--loss 'sparse",
    "`path`": "`--plot`",
}

SAMPLES = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the batch, and where results go."""
    add_target(parser)
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
        action=Integer,
        default=SAMPLES,
        metavar="N",
        help="size of the batch, from the front of the data (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        action=Integer,
        help="an integer for keras.utils.set_random_seed before the model is built, so "
        "that weights without a seed of their own are the same in every run",
    )
    parser.add_argument(
        "--plot", metavar="OUT", help="draw the report into a .png, .svg or .pdf file"
    )
    parser.add_argument(
        "--same-scale",
        action="store_true",
        help="draw all histograms of --plot on one axis",
    )
    parser.add_argument(
        "--html",
        metavar="OUT",
        help="write a page with the table, the pictures and what each problem means",
    )
    parser.add_argument(
        "--rows",
        choices=("all", "troubled", "summary"),
        help="every layer, those with a problem, or a choice of 30; by default the "
        "choice of a model with more",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Diagnoses, prints the table, writes the files."""
    import keras

    from keras_inits import _checks, _tables
    from keras_inits.cli import _archive
    from keras_inits.diagnostics import plots
    from keras_inits.diagnostics.diagnosis import diagnose
    from keras_inits.named_models import resolve_target

    samples = _checks.check_integer("--samples", arguments.samples, 1)
    check_json(arguments)
    if arguments.seed is not None:
        check_seed(arguments.seed)
    if arguments.html:
        _checks.check_path("--html", arguments.html)
    if arguments.plot:
        _checks.check_path("--plot", arguments.plot)
        plots.prepare(arguments.plot, "light")  # refused before anything is computed
    x, y = _archive.front(arguments.data, samples)
    build = resolve_target(arguments.target)
    if arguments.seed is not None:
        keras.utils.set_random_seed(arguments.seed)
    report = diagnose(build(), x, y, arguments.loss)
    _tables.show(report.table(arguments.rows))
    if arguments.json:
        report.to_json(arguments.json)
    if arguments.html:
        report.to_html(arguments.html)
    if arguments.plot:
        report.plot(arguments.plot, same_scale=arguments.same_scale)
    return int(not report.healthy)
