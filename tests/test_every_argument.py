"""Every argument of every public callable, given what no one means, on every backend.

All of `tests.refusals` each time; `test_hostile` draws from more values at random.
"""

import pytest

from tests import hostile, refusals


def test_no_call_ends_in_an_internal_error():
    found = refusals.outcomes()

    assert len(found) > 12_000
    internal = {call: end for call, end in found.items() if refusals.INTERNAL in end}
    assert not internal


@pytest.mark.cross
def test_a_call_ends_alike_on_every_backend(workers):
    """Apart from what the docstrings announce of a backend without gradients."""
    answers = workers.ask("refused")

    calls = answers["torch"]
    differing = {}
    for call in list(calls):
        ends = {backend: found.pop(call) for backend, found in answers.items()}
        if hostile.NEEDS.match(ends["numpy"]):
            del ends["numpy"]
        if len(set(ends.values())) > 1:
            differing[call] = ends
    assert not differing
    assert not any(answers.values())  # calls of some backends alone
