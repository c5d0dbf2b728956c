"""A folder that every account can reach, and clusters that are removed after the test."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import layout_for
from paktaleem.foundation.embedded.roles import ensure_database, ensure_roles


@pytest.fixture
def ground():
    """A folder that every account can traverse, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="pkt-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster_in(ground):
    """A function that creates clusters below the folder and destroys them when the test ends."""
    made = []

    def make(name="database", *, durable=False):
        made.append(Cluster(ground / name, durable=durable))
        return made[-1]

    yield make
    for cluster in made:
        if layout_for(cluster.home).lock.exists():
            cluster.destroy()


@pytest.fixture
def cluster(cluster_in):
    return cluster_in()


@pytest.fixture(scope="module")
def shared():
    """A complete cluster for the tests of a module, which may stop, kill and start it but not damage it."""
    folder = Path(tempfile.mkdtemp(prefix="pkt-test-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "database", durable=False)
    cluster.ensure_running()
    yield cluster
    cluster.destroy()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def portal(shared):
    """The shared server with the roles and a database `portal`, for tests that leave it running."""
    endpoint = shared.ensure_running()
    ensure_roles(endpoint)
    ensure_database(endpoint, "portal")
    return endpoint
