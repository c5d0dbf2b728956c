"""Callers for each client of the cast."""

import pytest

from tests.api.callers import Caller
from tests.serving import environment_of_server


@pytest.fixture
def server_environment(committed, monkeypatch):
    """The environment of a served portal (tests/serving.py), on this test's own database."""
    for name, value in environment_of_server().items():
        monkeypatch.setenv(name, value)
