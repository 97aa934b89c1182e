"""The examples run as their users run them, and find what they claim.

The one on ResNet50 starts every backend by itself: it is run in
`tests/cli/test_parity_command.py`.
"""

import re

import pytest

from tests.processes import output
from tests.support import needs_gradients

# Of 453 held-out images, a network as good as those of the literature on this
# set, 97% right, gets 3.6 fewer or more right by chance: five times that is 4%.
# Guessing gets 10%.
ACCURACY = 93.0


@needs_gradients
def test_digits_are_learned_from_every_initializer():
    pytest.importorskip("sklearn", reason="the example reads its images from there")
    # One thread: several wait for one another when other tests run too.
    text = output("examples/train_digits.py", OMP_NUM_THREADS="1")

    found = dict(re.findall(r"^(\w+) .*accuracy ([\d.]+)%$", text, re.MULTILINE))
    names = {"kaiming_normal", "xavier_uniform", "dirac", "sparse", "orthogonal"}
    assert set(found) == names
    assert {n: a for n, a in found.items() if float(a) < ACCURACY} == {}
