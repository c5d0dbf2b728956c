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
    folder = Path(tempfile.mkdtemp(prefix="pkt-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster_in(ground):
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
    folder = Path(tempfile.mkdtemp(prefix="pkt-test-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "database", durable=False)
    cluster.ensure_running()
    yield cluster
    cluster.destroy()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def portal(shared):
    endpoint = shared.ensure_running()
    ensure_roles(endpoint)
    ensure_database(endpoint, "portal")
    return endpoint
