"""The workers that every comparison asks."""

import pytest

from tests.cross.workers import Workers


@pytest.fixture(scope="session")
def workers():
    """One process for each backend, alive until the last test."""
    group = Workers()
    yield group
    group.stop()
