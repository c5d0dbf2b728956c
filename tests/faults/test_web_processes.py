"""A killed web process is replaced while the other answers; no second server shares the port."""

import subprocess

import psutil
import pytest

from paktaleem.office.demo.supervision import running, web_program
from tests.demo.running import free_port
from tests.serving import HOST, KILLED_SERVER, environment_of_server, is_alive
from tests.waiting import wait_until, wait_until_served


@pytest.fixture
def server(committed, monkeypatch, tmp_path):
    for name, value in environment_of_server().items():
        monkeypatch.setenv(name, value)
    port = free_port()
    command = [*web_program(HOST, port), "--application", KILLED_SERVER]
    with running([("web", command)], tmp_path) as [web]:
        wait_until_served(web, f"http://{HOST}:{port}/healthz")
        yield port, psutil.Process(web.process.pid), command


def test_a_killed_process_is_replaced_and_the_server_goes_on_answering(server):
    port, leader, _ = server
    wait_until(lambda: len(leader.children()) == 2)
    killed = leader.children()[0]
    killed.kill()
    killed.wait(60)
    assert all(is_alive(port) for _ in range(20)), "the other one answers"
    wait_until(lambda: len(leader.children()) == 2)
    assert all(is_alive(port) for _ in range(20))


def test_a_second_server_on_the_same_port_is_refused_and_takes_no_request(server):
    port, leader, command = server
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert f"Port {port} of {HOST} is taken" in second.stderr
    assert is_alive(port)
    assert leader.is_running()
