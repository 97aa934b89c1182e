"""What the command line takes: its commands, their options, and the help.

Nothing here needs Keras, so help and mistakes do not either. A command's work is
the function `run(args)` of the module that its parser names; an error's words for
Python's arguments become those of the command line by `words`.

To add a command: a function here that adds its parser, called in `parser`, and a
module with its `run`.
"""

import argparse

import keras_inits
from keras_inits._installed import BACKENDS

MISTAKE = 2  # the exit status
LONGEST = 800  # letters of a sentence on a mistake
SAMPLES = 128


def shortened(text):
    """A message on one line, without its middle where it is too long."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


class Parser(argparse.ArgumentParser):
    """A parser that refuses with one sentence and leaves the usage to --help."""

    def error(self, message):
        """Writes the sentence and ends with the status of a user's mistake."""
        self.exit(MISTAKE, f"{self.prog}: {shortened(message)}\n")


def parser():
    """The parser with every command's arguments."""
    whole = Parser(
        prog="keras-inits",
        description="Weight initializers for Keras with the same bits on every "
        "backend. KERAS_BACKEND chooses the backend that a command runs on.",
    )
    whole.add_argument(
        "--version", action="version", version=f"keras-inits {keras_inits.__version__}"
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_list, _add_show, _add_parity, _add_plan, _add_diagnose):
        add(commands)
    return whole


def _add_list(commands):
    command = commands.add_parser(
        "list",
        help="every initializer with its formula and source",
        description="Shows each initializer's names, what it computes and where it "
        "comes from. Any of the names works in `kernel_initializer=`.",
    )
    command.set_defaults(module="keras_inits.command_list", owner="list", words={})


def _add_show(commands):
    command = commands.add_parser(
        "show",
        help="what one initializer does to a weight of a shape",
        description="Draws a weight and shows its fans, its expected and its drawn "
        "deviation, its range and a histogram.",
    )
    command.set_defaults(
        module="keras_inits.command_show",
        owner="show",
        words={
            "`identifier`": "`NAME`",
            "`shape`": "`--shape`",
            "`dtype`": "`--dtype`",
            "`nonlinearity`": "`--activation`",
            "keras_inits.names() lists": "`keras-inits list` shows",
        },
    )
    command.add_argument("name", metavar="NAME", help="see `keras-inits list`")
    command.add_argument(
        "--shape", required=True, help="the weight's shape, such as 3,3,64,128"
    )
    command.add_argument(
        "--activation", help="name of the activation that follows, such as relu"
    )
    command.add_argument("--dtype", help="dtype of the weight, float32 by default")
    command.add_argument("--seed", type=int, default=0, help="0 by default")
    command.add_argument(
        "--config",
        metavar="JSON",
        default="{}",
        help="""the initializer's arguments, such as '{"sparsity": 0.5}'""",
    )


def _add_parity(commands):
    command = commands.add_parser(
        "parity",
        help="whether every backend gives a model the same weights",
        description="Builds a model on each backend, in a process of its own and "
        "from one seed, and compares the weights. The exit status is 1 if any "
        "differs.",
    )
    command.set_defaults(
        module="keras_inits.command_parity",
        owner="parity",
        words={"`model`": "`TARGET`"},
    )
    command.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that returns a Keras model, or a name in "
        "keras.applications, such as ResNet50",
    )
    command.add_argument(
        "--backends",
        nargs="+",
        metavar="BACKEND",
        help=f"the backends, the first to compare with: {', '.join(BACKENDS)}",
    )
    command.add_argument("--seed", type=int, default=0, help="0 by default")
    command.add_argument(
        "--enable",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether Keras' initializer names stand for those of keras_inits",
    )


def _add_plan(commands):
    command = commands.add_parser(
        "plan",
        help="what a recipe or rules would set in a model",
        description="Builds a model and prints what `initialize` would set, weight "
        "by weight.",
    )
    command.set_defaults(
        module="keras_inits.model.command",
        owner="initialize",
        words={
            "`model`": "`TARGET`",
            "`rules`": "`--rules`",
            "`seed`": "`--seed`",
            "strict=False": "--no-strict",
        },
    )
    command.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that builds the model, or a name in keras.applications",
    )
    command.add_argument(
        "--recipe",
        metavar="NAME",
        help="a recipe, such as pytorch, with its arguments as NAME:key=number; an "
        "unknown name is answered with them all",
    )
    command.add_argument(
        "--rules",
        metavar="FILE",
        help="JSON object of rules, which come before the recipe's",
    )
    command.add_argument("--seed", type=int, default=None, help="an integer")
    command.add_argument(
        "--strict",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether a rule that chooses no weight is an error",
    )


def _add_diagnose(commands):
    command = commands.add_parser(
        "diagnose",
        help="what a model's weights do to a signal, layer by layer",
        description="Runs one batch through a model, forward and, with targets, "
        "backward, and shows each layer's signal and what is wrong with it. The exit "
        "status is 1 if a layer has a problem.",
    )
    command.set_defaults(
        module="keras_inits.diagnostics.command",
        owner="diagnose",
        words={
            "Argument `x`": "Array `x` of `--data`",
            "Argument `y`": "Array `y` of `--data`",
            "`model`": "`TARGET`",
            "`loss`": "`--loss`",
            "loss='sparse": "--loss 'sparse",
            "`path`": "`--plot`",
        },
    )
    command.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that returns a built Keras model, or the name of a "
        "model in keras.applications",
    )
    command.add_argument(
        "--data",
        metavar="FILE.npz",
        required=True,
        help="NumPy archive with the inputs as 'x' and, for gradients, the targets "
        "as 'y'",
    )
    command.add_argument(
        "--loss",
        help="name of a Keras loss, if the model is not compiled with one",
    )
    command.add_argument(
        "--samples",
        type=int,
        default=SAMPLES,
        metavar="N",
        help="size of the batch, from the front of the data (default: %(default)s)",
    )
    command.add_argument(
        "--plot", metavar="OUT", help="draw the report into a .png, .svg or .pdf file"
    )
    command.add_argument("--json", metavar="OUT", help="write the numbers into a file")
