"""The command line: `keras-inits`, which is also `python -m keras_inits`.

A command is a file of this folder, named as the user types it, with

- `HELP`, what it answers, for the list of commands, and `DESCRIPTION`, the same in
  full, for its own help;
- `WORDS`, a dict from what an error says about Python's arguments to what it says
  about those of the command line;
- `add_arguments(parser)`, which adds its arguments to an `argparse` parser;
- `run(arguments)`, which does the work and returns the exit status.

To add one: its file, its name in `COMMANDS`, its tests in `tests/cli`.

The exit status is 0 for success, 1 where the answer is no (weights that differ, a
layer with a problem), 2 for what the user got wrong, 130 after Ctrl-C, and 141 where
nobody reads on. A command raises what is wrong; `main` alone catches it, and says it in
one sentence on standard error.

Help and mistakes in the arguments come before Keras is imported, see `_start`: a file
of this folder imports what needs Keras in its functions.
"""

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import keras_inits

COMMANDS = ("list", "show", "parity", "plan", "diagnose")  # as help lists them
MISTAKE = 2
INTERRUPTED = 130  # as shells report a process that Ctrl-C has ended
UNREAD = 141  # and one that wrote what nobody reads, as before `| head`
LONGEST = 800  # characters of a sentence on a mistake
DIGITS = 600  # which Python reads at once, whatever its limit is set to


class Parser(argparse.ArgumentParser):
    """A parser that refuses with one sentence and leaves the usage to --help."""

    def error(self, message: str) -> NoReturn:
        """Writes the sentence and ends with the status of a user's mistake."""
        self.exit(MISTAKE, f"{self.prog}: {shortened(message)}\n")


class Integer(argparse.Action):
    """The action of an argument that is an integer, of any size."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Sets the argument, or ends with the sentence on a mistake."""
        try:
            setattr(namespace, self.dest, integer(values))
        except ValueError:
            option = self.option_strings[0]
            parser.error(f"Argument `{option}` must be an integer, got {values!r}.")


def integer(text: str) -> int:
    """The integer that a text holds; Python reads at most 4,300 digits at once.

    >>> integer("-" + "9" * 5000) == 1 - 10**5000
    True
    """
    long = re.fullmatch(rf"\s*([+-]?)([0-9]{{{DIGITS},}})\s*", text)
    if long is None:
        return int(text)
    sign, digits = long.groups()
    found = 0
    for start in range(0, len(digits), DIGITS):
        part = digits[start : start + DIGITS]
        found = found * 10 ** len(part) + int(part)
    return -found if sign == "-" else found


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    whole = Parser(
        prog="keras-inits",
        description="Weight initializers for Keras with the same bits on every "
        "backend. KERAS_BACKEND chooses the backend that a command runs on.",
    )
    whole.add_argument(
        "--version", action="version", version=f"keras-inits {keras_inits.__version__}"
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        command = importlib.import_module(f"{__name__}.{name}")
        command.add_arguments(
            commands.add_parser(
                name, help=command.HELP, description=command.DESCRIPTION
            )
        )
    return whole


def add_target(parser: argparse.ArgumentParser) -> None:
    """Adds the model that a command works on, see `keras_inits.named_models`."""
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="module:function that returns a built Keras model, or the name of a "
        "model in keras.applications, such as ResNet50",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds the file that a command writes its report into as JSON."""
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON")


def check_json(arguments: argparse.Namespace) -> None:
    """Refuses a path that `--json` cannot write to, before any work is done."""
    from keras_inits import _checks

    if arguments.json:
        _checks.check_path("--json", arguments.json)


def check_seed(seed: int) -> None:
    """Refuses what `keras.utils.set_random_seed` does not take."""
    from keras_inits import _errors

    if not 0 <= seed < 2**32:
        _errors.raise_bad_value("--seed", "from 0 to 4294967295", seed)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: List of its arguments, those of the process by default.

    Returns:
        The exit status.
    """
    given = sys.argv[1:] if argv is None else argv
    arguments = parser().parse_args(given)
    command = importlib.import_module(f"{__name__}.{arguments.command}")
    try:
        _check_values(given)
        status = command.run(arguments)
        sys.stdout.flush()  # not at exit, where an error would go unanswered
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python writes the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except MemoryError as error:
        sentence = f"There is not enough memory. {error}"
    except RecursionError:
        sentence = "Something is nested too deeply."
    except (ValueError, TypeError, OSError, ImportError, RuntimeError) as error:
        sentence = str(error)
    sentence = shortened(sentence)
    for python, typed in command.WORDS.items():
        sentence = sentence.replace(python, typed)
    print(f"keras-inits {arguments.command}: {sentence}", file=sys.stderr)
    return MISTAKE


def _check_values(given: Sequence[str]) -> None:
    """Refuses `--option=--`, which Python before 3.13 takes for an empty list."""
    from keras_inits import _errors

    for text in given:
        option, _, value = text.partition("=")
        if option.startswith("--") and value == "--":
            _errors.raise_bad_argument(option, "have a value", "'--'")


def shortened(text: str) -> str:
    """A message on one line, without its middle where it is too long."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
