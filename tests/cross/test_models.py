"""Whole models have the same weights, and so the same first loss, everywhere."""

import pytest

from tests.cross.worker import MODELS, TRAINED
from tests.cross.workers import BACKENDS


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


@pytest.mark.parametrize("name", TRAINED)
def test_the_first_training_loss_is_equal_on_every_backend(models, name):
    expected = models["numpy"]["losses"][name]

    assert 0.5 < expected < 5.0  # about log 5 before training
    for backend in BACKENDS:
        assert models[backend]["losses"][name] == pytest.approx(expected, abs=1e-4)


def test_another_seed_gives_another_fingerprint(models):
    for backend in BACKENDS:
        other = models[backend]["other seed"]
        assert other != models[backend]["fingerprints"]["lstm"]
