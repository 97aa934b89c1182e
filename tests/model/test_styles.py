"""Models in the manner of tutorials: one set of weights and addresses everywhere."""

import pytest

from tests.model.styles import MODELS

pytestmark = pytest.mark.cross

BACKENDS = ("tensorflow", "jax", "torch")


@pytest.fixture(scope="module")
def answers(workers, tmp_path_factory):
    """What each backend says of its models."""
    return workers.ask(f"styles {tmp_path_factory.mktemp('styles')}")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_the_same_on_every_backend_and_after_a_round_trip(name, answers):
    built, loaded = answers["torch"][name]["built"]

    assert built["addresses"]
    assert loaded == built
    for backend in BACKENDS:
        assert answers[backend][name]["built"] == [built, built], backend


@pytest.mark.parametrize("name", MODELS)
def test_a_model_and_its_loaded_copy_are_redrawn_alike(name, answers):
    redrawn, _ = answers["torch"][name]["redrawn"]

    assert redrawn["addresses"] == answers["torch"][name]["built"][0]["addresses"]
    assert redrawn != answers["torch"][name]["built"][0]
    for backend in BACKENDS:
        assert answers[backend][name]["redrawn"] == [redrawn, redrawn], backend
