"""Starts from a checkout: the database of a command, unsafe starts that are refused, and what is installed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connections

from paktaleem import server
from paktaleem.foundation.embedded.layout import APP, BACKUP, OWNER, SUPERUSER
from paktaleem.foundation.encryption.keyring import new_keyring_text
from paktaleem.foundation.operations.diagnosis import State, examine
from paktaleem.foundation.operations.startup import findings
from paktaleem.foundation.operations.startup.diagnosis import check_migrations
from paktaleem.foundation.operations.startup.findings import (
    DatabaseFacts,
    SettingsFacts,
    UnsafeStart,
    database_findings,
    read_database,
    read_settings,
    refuse_unsafe_start,
    settings_findings,
)
from paktaleem.foundation.tenancy.operations import list_missing_parts, missing_migrations
from tests.database import leave_database, template_ready
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


# Conditions in which the portal does not start, such as a schema that is not that of the code.


ASKED = (
    "import json; from django.conf import settings;"
    "print(json.dumps({alias: one['OPTIONS'] for alias, one in settings.DATABASES.items()}))"
)
SAFE_SETTINGS = SettingsFacts(
    "a secret of many different letters, for tests",
    has_keyring=True,
    has_erasure_list=True,
    debug=False,
    allowed_hosts=("privacy.example",),
    public_url="https://privacy.example",
    has_secure_cookies=True,
)
SAFE_DATABASE = DatabaseFacts(
    role=APP,
    is_superuser=False,
    can_bypass_rls=False,
    owns_schema=False,
    fsync="on",
    synchronous_commit="on",
    full_page_writes="on",
    row_security="on",
    address="127.0.0.1",
    ssl_mode="prefer",
    is_encrypted=False,
)


def codes(findings):
    return {found.code for found in findings}


@pytest.fixture
def connected_as(committed):
    endpoint = template_ready()

    def connect(role):
        leave_database()
        connections.databases["default"].update(USER=role, PASSWORD=endpoint.passwords[role])
        return read_database()

    return connect


WEAK = ("unsafe-until-set", "x" * 48, "0123456789abcdef0123456789abcde", "change-me-to-at-least-32-random-characters")
INTERNAL = ("127.0.0.1:8001", "LOCALHOST:443", "0.0.0.0:80", "[::1]:443")
UNSAFE: dict[str, list[dict[str, Any]]] = {
    "": [{}, {"internal_receivers": ("10.1.2.3:443", "lms.school.example:443")}],
    "startup.E001": [{"secret_key": key} for key in (*WEAK, "django-insecure-" + "x" * 50)],
    "startup.E002": [{"has_keyring": False}],
    "startup.E003": [
        {"debug": True, "allowed_hosts": hosts}
        for hosts in (("privacy.example",), ("privacy.example", "localhost"), ("localhost",))
    ],
    "startup.E004": [{"has_erasure_list": False}],
    "startup.E005": [{"public_url": url} for url in ("", "privacy.example", "https://", "http://privacy.example")],
    "startup.E006": [{"metrics_token": WEAK[2]}, {"metrics_token": WEAK[3]}, {"feed_token": WEAK[1]}],
    "startup.E007": [{"allowed_hosts": ("*",)}],
    "startup.E008": [{"has_secure_cookies": False}],
    "startup.E009": [{"demands_second_factor": False}, {"demands_step_up": False}],
    "startup.E010": [{"mail_folder": "/var/mail/portal"}],
    "startup.E017": [{"internal_receivers": ("lms.example:443", address)} for address in INTERNAL],
    "startup.E018": [{"addresses_of_others": ("DATABASE_OWNER_URL",)}],
}


@pytest.mark.parametrize(("code", "change"), [(code, change) for code, changes in UNSAFE.items() for change in changes])
def test_unsafe_settings_only_are_refused(change, code):
    assert codes(settings_findings(replace(SAFE_SETTINGS, **change))) == {code} - {""}


def test_what_suits_a_trial_is_fine_on_ones_own_computer_only():
    own = replace(
        SAFE_SETTINGS,
        allowed_hosts=("localhost", "127.0.0.1"),
        public_url="http://127.0.0.1:8000",
        debug=True,
        has_secure_cookies=False,
        demands_second_factor=False,
        demands_step_up=False,
        mail_folder="mail",
        internal_receivers=("127.0.0.1:8001",),
        addresses_of_others=("DATABASE_OWNER_URL",),
    )
    assert codes(settings_findings(own)) == set()
    public = replace(own, public_url="https://privacy.example")
    assert codes(settings_findings(public)) == {f"startup.E{number:03}" for number in (3, 8, 9, 10, 17, 18)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"address": ""}, ""),
        ({"address": "::1"}, ""),
        ({"address": "10.1.2.3", "ssl_mode": "verify-full", "is_encrypted": True}, ""),
        ({"is_superuser": True}, "startup.E011"),
        ({"can_bypass_rls": True}, "startup.E012"),
        ({"owns_schema": True}, "startup.E013"),
        ({"fsync": "off"}, "startup.E014"),
        ({"synchronous_commit": "off"}, "startup.E014"),
        ({"full_page_writes": "off"}, "startup.E014"),
        ({"row_security": "off"}, "startup.E016"),
        ({"address": "10.1.2.3"}, "startup.E015"),
        ({"address": "10.1.2.3", "ssl_mode": "prefer", "is_encrypted": True}, "startup.E015"),
    ],
)
def test_an_unsafe_database_only_is_refused(change, code):
    assert codes(database_findings(replace(SAFE_DATABASE, **change))) == {code} - {""}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (APP, set()),
        (OWNER, {"startup.E013"}),
        (BACKUP, {"startup.E012"}),
        (SUPERUSER, {"startup.E011", "startup.E012", "startup.E013"}),
    ],
)
def test_the_roles_of_a_real_cluster_are_distinguished(connected_as, role, expected):
    facts = connected_as(role)
    assert facts.role == role
    assert facts.fsync == "off"  # the test server runs without fsync
    assert codes(database_findings(facts)) == expected | {"startup.E014"}


def test_a_member_of_the_owner_is_as_good_as_the_owner(connected_as, committed):
    endpoint = template_ready()
    url = endpoint.url(SUPERUSER, connections.databases["default"]["NAME"])
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(f"GRANT {OWNER} TO {APP} WITH INHERIT FALSE, SET TRUE")
        try:
            assert codes(database_findings(connected_as(APP))) >= {"startup.E013"}
        finally:
            superuser.execute(f"REVOKE {OWNER} FROM {APP}")


def test_it_refuses_with_every_reason(db, settings):
    settings.SECRET_KEY = "unsafe-until-set"
    with pytest.raises(UnsafeStart) as refused:
        refuse_unsafe_start()
    assert all(code in str(refused.value) for code in ("startup.E001", "startup.E014"))


def test_a_build_sees_them_as_checks(db, settings):
    settings.SECRET_KEY = "unsafe-until-set"
    for database, is_found in (("default", True), ("owner", False)):
        found = {message.id for message in run_checks(tags=["database"], databases=[database])}
        assert ("startup.E014" in found) is is_found
    settings_found = {message.id for message in run_checks(tags=["security"], include_deployment_checks=True)}
    assert "startup.E001" in settings_found
    assert read_settings().secret_key == settings.SECRET_KEY


@pytest.mark.parametrize(
    ("host", "debug", "is_error"),
    [("portal.example", False, True), ("portal.example", True, False), ("localhost", False, False)],
)
def test_every_check_refuses_a_weak_secret_of_a_public_host(settings, host, debug, is_error):
    settings.SECRET_KEY, settings.DEBUG, settings.ALLOWED_HOSTS = "a", debug, [host]
    settings.PUBLIC_URL = f"https://{host}"
    assert ("startup.E001" in {message.id for message in run_checks()}) is is_error
    everything = [message.id for message in run_checks(include_deployment_checks=True)]
    assert everything.count("startup.E001") == 1


def test_what_the_address_says_of_tls_reaches_every_connection():
    tls = {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/portal.pem"}
    names = {"default": "DATABASE_URL", "aside": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}
    url = "postgres://who:secret@db.example:5432/portal?" + urlencode(tls)
    said = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**os.environ, **dict.fromkeys(names.values(), url), "DJANGO_SETTINGS_MODULE": "paktaleem.settings"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    options = json.loads(said.stdout)
    for alias in names:
        assert tls.items() <= options[alias].items(), alias
    assert options["default"]["server_side_binding"] is True


@pytest.fixture
def change(committed):
    url = template_ready().url(SUPERUSER, str(connections.databases["default"]["NAME"]))
    with psycopg.connect(url, autocommit=True) as link:
        yield link.execute


def assert_start_refused(monkeypatch, code):
    """Assert that the start is refused in words with this code, and that the doctor says the same; return its line."""
    monkeypatch.setattr(findings, "settings_findings", lambda _: [])
    monkeypatch.setattr(findings, "database_findings", lambda _: [])
    [line] = check_migrations()
    assert (line.state, line.seen.split(":")[0]) == (State.FAILED, code)
    with pytest.raises(findings.UnsafeStart) as refused:
        findings.refuse_unsafe_start()
    assert f"  {line.seen} {line.remedy}" in str(refused.value)
    return line.seen


def test_the_database_of_the_tests_lacks_nothing(db):
    [line] = check_migrations()
    assert (line.state, line.seen) == (State.OK, "all applied; the schema is that of the code")


def test_a_half_migrated_database_is_refused(change, monkeypatch):
    """Every migration counts as applied, because a file was edited afterwards."""
    change("DROP TABLE mailbox_mailboxcheck")
    change("ALTER TABLE people_subject DROP COLUMN grade CASCADE")
    change("ALTER TABLE people_subjectkey DROP CONSTRAINT subjectkey_one_per_person")
    change("ALTER TABLE consent_consent DISABLE ROW LEVEL SECURITY")
    change("DROP FUNCTION tenancy_refuse_change CASCADE")
    assert missing_migrations() == set()
    assert_start_refused(monkeypatch, "startup.E024")
    constraint = "constraint subjectkey_one_per_person of people_subjectkey"
    missing = {"table mailbox_mailboxcheck", "column people_subject.grade", constraint}
    missing |= {"row-level security of consent_consent", "function tenancy_refuse_change"}
    assert missing <= set(list_missing_parts())


def test_a_database_that_lacks_migrations_is_refused(change, monkeypatch):
    change("DELETE FROM django_migrations WHERE app = 'mailbox' AND name = '0002_tenancy'")
    assert "mailbox.0002_tenancy" in assert_start_refused(monkeypatch, "startup.E023")


def test_a_database_of_a_newer_version_is_served(change):
    change("INSERT INTO django_migrations (app, name, applied) VALUES ('mailbox', '9999_coming', now())")
    change("ALTER TABLE mailbox_mailboxcheck ADD COLUMN coming text")
    [line] = check_migrations()
    assert line.state is State.OK


def test_a_database_of_a_version_that_is_too_old_is_refused_by_migrate_too(change, monkeypatch):
    change("UPDATE django_migrations SET name = '0001_accounts' WHERE app = 'accounts' AND name = '0001_tables'")
    assert "this one cannot upgrade" in assert_start_refused(monkeypatch, "startup.E022")
    with pytest.raises(CommandError, match="this one cannot upgrade"):
        call_command("migrate", verbosity=0)


def test_migrate_without_the_owners_address_says_where_it_belongs(committed, monkeypatch):
    leave_database()
    monkeypatch.setitem(connections.databases["owner"], "NAME", settings.NOT_CONFIGURED)
    with pytest.raises(CommandError, match=r"Set DATABASE_OWNER_URL .* docs/deploy/owner\.env"):
        call_command("migrate", verbosity=0)
