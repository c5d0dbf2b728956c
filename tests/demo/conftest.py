"""One folder for the tests of the demonstration: each start continues with the data of the last."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.filled import copy_filled
from tests.demo.running import Demonstration


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that every account can access, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-demo-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def filled(ground: Path) -> Demonstration:
    demonstration = Demonstration(ground)
    copy_filled(ground, demonstration.environment)
    demonstration.start()
    assert demonstration.end()[0] == 0
    return demonstration


@pytest.fixture
def demonstration(filled: Demonstration) -> Iterator[Demonstration]:
    """The filled demonstration; processes left running by a test are stopped."""
    yield filled
    if filled.process is not None and filled.process.poll() is None:
        filled.end()
