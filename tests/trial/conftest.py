"""A checkout's data folder that is gone after the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.running import Demonstration


@pytest.fixture
def checkout() -> Iterator[Demonstration]:
    """A folder on which management commands are run; whatever they leave is seen by ``left_running``."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-trial-")).resolve()
    folder.chmod(0o755)
    yield Demonstration(folder)
    shutil.rmtree(folder)
