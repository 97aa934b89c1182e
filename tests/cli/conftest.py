"""What every test of the command line runs: the function that the program calls."""

import pytest

from keras_inits import cli


@pytest.fixture
def run(capsys):
    """Runs a command and returns its exit status, what it wrote and its errors."""

    def run(*arguments):
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as left:
            status = left.code
        return status, *capsys.readouterr()

    return run
