"""Every initializer gives the same bits on every backend."""

import pytest

from tests import cases
from tests.programs.worker import DTYPES
from tests.workers import BACKENDS

pytestmark = pytest.mark.cross


@pytest.fixture(scope="module")
def bits(workers):
    """Digests of each backend, `{backend: {"label shape dtype": digest}}`."""
    return workers.ask("bits")


def test_every_case_was_computed(bits):
    expected = sum(
        len(DTYPES)
        * (sum(cases.takes(label, s) for s in cases.SHAPES) + (label in cases.CASES))
        for label in cases.LABELS
    )

    for backend in BACKENDS:
        assert len(bits[backend]) == expected + 6  # seed generators' calls


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("label", cases.LABELS)
def test_bits_are_equal_on_every_backend(bits, label, dtype):
    keys = [
        key
        for key in bits["numpy"]
        if key.startswith(f"{label} (") and key.endswith(f" {dtype}")
    ]

    assert keys
    for key in keys:
        assert len({bits[backend][key] for backend in BACKENDS}) == 1, key


def test_a_seed_generator_draws_equal_bits_on_every_backend(bits):
    keys = [key for key in bits["numpy"] if "seed generator" in key]
    first = [bits["numpy"][key] for key in keys]

    assert len(set(first)) == len(keys) == 6
    for backend in BACKENDS:
        assert [bits[backend][key] for key in keys] == first


def test_dtypes_and_sizes_have_digests_of_their_own(bits):
    drawn = {
        key: digest
        for key, digest in bits["numpy"].items()
        if key.startswith("RandomNormal (") and "(0" not in key and ", 0, " not in key
    }

    # A scalar and a vector of length 1 are the same bytes in each dtype.
    assert len(set(drawn.values())) == len(drawn) - len(DTYPES)
