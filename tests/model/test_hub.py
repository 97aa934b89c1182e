"""keras_hub's backbones have the same weights on every backend."""

import pytest

from tests.hub import REASON, keras_hub

if keras_hub is None:
    pytest.skip(REASON, allow_module_level=True)
from tests.hub.backbones import BACKBONES, BACKENDS, NOT_LOADED

pytestmark = pytest.mark.hub

WAYS = ("built under enable", "reinitialize", "recipes.pytorch")


@pytest.fixture(scope="module")
def hub(workers, tmp_path_factory):
    """What each backend says of its backbones."""
    return workers.ask(f"hub {tmp_path_factory.mktemp('hub')}")


def test_most_of_the_backbones_are_there():
    classes = {name.split(",")[0] for name in BACKBONES}

    assert len(classes) > 70


@pytest.mark.parametrize("name", BACKBONES)
def test_weights_are_equal_on_every_backend(hub, name):
    for place, way in enumerate(WAYS):
        found = {backend: hub[backend][name][place] for backend in BACKENDS}
        assert len(set(found.values())) == 1, (way, found)


@pytest.mark.parametrize("name", BACKBONES)
def test_each_way_gives_weights_of_its_own(hub, name):
    assert len(set(hub["jax"][name])) == len(WAYS)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_saved_and_loaded_copy_has_the_same_addresses(hub, name):
    if name in NOT_LOADED:
        pytest.skip(f"keras_hub does not load its own {name}: {NOT_LOADED[name]}")

    assert hub["torch"][name][len(WAYS) :] == [[]]
