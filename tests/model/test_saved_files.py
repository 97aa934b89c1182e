"""A `.keras` file saved on one backend loads on the others."""

import numpy as np
import pytest

from tests.workers import BACKENDS

pytestmark = pytest.mark.cross


@pytest.fixture(scope="module")
def files(workers, tmp_path_factory):
    """What was saved by each backend, and what each then loaded."""
    directory = tmp_path_factory.mktemp("files")
    saved = workers.ask(f"save {directory}")
    return saved, workers.ask(f"load {directory}")


@pytest.mark.parametrize("loaded_on", BACKENDS)
@pytest.mark.parametrize("saved_on", BACKENDS)
def test_a_file_loads_with_equal_weights_and_configs(files, saved_on, loaded_on):
    saved, loaded = files[0][saved_on], files[1][loaded_on][saved_on]

    assert loaded["fingerprint"] == saved["fingerprint"]
    assert loaded["configs"] == saved["configs"]


@pytest.mark.parametrize("loaded_on", BACKENDS)
def test_a_loaded_model_computes_what_the_saved_one_did(files, loaded_on):
    # Sums of at most 24 float32 products of numbers near 1, nine layers deep.
    tolerance = 9 * 24 * 2.0**-23
    expected = np.array(files[0]["numpy"]["outputs"])
    scale = max(1.0, np.abs(expected).max())

    found = np.array(files[1][loaded_on]["jax"]["outputs"])
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def test_every_backend_saved_the_same_model(files):
    assert len({files[0][backend]["fingerprint"] for backend in BACKENDS}) == 1
    configs = [files[0][backend]["configs"] for backend in BACKENDS]
    assert all(config == configs[0] for config in configs)
