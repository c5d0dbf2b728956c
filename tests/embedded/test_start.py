from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from paktaleem.foundation.embedded import cluster as making, layout as binaries_module, postmaster as starting
from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import OWNER, SUPERUSER, ClusterError
from paktaleem.foundation.embedded.roles import ensure_database, ensure_roles
from tests.embedded.processes import postmasters_of

JOIN = """
import sys
from pathlib import Path
from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.roles import ensure_database, ensure_roles
endpoint = Cluster(Path(sys.argv[1]), durable=False).ensure_running()
ensure_roles(endpoint)
ensure_database(endpoint, "portal")
print(endpoint.pid)
"""


def ask(endpoint, question, role=SUPERUSER, database="postgres"):
    with psycopg.connect(endpoint.url(role, database)) as connection:
        return next(connection.execute(question))[0]


def test_it_starts_answers_and_stops(cluster):
    assert cluster.endpoint() is None
    endpoint = cluster.ensure_running()
    assert ask(endpoint, "SELECT 1") == 1
    assert ask(endpoint, "SHOW server_encoding") == "UTF8"
    assert ask(endpoint, "SELECT datlocale FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"
    assert cluster.endpoint() == endpoint
    cluster.stop()
    assert cluster.endpoint() is None
    assert postmasters_of(cluster.home / "data") == []
    cluster.stop()


def test_a_server_that_does_not_answer_still_runs(cluster):
    cluster.ensure_running()
    [pid] = postmasters_of(cluster.home / "data")
    os.kill(pid, signal.SIGSTOP)
    try:
        assert (cluster.endpoint(), cluster.is_running()) == (None, True)
    finally:
        os.kill(pid, signal.SIGCONT)
    cluster.stop()
    assert not cluster.is_running()


def test_the_second_start_joins(shared):
    assert shared.ensure_running() == Cluster(shared.home, durable=False).ensure_running()


def test_a_later_start_keeps_port_passwords_and_data(shared):
    first = shared.ensure_running()
    ensure_roles(first)
    ensure_database(first, "portal")
    shared.stop()
    second = shared.ensure_running()
    assert (second.port, second.passwords) == (first.port, first.passwords)
    assert second.pid != first.pid
    assert ask(second, "SELECT current_user", OWNER, "portal") == OWNER


def test_the_server_lives_in_a_session_of_its_own(shared):
    assert os.getsid(shared.ensure_running().pid) != os.getsid(0)


def test_eight_at_once_end_with_one_server(cluster):
    command = [sys.executable, "-c", JOIN, str(cluster.home)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    answers = [starter.communicate(timeout=60)[0].strip() for starter in starters]
    assert [starter.returncode for starter in starters] == [0] * 8
    assert set(answers) == {str(cluster.endpoint().pid)}
    assert postmasters_of(cluster.home / "data") == [cluster.endpoint().pid]


@pytest.mark.parametrize("name", ["a folder with spaces", "$HOME `id` \"quoted\" 'so' " + "deep" * 40])
def test_any_folder_name_works(cluster_in, name):
    endpoint = cluster_in(name).ensure_running()
    assert ask(endpoint, "SELECT 1") == 1


def test_a_taken_port_is_replaced_and_the_new_one_kept(shared):
    first = shared.ensure_running()
    shared.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        second = shared.ensure_running()
    assert second.port != first.port
    assert (shared.home / "port").read_text().strip() == str(second.port)


def test_a_port_taken_just_before_the_start_is_replaced(shared, monkeypatch):
    first = shared.ensure_running()
    shared.stop()
    really_free, lies = starting._is_free, iter([True])
    monkeypatch.setattr(starting, "_is_free", lambda port: next(lies, None) or really_free(port))
    with socket.create_server(("127.0.0.1", first.port)):
        assert shared.ensure_running().port != first.port


def test_passwords_are_private(shared):
    endpoint = shared.ensure_running()
    status = (shared.home / "passwords.json").stat()
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_uid == os.geteuid()
    assert stat.S_IMODE((shared.home / "data").stat().st_mode) == 0o700
    assert not (shared.home / "initial-password").exists()
    assert endpoint.passwords[SUPERUSER] not in repr(endpoint)


def test_a_durable_start_refuses_a_server_for_tests(shared):
    shared.ensure_running()
    with pytest.raises(ClusterError, match="Stop it first"):
        Cluster(shared.home).ensure_running()


def test_a_folder_with_something_else_is_neither_used_nor_removed(ground):
    letter = ground / "documents" / "letter.txt"
    letter.parent.mkdir()
    letter.write_text("Dear Amina")
    cluster = Cluster(letter.parent)
    with pytest.raises(ClusterError, match="something else"):
        cluster.ensure_running()
    with pytest.raises(ClusterError, match="not removed"):
        cluster.destroy()
    assert letter.read_text() == "Dear Amina"


def test_destroy_leaves_nothing_and_may_be_repeated(cluster):
    cluster.ensure_running()
    cluster.destroy()
    cluster.destroy()
    assert not cluster.home.exists()
    assert postmasters_of(cluster.home / "data") == []


def test_an_interrupted_destroy_can_be_finished_or_begun_anew(cluster, monkeypatch):
    cluster.ensure_running()
    with monkeypatch.context() as patch:
        patch.setattr(making, "_remove_folder", refuse)
        with pytest.raises(ClusterError):
            cluster.destroy()
    assert ask(cluster.ensure_running(), "SELECT 1") == 1
    assert not (cluster.home / "data.discarded").exists()


def refuse(folder):
    raise PermissionError(folder)


def test_a_failed_start_shows_the_end_of_the_log(shared, monkeypatch):
    shared.stop()
    monkeypatch.setitem(starting.SETTINGS, "shared_buffers", "much")
    with pytest.raises(ClusterError, match="shared_buffers"):
        shared.ensure_running()


def test_settings_of_the_environment_have_no_say(shared, monkeypatch):
    shared.stop()
    for name, value in {
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGOPTIONS": "-c nonsense=1",
        "PGHOSTADDR": "192.0.2.1",
    }.items():
        monkeypatch.setenv(name, value)
    endpoint = shared.ensure_running()
    ensure_roles(endpoint)
    ensure_database(endpoint, "portal")


def test_postgresql_16_will_do(cluster, monkeypatch):
    monkeypatch.setattr(binaries_module, "WHEEL_BIN", Path("pginstall", "bin"))
    endpoint = cluster.ensure_running()
    assert ask(endpoint, "SHOW server_version").startswith("16.")
    ensure_roles(endpoint)
    ensure_database(endpoint, "portal")
    cluster.stop()
    monkeypatch.undo()
    with pytest.raises(ClusterError, match="created by PostgreSQL 16"):
        cluster.ensure_running()


def test_no_postgresql_at_all_is_said_plainly(cluster, monkeypatch, ground):
    monkeypatch.setattr(binaries_module, "wheel_folder", lambda: None)
    monkeypatch.setattr(binaries_module, "HOST_FOLDERS", ground)
    monkeypatch.setenv("PATH", str(ground))
    with pytest.raises(ClusterError, match="No PostgreSQL"):
        cluster.ensure_running()
