"""Whole models have the same weights, and so the same first loss, everywhere."""

import math

import pytest

from tests.programs.worker import MODELS, TRAINED
from tests.support import ROUNDING, SIGMAS
from tests.workers import BACKENDS

pytestmark = pytest.mark.cross


@pytest.fixture(scope="module")
def models(workers):
    """What each backend says of its models."""
    return workers.ask("models")


@pytest.mark.parametrize("name", MODELS)
def test_fingerprints_are_equal_on_every_backend(models, name):
    found = {backend: models[backend]["fingerprints"][name] for backend in BACKENDS}

    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("name", MODELS)
def test_addresses_are_equal_on_every_backend(models, name):
    expected = models["numpy"]["addresses"][name]

    assert len(set(expected)) == len(expected) > 0
    for backend in BACKENDS:
        assert models[backend]["addresses"][name] == expected


def test_owners_and_addresses_are_equal_on_every_backend(workers):
    structures = workers.ask("structures")
    expected = structures["numpy"]

    assert all(expected.values())
    for backend in BACKENDS:
        assert structures[backend] == expected, backend


# Errors of logits, whose slopes the loss has, after at most 24 stages (an LSTM's steps)
# of sums of at most 48 products that together are below 6: each rounds as in
# `tests.diagnostics.networks.product`, and errors of independent stages add in square.
# No stage is steeper than the identity, but two of gelu by an eighth: normalizations
# divide by more than 1, for embeddings are N(0, 1).
STAGES, TERMS, TOTAL = 24, 48, 6.0 * (9 / 8) ** 2
LOSS_TOLERANCE = SIGMAS * math.sqrt(STAGES * 2 * TERMS) * TOTAL * ROUNDING


@pytest.mark.parametrize("name", TRAINED)
def test_the_first_training_loss_is_equal_on_every_backend(models, name):
    expected = models["numpy"]["losses"][name]

    assert 0.5 < expected < 5.0  # about log 5 before training
    for backend in BACKENDS:
        found = models[backend]["losses"][name]
        assert found == pytest.approx(expected, rel=0, abs=LOSS_TOLERANCE)


def test_another_seed_gives_another_fingerprint(models):
    for backend in BACKENDS:
        other = models[backend]["other seed"]
        assert other != models[backend]["fingerprints"]["lstm"]
