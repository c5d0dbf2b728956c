"""A sandbox for each test that requests one."""

import pytest

from tests.cast import Cast
from tests.sandbox.making import Sandbox


@pytest.fixture
def sandbox(cast: Cast) -> Sandbox:
    """A sandbox of this test's own."""
    return Sandbox()
