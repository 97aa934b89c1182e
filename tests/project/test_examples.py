"""The examples run as their users run them, and find what they claim.

The one on ResNet50 starts every backend by itself: it is run in
`tests/cli/test_parity_command.py`.
"""

import os
import re
import subprocess
import sys

import pytest

from tests.processes import ROOT
from tests.support import needs_gradients

# Of 453 held-out images, a network as good as those of the literature on this
# set, 97% right, gets 3.6 fewer or more right by chance: five times that is 4%.
# Guessing gets 10%.
ACCURACY = 93.0


@needs_gradients
def test_digits_are_learned_from_every_initializer():
    pytest.importorskip("sklearn", reason="the example reads its images from there")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "train_digits.py")],
        # One thread: several wait for one another when other tests run too.
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^(\w+) .*accuracy ([\d.]+)%$", done.stdout, re.MULTILINE))
    names = {"kaiming_normal", "xavier_uniform", "dirac", "sparse", "orthogonal"}
    assert set(found) == names
    assert {n: a for n, a in found.items() if float(a) < ACCURACY} == {}
