"""Data folder of a checkout, removed after the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.running import Demonstration


@pytest.fixture
def checkout() -> Iterator[Demonstration]:
    """A folder for management commands; ``left_running`` finds remaining servers."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-trial-")).resolve()
    folder.chmod(0o755)
    yield Demonstration(folder)
    shutil.rmtree(folder)
