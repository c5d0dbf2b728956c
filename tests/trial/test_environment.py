"""Starts from a checkout: the database of a command, unsafe starts that are refused, and what is installed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paktaleem import server
from paktaleem.foundation.encryption.keyring import new_keyring_text
from paktaleem.foundation.operations.diagnosis import State, examine
from paktaleem.foundation.operations.startup.findings import UnsafeStart, refuse_unsafe_start
from tests.demo.running import said

WAIT = "import time; print('in', flush=True); time.sleep(60)"
WHO = (
    "import json, os; from paktaleem.foundation.operations.startup.findings import read_database;"
    "print(json.dumps([read_database().role, os.environ['SECRET_KEY']]))"
)


def shell(checkout, script):
    return checkout.manage("shell", "--no-imports", "-c", script)


def waiting(checkout):
    process = shell(checkout, WAIT)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def test_two_commands_at_once_share_one_server_and_leave_none(checkout):
    both = [shell(checkout, WHO), shell(checkout, WHO)]
    answers = [said(process) for process in both]
    assert [status for status, _, _ in answers] == [0, 0], answers
    [first, second] = [json.loads(output) for _, output, _ in answers]
    assert first == second == ["paktaleem_app", second[1]]
    assert checkout.left_running() == {}


@pytest.mark.parametrize(("how", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_stopped_leaves_no_server(checkout, how, expected):
    process = waiting(checkout)
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
    stays = waiting(checkout)
    assert said(shell(checkout, WHO))[0] == 0
    server = [command for command in checkout.left_running().values() if "postgres -D" in command]
    assert len(server) == 1
    stays.send_signal(signal.SIGTERM)
    said(stays)
    assert checkout.left_running() == {}


def test_a_server_left_by_a_killed_command_is_taken_up_and_stopped(checkout):
    killed = waiting(checkout)
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


def assert_refused(code):
    """Assert that the start is refused with one code, and that the doctor has a failed line with the same code."""
    with pytest.raises(UnsafeStart) as refused:
        refuse_unsafe_start()
    assert str(refused.value).count("startup.E") == 1
    assert f"  {code}: " in str(refused.value)
    lines = [line for line in examine() if line.seen.startswith(f"{code}: ")]
    assert [(line.state, bool(line.remedy)) for line in lines] == [(State.FAILED, True)]


@pytest.mark.parametrize(
    "case",
    [
        ("SECRET_KEY", "a" * 64, "startup.E001"),
        ("METRICS_TOKEN", "a" * 64, "startup.E006"),
        ("ALLOWED_HOSTS", ["*"], "startup.E007"),
        ("SESSION_COOKIE_SECURE", False, "startup.E008"),
        ("DEMAND_SECOND_FACTOR", False, "startup.E009"),
        ("STEP_UP", False, "startup.E009"),
        ("MAIL_FOLDER", "mail", "startup.E010"),
        ("WEBHOOKS_ALLOWED", ["localhost:8001"], "startup.E017"),
    ],
)
def test_a_setting_for_trials_is_refused_in_public(in_order, settings, case):
    name, value, code = case
    refuse_unsafe_start()
    setattr(settings, name, value)
    assert_refused(code)


@pytest.mark.parametrize("name", ["DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "DRILL_DATABASE_URL"])
def test_the_address_of_another_role_is_refused(in_order, monkeypatch, name):
    monkeypatch.setenv(name, "postgres://paktaleem_owner:secret@db.example/portal")
    assert_refused("startup.E018")


@pytest.mark.parametrize("text", [None, "", "{}", "no JSON", '{"current": 1, "epochs": {}, "index": ""}'])
def test_a_keyring_that_is_missing_or_none_is_refused(in_order, text):
    in_order.unlink()
    if text is not None:
        in_order.write_text(text)
        in_order.chmod(0o600)
    assert_refused("startup.E019")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_a_keyring_that_others_can_read_is_refused(in_order, mode):
    in_order.chmod(mode)
    assert_refused("startup.E020")


def test_the_keyring_of_another_deployment_is_refused(in_order):
    in_order.write_text(new_keyring_text())
    assert_refused("startup.E021")


def test_the_web_server_prints_each_cause_and_exits_with_2(in_order, settings, monkeypatch, capsys):
    settings.SECRET_KEY, settings.METRICS_TOKEN = "short", "short"
    monkeypatch.setattr(sys, "argv", ["server", "--port", "0"])
    monkeypatch.setattr(server, "import_module", lambda _: refuse_unsafe_start())
    with pytest.raises(SystemExit) as ended:
        server.main()
    heading, *causes = capsys.readouterr().err.splitlines()
    assert (ended.value.code, heading) == (2, "The portal refuses to start:")
    assert [cause.split()[0] for cause in causes] == ["startup.E001:", "startup.E006:"]


ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import multiprocessing, os, signal, sys, time
from paktaleem.foundation.operations.startup.parent import end_with_server

def start_late(server):
    while os.getppid() == server:
        time.sleep(0.01)
    end_with_server()
    time.sleep(60)

def watch(other, server):
    while os.getppid() == server:
        time.sleep(0.01)
    for _ in range(3000):
        if not os.path.exists(f"/proc/{other}") or "State:\\tZ" in open(f"/proc/{other}/status").read():
            return print("ended", flush=True)
        time.sleep(0.01)
    print("kept the port", flush=True)

if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")
    late = fork.Process(target=start_late, args=(os.getpid(),))
    late.start()
    fork.Process(target=watch, args=(late.pid, os.getpid())).start()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_starts_after_its_server_was_killed_ends() -> None:
    command = [sys.executable, "-c", SERVER]
    server = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert server.stdout == "ended\n", server.stderr


PIN = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)
UNREACHABLE = "Nothing was compared: the database of vulnerabilities (OSV) could not be reached."


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def test_production_installs_nothing_of_the_suite() -> None:
    served, developed = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {"django", "granian", "psycopg"} <= set(served)
    assert not {"pytest", "mypy", "ruff", "playwright", "factory-boy", "hypothesis"} & set(served)
    assert served.items() < developed.items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", ".make/audit.lock", ".make/uv.lock"])
def test_every_locked_version_has_its_hashes(name: str) -> None:
    text = re.sub(r"\\\n\s+", "", (ROOT / name).read_text())
    lines = [line for line in text.splitlines() if PIN.match(line)]
    assert lines
    assert all("--hash=sha256:" in line for line in lines)


@pytest.fixture
def bare_checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".make", tmp_path / ".make")
    for name in ("requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    program(tmp_path / ".make/uv", 'echo "$*" >>calls')
    program(tmp_path / ".venv/bin/python", "exit 0")
    return tmp_path


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(bare_checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", *command], cwd=bare_checkout, capture_output=True, text=True, check=False)


def calls(bare_checkout: Path) -> list[str]:
    notes = bare_checkout / "calls"
    return [line.split()[-1] for line in notes.read_text().splitlines()] if notes.exists() else []


def test_a_developers_environment_serves_as_well(bare_checkout: Path) -> None:
    locks = ["requirements.lock", "requirements-dev.lock"]
    for arguments, installed in (([], 1), ([], 1), (["dev"], 2), ([], 2), (["dev"], 2)):
        assert run(bare_checkout, ".make/install", *arguments).returncode == 0
        assert calls(bare_checkout) == locks[:installed]


def test_uv_is_fetched_in_a_locked_version_only() -> None:
    script = (ROOT / ".make/uv").read_text().replace("\\\n", "")
    fetched = [line for line in script.splitlines() if "pip install" in line]
    assert fetched
    assert all("--require-hashes --requirement .make/uv.lock" in line for line in fetched)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("exit 0", 0, "No known vulnerability in what requirements.lock names."),
        ("echo 'django 6.1.3 CVE-1'; exit 1", 1, "django 6.1.3 CVE-1"),
        ("echo 'Max retries exceeded' >&2; exit 1", 2, UNREACHABLE),
    ],
)
def test_an_audit_says_what_it_found_or_that_it_compared_nothing(
    bare_checkout: Path, body: str, status: int, told: str
) -> None:
    program(bare_checkout / ".tools/audit/bin/pip-audit", body)
    shutil.copy(bare_checkout / ".make/audit.lock", bare_checkout / ".tools/audit/installed.lock")
    done = run(bare_checkout, ".make/audit", "vulnerabilities")
    assert done.returncode == status
    assert told in done.stdout + done.stderr
