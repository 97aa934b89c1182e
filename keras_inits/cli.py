"""The command line `keras-inits`.

`arguments` has the commands and their options, `_start` what happens before Keras
is imported, and each command's module its `run(args)`, which does the work and
returns the exit status. What a user got wrong is an error, shown here as one
sentence in the words of the command line.
"""

import importlib
import sys

from keras_inits.arguments import MISTAKE, parser, shortened

INTERRUPTED = 130  # as shells report a process that Ctrl-C has ended


def main(argv=None):
    """Runs one command.

    Args:
        argv: List of its arguments, those of the process by default.

    Returns:
        The exit status: 0 for success, 1 where the answer is no (weights that
        differ, say), 2 for a mistake in the arguments, 130 after Ctrl-C.
    """
    args = parser().parse_args(argv)
    try:
        return importlib.import_module(args.module).run(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError as error:
        sentence = f"There is not enough memory. {error}"
    except RecursionError:
        sentence = "Something is nested too deeply."
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        sentence = str(error)
    print(in_words_of(args, sentence), file=sys.stderr)
    return MISTAKE


def in_words_of(args, sentence):
    """A message in the words of the command: its options, not Python's arguments."""
    sentence = shortened(sentence).removeprefix(f"{args.owner}: ")
    for python, option in args.words.items():
        sentence = sentence.replace(python, option)
    if sentence.startswith("keras-inits"):
        return sentence
    return f"keras-inits {args.command}: {sentence}"
