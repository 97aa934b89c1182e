"""Processes that a test starts: one way for all, on another backend or on none.

A process runs this Python, from the root of the repository, where it finds this package
and the tests; its warnings are silent. What a call gives beyond that is part of it:

    output("-c", PROGRAM, backend="torch")           what it printed, if it ended well
    run("-m", "keras_inits", "list", cwd=directory)  its status, output and errors
    answers([start(...), start(...)])                JSON, from processes side by side
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SECONDS = 600  # after which a process that hangs is ended


def start(
    *command,
    program=sys.executable,
    backend=None,
    cwd=ROOT,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    **environment,
):
    """Starts a process.

    Args:
        command: Arguments of the program.
        program: What runs, this Python unless given.
        backend: Backend of Keras, that of the tests unless given.
        cwd: Directory that it starts in.
        stdin: As `subprocess.Popen` takes it, as are `stdout` and `stderr`.
        environment: Variables of its environment; one that is None is taken away.
    """
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **({} if backend is None else {"KERAS_BACKEND": backend}),
        **environment,
    }
    return subprocess.Popen(
        [str(part) for part in (program, *command)],
        cwd=cwd,
        env={name: str(text) for name, text in variables.items() if text is not None},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=True,
    )


def ended(processes, given=None):
    """Status, output and errors of each process; none of them outlives the call."""
    with contextlib.ExitStack() as stack:
        for process in processes:
            stack.callback(process.kill)
        texts = [process.communicate(given, timeout=SECONDS) for process in processes]
    return [(p.returncode, *text) for p, text in zip(processes, texts, strict=True)]


def run(*command, given=None, **options):
    """Status, output and errors of a process that reads the text `given`."""
    (found,) = ended([start(*command, **options)], given)
    return found


def output(*command, **options):
    """What a process printed, if it ended well."""
    status, text, errors = run(*command, **options)
    assert status == 0, (text + errors)[-3000:]
    return text


def answers(processes):
    """What each process printed last, as JSON."""
    found = ended(processes)
    for status, _, errors in found:
        assert status == 0, errors[-3000:]
    return [json.loads(text.strip().splitlines()[-1]) for _, text, _ in found]


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]
