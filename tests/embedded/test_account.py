from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from paktaleem.foundation.embedded import layout as binaries_module
from paktaleem.foundation.embedded.layout import FALLBACK_FOLDER, SUPERUSER, Account, ClusterError, server_account

PROJECT = Path(__file__).resolve().parents[2]
WHEEL = binaries_module.wheel_folder() or Path("/no/wheel")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root can lend the server an account")

WHOLE_LIFE = """
import sys
from pathlib import Path
import psycopg
from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.embedded.roles import ensure_database, ensure_roles
cluster = Cluster(Path(sys.argv[1]), durable=False)
endpoint = cluster.ensure_running()
ensure_roles(endpoint)
ensure_database(endpoint, "portal")
with psycopg.connect(endpoint.url(SUPERUSER, "portal")) as connection:
    assert connection.execute("SELECT 1").fetchone() == (1,)
assert Path(f"/proc/{endpoint.pid}").stat().st_uid == Path(sys.argv[1]).stat().st_uid
cluster.destroy()
print("done")
"""


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@as_root
def test_root_lends_the_server_an_account_without_rights(cluster):
    endpoint = cluster.ensure_running()
    status = Path(f"/proc/{endpoint.pid}/status").read_text()
    uid = server_account(cluster.home / "data").uid
    assert uid != 0
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert "Groups:\t \n" in status


@as_root
def test_an_ordinary_user_runs_a_server_of_its_own(ground):
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid, borrowed=True)
    if not all(map(account.can_enter, (PROJECT, Path(sys.executable).parent, WHEEL))):
        pytest.skip("the user nobody cannot read this checkout or its Python")
    home = ground / "own"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [sys.executable, "-B", "-c", WHOLE_LIFE, str(home)],
        cwd=PROJECT,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr


@as_root
def test_a_folder_root_alone_can_reach_is_replaced_by_a_sheltered_one(cluster_in, ground):
    private = ground / "private"
    private.mkdir(mode=0o700)
    cluster = cluster_in("private/database")
    assert cluster.home.parent == FALLBACK_FOLDER
    with psycopg.connect(cluster.ensure_running().url(SUPERUSER, "postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert mode(private) == 0o700
    assert list(private.iterdir()) == []
    cluster.destroy()
    assert not cluster.home.exists()


@as_root
def test_binaries_root_alone_can_reach_are_copied(cluster, ground, monkeypatch):
    private = ground / "private"
    private.mkdir(mode=0o700)
    for name in (f"{WHEEL.name}/pginstall18", f"{WHEEL.name}.libs"):
        shutil.copytree(WHEEL.parent / name, private / name)
    monkeypatch.setattr(binaries_module, "wheel_folder", lambda: private / WHEEL.name)
    endpoint = cluster.ensure_running()
    program = Path(f"/proc/{endpoint.pid}/cmdline").read_text().split("\0")[0]
    assert Path(program).is_relative_to(cluster.home / "binaries")
    assert mode(private) == 0o700


@as_root
def test_a_strict_umask_changes_nothing(cluster_in):
    before = os.umask(0o077)
    try:
        cluster = cluster_in("new/parents/database")
        endpoint = cluster.ensure_running()
        assert cluster.home.parent.name == "parents"
        assert cluster.endpoint() == endpoint
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_of_another_user_is_refused_with_a_reason(cluster_in, ground):
    ground.chmod(0o500)
    with pytest.raises(ClusterError, match="another account"):
        cluster_in().ensure_running()
