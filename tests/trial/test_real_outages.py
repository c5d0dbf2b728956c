"""A real standby and a really full disk: 503 with the cause, seen by /readyz and doctor, and over once it is mended.

The servers end when the test is killed. The small disk is a tmpfs in a mount namespace of its server, so it ends too.
"""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.test import Client as Browser

from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint, Layout, find_binaries, server_account
from paktaleem.foundation.embedded.postmaster import SETTINGS
from paktaleem.foundation.operations.startup.diagnosis import check_database
from paktaleem.foundation.outages import FULL, READ_ONLY
from paktaleem.office.demo.supervision import running
from tests.api.callers import Caller
from tests.database import TEMPLATE, cluster_of, ensure_template, in_use, server_version, template_ready, worker_folder
from tests.demo.running import free_port
from tests.serving import HOST
from tests.trial.test_doctor import check_refused, writes
from tests.waiting import wait_until

MEGABYTE = 2**20
ROOM = 32 * MEGABYTE
"""Free space of the small disk before it is filled."""
MOUNT = """
set -e
mount -t tmpfs -o "size=$1,mode=0700,uid=$2,gid=$3" tmpfs "$5"
cp -a "$4/." "$5"
shift 5
exec "$@"
"""
NAMESPACE = ("unshare", "--mount")


class Host:
    """A folder with copies of the template's files, and the account and programs of their servers."""

    def __init__(self, folder):
        self.folder = folder
        self.layout = Layout(folder / "postgres")
        subprocess.run(["cp", "-a", cluster_of(ensure_template()).home, self.layout.home], check=True)
        self.account = server_account(self.layout.data)
        self.programs = find_binaries(self.account, copies=self.layout.binaries, major=server_version()).folder
        self.passwords = template_ready().passwords  # those of the template

    @contextmanager
    def served(self, data, *before):
        """Serve a data folder, by a command that runs another one if ``before`` has one; yield its endpoint."""
        port = free_port()
        options = [f"{name}={value}" for name, value in {**SETTINGS, "port": port, "fsync": "off"}.items()]
        server = [str(self.programs / "postgres"), "-D", str(data), *(f"--{option}" for option in options)]
        with running([("postgres", [*before, *self.as_account(), *server])], self.folder / "logs") as [child]:
            endpoint = Endpoint(HOST, port, child.process.pid, self.passwords)
            wait_until(lambda: answers(endpoint), child)
            yield endpoint

    def as_account(self):
        """Return the beginning of a command that runs as the account of the server, and ends with this process."""
        if not self.account.borrowed:
            return []
        ids = (f"--reuid={self.account.uid}", f"--regid={self.account.gid}")
        return ["setpriv", *ids, "--clear-groups", "--pdeathsig=INT"]

    def copy_standby(self, primary):
        home = self.folder / "standby"
        home.mkdir()
        os.chown(home, self.account.uid, self.account.gid)
        options = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync", f"--dbname={primary.url(SUPERUSER, '')}")
        done = self.account.run(self.programs / "pg_basebackup", *options, "--pgdata", home / "data", cwd=home)
        assert done.returncode == 0, done.stderr
        return home / "data"


def answers(endpoint):
    try:
        psycopg.connect(endpoint.url(SUPERUSER, "postgres")).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def host(committed, monkeypatch):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 0.0)
    folder = Path(tempfile.mkdtemp(dir=worker_folder()))
    folder.chmod(0o755)
    yield Host(folder)
    shutil.rmtree(folder)


@pytest.fixture
def standby(host):
    with (host.layout.data / "pg_hba.conf").open("a") as access:
        access.write(f"host replication all {HOST}/32 scram-sha-256\n")
    with (
        host.served(host.layout.data) as primary,
        host.served(host.copy_standby(primary)) as standby,
        in_use(standby, TEMPLATE),
    ):
        yield standby


@pytest.fixture
def small_disk(host):
    """A server whose tables are on a small disk; yield the path of a file there that can fill it."""
    if shutil.which(NAMESPACE[0]) is None or subprocess.run([*NAMESPACE, "true"], check=False).returncode:
        pytest.skip("a mount of its own is not permitted here: run it as root on Linux")
    tables, stored = host.layout.data / "base", host.folder / "base"
    tables.rename(stored)
    tables.mkdir()
    size = ROOM + sum(4096 + path.stat().st_blocks * 512 for path in stored.rglob("*"))
    values = [str(size), str(host.account.uid), str(host.account.gid), str(stored), str(tables)]
    mount = (*NAMESPACE, "sh", "-c", MOUNT, "mount", *values)
    with host.served(host.layout.data, *mount) as endpoint, in_use(endpoint, TEMPLATE):
        yield Path(f"/proc/{endpoint.pid}/root{tables}/filling")


def fill(path):
    with path.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def check_blocked(outage):
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, outage.problem.code.replace("-", "_"))
    [line] = check_database()
    assert line.seen == outage.problem.title


def test_a_standby_refuses_writes_serves_reads_and_is_ready_once_it_is_promoted(standby, committed):
    lms = Caller(committed.key("indus"))
    check_refused(writes(committed.key("indus")), READ_ONLY)
    check_blocked(READ_ONLY)
    assert lms.get("/api/v1/purposes").status_code == 200
    assert lms.ask("lms-danish", "service_delivery")["context"]["reason"]
    with psycopg.connect(standby.url(SUPERUSER, "postgres"), autocommit=True) as link:
        link.execute("SELECT pg_promote()")
    assert Browser().get("/readyz").status_code == 200
    assert lms.put("/api/v1/subjects/lms-new", {"role": "learner"}).status_code == 201


def test_a_full_disk_refuses_writes_serves_decisions_and_is_over_once_there_is_space(small_disk, committed):
    lms = Caller(committed.key("indus"))
    assert Browser().get("/readyz").status_code == 200
    fill(small_disk)
    for number in range(500):  # until the pages of a table are full
        path = f"/api/v1/subjects/lms-new-{number}"
        answer = lms.put(path, {"role": "learner"})
        if answer.status_code != 201:
            break
    assert (answer.status_code, answer["Retry-After"]) == (503, str(FULL.retry_after))
    assert answer.json()["type"] == f"urn:paktaleem:problem:{FULL.problem.code}"
    check_blocked(FULL)
    assert lms.ask("lms-danish", "service_delivery")["context"]["reason"]
    small_disk.unlink()
    assert Browser().get("/readyz").status_code == 200
    assert lms.put(path, {"role": "learner"}).status_code == 201
