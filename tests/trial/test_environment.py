"""A command on a fresh checkout starts its database, and the last command stops it."""

import json
import os
import signal
import time

import pytest

from tests.demo.running import said

WAIT = "import time; print('in', flush=True); time.sleep(60)"
WHO = (
    "import json, os; from paktaleem.foundation.operations.startup.findings import read_database;"
    "print(json.dumps([read_database().role, os.environ['SECRET_KEY']]))"
)


def shell(checkout, script):
    return checkout.manage("shell", "--no-imports", "-c", script)


def test_two_commands_at_once_share_one_server_and_leave_none(checkout):
    both = [shell(checkout, WHO), shell(checkout, WHO)]
    answers = [said(process) for process in both]
    assert [status for status, _, _ in answers] == [0, 0], answers
    [first, second] = [json.loads(output) for _, output, _ in answers]
    assert first == second
    assert first[0] == "paktaleem_app"
    assert checkout.left_running() == {}


@pytest.mark.parametrize(("how", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_stopped_leaves_no_server(checkout, how, expected):
    process = shell(checkout, WAIT)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    process.send_signal(how)
    status, _, errors = said(process)
    assert (status, errors) == (expected, "")
    assert checkout.left_running() == {}


def test_ctrl_c_while_the_server_is_being_made_leaves_none(checkout):
    process = shell(checkout, WAIT)
    while not (checkout.folder / "postgres" / "paktaleem.lock").exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    status, output, _ = said(process)
    assert (status, output) == (130, "")
    assert checkout.left_running() == {}


def test_the_server_stays_while_a_command_uses_it(checkout):
    stays = shell(checkout, WAIT)
    assert stays.stdout is not None
    stays.stdout.readline()
    assert said(shell(checkout, WHO))[0] == 0
    server = [command for command in checkout.left_running().values() if "postgres -D" in command]
    assert len(server) == 1
    stays.send_signal(signal.SIGTERM)
    said(stays)
    assert checkout.left_running() == {}


def test_a_server_left_by_a_killed_command_is_taken_up_and_stopped(checkout):
    killed = shell(checkout, WAIT)
    assert killed.stdout is not None
    killed.stdout.readline()
    os.kill(killed.pid, signal.SIGKILL)
    said(killed)
    assert checkout.left_running() != {}
    assert said(shell(checkout, WHO))[0] == 0
    assert checkout.left_running() == {}


def test_a_folder_that_cannot_be_used_is_reported_in_one_line(checkout):
    (checkout.folder / "postgres").mkdir()
    (checkout.folder / "postgres" / "letter.txt").write_text("somebody's")
    status, output, errors = said(shell(checkout, WHO))
    assert (status, output) == (1, "")
    assert "contains something else" in errors
    assert errors.count("\n") == 1
