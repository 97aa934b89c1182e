"""What the command line does before Keras is imported.

Keras takes its backend once, while it is imported, and no file of a package runs
before the package's `__init__`, which imports Keras. So that imports this file first:
where the process is `keras-inits` or `python -m keras_inits`, the arguments are parsed
(help, the version and mistakes end there), and Keras gets a backend that is installed.
In every other process nothing happens.
"""

import json
import os
import pathlib
import re
import sys
import tempfile

from keras_inits._installed import BACKENDS, missing
from keras_inits.cli import parser

VARIABLE = "KERAS_BACKEND"
DEFAULT = "tensorflow"  # Keras' own, where nothing is configured
PROGRAM = re.compile(r"keras-inits(\.exe|-script\.pyw?)?")  # as installers name it


def is_command_line(argv: list[str], original: list[str]) -> bool:
    """Whether a process was started as `keras-inits` or `python -m keras_inits`.

    Args:
        argv: Its `sys.argv`. While Python looks for the module that `-m` names,
            the first entry is `-m` itself.
        original: Its `sys.orig_argv`, which keeps that module's name.
    """
    if argv[:1] == ["-m"]:
        return original[-len(argv) :][0] in ("keras_inits", "-mkeras_inits")
    return bool(argv and PROGRAM.fullmatch(pathlib.Path(argv[0]).name))


def configured() -> str:
    """The backend that Keras takes where `KERAS_BACKEND` is not set."""
    home = os.environ.get("KERAS_HOME")
    if home is None:
        home = os.path.expanduser("~")
        home = home if os.access(home, os.W_OK) else tempfile.gettempdir()
        home = os.path.join(home, ".keras")
    path = pathlib.Path(os.path.expanduser(home), "keras.json")
    try:
        return json.loads(path.read_text())["backend"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return DEFAULT


def choose_backend() -> str | None:
    """Sees to it that Keras has a backend.

    What `KERAS_BACKEND` or Keras' configuration names is taken where it is
    installed. Where only the configuration names one, and it is not, the first
    one that is installed is taken, and a sentence on standard error says so.

    Returns:
        A sentence on what is missing, or None.
    """
    chosen = os.environ.get(VARIABLE)
    here = [backend for backend in BACKENDS if missing(backend) is None]
    if not here and not (chosen and missing(chosen) is None):
        return (
            "Keras needs a backend, and none is installed. Run `pip install jax`, "
            "torch or tensorflow."
        )
    wanted = chosen or configured()
    lacks = missing(wanted) if wanted in BACKENDS else None
    if lacks is None:
        return None
    if chosen:
        needs = "which" if lacks == wanted else f"which needs {lacks}, which"
        return (
            f"{VARIABLE} is {wanted!r}, {needs} is not installed here. Set it to "
            f"{' or '.join(here)}."
        )
    os.environ[VARIABLE] = here[0]
    print(
        f"keras-inits: Keras' backend {wanted!r} is not installed, so this runs on "
        f"{here[0]}; {VARIABLE} chooses another.",
        file=sys.stderr,
    )
    return None


def prepare(arguments: list[str]) -> None:
    """Does what comes before Keras, and imports it.

    Args:
        arguments: Those of the command line.

    Raises:
        SystemExit: After help, and with a sentence if an argument is wrong or
            Keras cannot be imported.
    """
    whole = parser()
    whole.parse_args(arguments)
    mistake = choose_backend()
    if mistake is None:
        try:
            import keras  # noqa: F401
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0]
            mistake = (
                f"Keras cannot run on {os.environ.get(VARIABLE) or configured()!r}: "
                f"{type(error).__name__}: {reason}"
            )
    if mistake is not None:
        whole.error(mistake)


if is_command_line(sys.argv, sys.orig_argv):
    prepare(sys.argv[1:])
