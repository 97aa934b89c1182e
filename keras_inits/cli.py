"""The command line `keras-inits`.

Each subcommand is a module with two functions: `add_parser(subparsers)` states
its arguments, `run(args)` does the work and returns the exit status. A mistake
in what the user typed is a `ValueError`, shown here as one sentence.

To add one: such a module, and its name in `COMMANDS`.
"""

import argparse
import importlib
import sys

import keras_inits

COMMANDS = (
    "keras_inits.command_list",
    "keras_inits.command_show",
    "keras_inits.command_parity",
    "keras_inits.model.command",
    "keras_inits.diagnostics.command",
)
MISTAKE = 2


class Parser(argparse.ArgumentParser):
    """A parser that refuses with one sentence and leaves the usage to --help."""

    def error(self, message):
        """Writes the sentence and ends with the status of a user's mistake."""
        self.exit(MISTAKE, f"{self.prog}: {message}\n")


def parser():
    """The parser with every subcommand's arguments."""
    whole = Parser(
        prog="keras-inits",
        description="Weight initializers for Keras with the same bits on every "
        "backend. KERAS_BACKEND chooses the backend that a command runs on.",
    )
    whole.add_argument(
        "--version", action="version", version=f"keras-inits {keras_inits.__version__}"
    )
    subparsers = whole.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        command = importlib.import_module(name)
        before = set(subparsers.choices)
        command.add_parser(subparsers)
        for added in set(subparsers.choices) - before:
            subparsers.choices[added].set_defaults(run=command.run)
    return whole


def main(argv=None):
    """Runs one command.

    Args:
        argv: List of its arguments, those of the process by default.

    Returns:
        The exit status: 0 for success, 1 where the answer is no (weights that
        differ, say), 2 for a mistake in the arguments.
    """
    args = parser().parse_args(argv)
    try:
        return args.run(args)
    except (ValueError, TypeError, OSError) as error:
        sentence = str(error)
        if not sentence.startswith("keras-inits"):
            sentence = f"keras-inits: {sentence}"
        print(sentence, file=sys.stderr)
        return MISTAKE
