"""Every argument of every public callable, given what no one means, on every backend.

All of `tests.refusals` each time; `test_hostile` draws from more values at random.
"""

import pytest

from tests import hostile, refusals


def assert_none_is_internal(found):
    assert len(found) > 12_000
    internal = {call: end for call, end in found.items() if refusals.INTERNAL in end}
    assert not internal


@pytest.mark.long
def test_no_call_ends_in_an_internal_error():
    assert_none_is_internal(refusals.outcomes())


@pytest.mark.cross
def test_a_call_ends_alike_on_every_backend_and_in_no_internal_error(workers):
    """Apart from what the docstrings announce of a backend without gradients."""
    answers = workers.ask("refused")
    for found in answers.values():
        assert_none_is_internal(found)

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
