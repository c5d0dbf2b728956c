from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

import psycopg
import pytest

from paktaleem.foundation.embedded.cluster import create_cluster
from paktaleem.foundation.embedded.layout import SUPERUSER, ClusterError, Layout, server_account, write_atomically
from tests.embedded.processes import kill_whole_server, postmasters_of, state_of, wait_for

START = """
import sys
from pathlib import Path
from paktaleem.foundation.embedded.cluster import Cluster
Cluster(Path(sys.argv[1]), durable=False).ensure_running()
"""
SUBREAPER = 36


def can_log_in(endpoint):
    with psycopg.connect(endpoint.url(SUPERUSER, "postgres")) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def write_until_cut_off(url, acknowledged):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        number = 0
        while True:
            number += 1
            try:
                connection.execute("INSERT INTO kept VALUES (%s)", [number])
            except psycopg.OperationalError:
                return
            acknowledged.append(number)


def durability_of(endpoint):
    question = "SELECT setting FROM pg_settings WHERE name = ANY(%s)"
    names = ["fsync", "synchronous_commit", "full_page_writes"]
    with psycopg.connect(endpoint.url(SUPERUSER, "postgres")) as connection:
        return [setting for (setting,) in connection.execute(question, [names])]


def test_durability_is_off_for_tests_that_ask_for_it(shared):
    assert durability_of(shared.ensure_running()) == ["off"] * 3


def test_nothing_acknowledged_is_lost_by_kill_9(cluster_in):
    cluster = cluster_in(durable=True)
    endpoint = cluster.ensure_running()
    assert durability_of(endpoint) == ["on"] * 3
    acknowledged: list[int] = []
    writer = threading.Thread(target=write_until_cut_off, args=(endpoint.url(SUPERUSER, "postgres"), acknowledged))
    writer.start()
    wait_for(lambda: len(acknowledged) > 100)
    kill_whole_server(endpoint.pid)
    writer.join()
    with psycopg.connect(cluster.ensure_running().url(SUPERUSER, "postgres")) as connection:
        kept = {number for (number,) in connection.execute("SELECT number FROM kept")}
    assert set(acknowledged) <= kept


def test_a_killed_postmaster_alone_is_replaced(shared):
    endpoint = shared.ensure_running()
    with psycopg.connect(endpoint.url(SUPERUSER, "postgres"), autocommit=True):
        os.kill(endpoint.pid, signal.SIGKILL)
        assert can_log_in(shared.ensure_running())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_a_zombie_postmaster_is_not_taken_for_alive(shared):
    libc = ctypes.CDLL(None)
    libc.prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        first = shared.ensure_running()
        kill_whole_server(first.pid)
        wait_for(lambda: state_of(first.pid) == "Z")
        assert shared.endpoint() is None
        assert can_log_in(shared.ensure_running())
        shared.stop()
    finally:
        libc.prctl(SUBREAPER, 0, 0, 0, 0)
        while reap_one():
            pass


def reap_one():
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


@pytest.mark.parametrize("text", ["{pid}\n{data}\n1\n{port}\n\n127.0.0.1\n\nready\n", ""], ids=["a stranger", "empty"])
def test_a_stale_pid_file_is_cleared_and_the_stranger_left_alone(shared, text):
    port = shared.ensure_running().port
    shared.stop()
    data = shared.home / "data"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file = data / "postmaster.pid"
        content = text.format(pid=stranger.pid, data=data, port=port)
        write_atomically(pid_file, content, owner=server_account(data).owner)
        os.utime(pid_file, (0, 0))
        assert shared.endpoint() is None
        shared.stop()
        assert can_log_in(shared.ensure_running())
        assert stranger.poll() is None
        stranger.kill()


def unfinished(cluster, *missing):
    layout = Layout(cluster.home)
    cluster.home.mkdir()
    with layout.lock.open("w") as lock:
        create_cluster(layout, server_account(layout.data), lock=lock.fileno(), durable=False)
    for name in ("finished", *missing):
        path = cluster.home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    "missing",
    [["data"], ["data/PG_VERSION", "data/global"], ["passwords.json"]],
    ids=lambda missing: "without " + " and ".join(missing),
)
def test_a_half_made_cluster_is_made_again(cluster, missing):
    unfinished(cluster, *missing)
    assert cluster.endpoint() is None
    assert can_log_in(cluster.ensure_running())


def test_a_start_killed_within_initdb_is_made_again(cluster):
    with subprocess.Popen([sys.executable, "-c", START, str(cluster.home)]) as starter:
        wait_for((cluster.home / "data" / "base").exists)
        starter.kill()
    assert not (cluster.home / "finished").exists()
    assert can_log_in(cluster.ensure_running())


def test_a_start_killed_while_the_server_comes_up_is_joined(shared):
    shared.ensure_running()
    shared.stop()
    with subprocess.Popen([sys.executable, "-c", START, str(shared.home)]) as starter:
        wait_for(lambda: postmasters_of(shared.home / "data"))
        starter.kill()
    endpoint = shared.ensure_running()
    assert postmasters_of(shared.home / "data") == [endpoint.pid]


@pytest.mark.parametrize(
    ("missing", "message"),
    [("finished", "has been in use"), ("data/PG_VERSION", "damaged"), ("passwords.json", "passwords")],
)
def test_a_damaged_cluster_that_has_served_is_never_erased(shared, missing, message):
    shared.ensure_running()
    shared.stop()
    aside = (shared.home / missing).rename(shared.home / "aside")
    with pytest.raises(ClusterError, match=message):
        shared.ensure_running()
    shared.stop()
    aside.rename(shared.home / missing)
    assert can_log_in(shared.ensure_running())
