"""``manage.py doctor`` and the health endpoints: each part, what to do, and an exit status."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone
from psycopg import errors

from paktaleem.directory.mail.models import Letter, LetterError, LetterState
from paktaleem.directory.mail.recipients import GivenAddress
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import SubjectKey
from paktaleem.directory.webhooks.models import DisabledBecause
from paktaleem.directory.webhooks.services import disable_endpoint
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.jobs import check_failed_jobs
from paktaleem.foundation.operations.startup.diagnosis import check_database
from paktaleem.foundation.operations.startup.findings import read_database
from paktaleem.foundation.operations.tasks import RETRY_STALLED
from paktaleem.foundation.outages import BUSY, FULL, READ_ONLY, UNREACHABLE, find_outage
from paktaleem.foundation.tenancy import operations
from paktaleem.foundation.tenancy.context import autonomous_transaction, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.backups.dumps import Step, record_backup, record_drill
from paktaleem.foundation.upkeep.periods.kinds import list_kinds
from paktaleem.foundation.upkeep.periods.models import DisposalRun
from paktaleem.foundation.upkeep.periods.services import check_disposals
from paktaleem.office.health import ReadinessMiddleware
from rights.mailbox.models import MailboxCheck, MailboxError
from tests.api.callers import Caller, question
from tests.database import leave_database
from tests.factories import SETTING_UP
from tests.trial.conftest import SMTP, run_sql
from tests.webhooks.receiving import make_endpoint

ROOT = Path(__file__).resolve().parents[2]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def report(*, exits):
    """Return the state and the text of each part, and check that each line not in order says what to do."""
    out = StringIO()
    status: object = 0
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as ended:
        status = ended.code
    lines = json.loads(out.getvalue())
    assert all(bool(line["remedy"]) is (line["state"] != "ok") for line in lines)
    found = {line["part"]: (line["state"], line["seen"]) for line in lines}
    assert status == exits, found
    return found


def wrong_lines():
    return {part: line for part, line in report(exits=1).items() if line[0] != "ok"}


def test_an_installation_in_order_passes(in_order):
    record_backup({"people_subject": 5, "audit_entry": 7}, at=wall_clock_now())
    record_drill([Step("evidence", "", passed=True, seconds=1.0)], at=wall_clock_now())
    lines = report(exits=0)
    parts = "settings,database,limits,migrations,metrics,clock,worker,queue,failed jobs,disposals,backups,drills"
    assert set(lines) == {*f"{parts},keys,keys in use,erasures,mail server,messages,webhooks".split(",")}
    assert lines["database"][1] == "reached as paktaleem_app, durable"
    assert lines["worker"][1] == "1 at work"
    assert lines["backups"][1].startswith("the last is 0 days and 0 hours old")


def test_each_part_that_is_not_in_order_is_named(in_order, cast, settings, monkeypatch):
    now, kind = wall_clock_now(), next(one.code for one in list_kinds() if one.bounds)
    settings.SECRET_KEY = "short"
    settings.MAILERS = {"default": {"BACKEND": SMTP, "OPTIONS": {"host": "127.0.0.1", "port": 1}}}
    in_order.chmod(0o640)
    known = operations._known_migrations() | {("consent", "9999_coming")}
    monkeypatch.setattr(operations, "_known_migrations", lambda: known)
    run_sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    insert = "INSERT INTO procrastinate_jobs (task_name, queue_name, status, scheduled_at) VALUES (%s, 'q', %s, %s)"
    run_sql(insert, "late.task", "todo", now - HOUR)
    run_sql(insert, "failed.task", "failed", now)
    with in_client(PAKTALEEM):
        DisposalRun.objects.filter(client_id=PAKTALEEM, kind=kind).update(ran_at=now - 2 * DAY)
    found = wrong_lines()
    assert found.pop("settings")[1].startswith("startup.E001: SECRET_KEY is the default, too short")
    assert found.pop("mail server") == ("failed", "no connection (ConnectionRefusedError)")
    assert found.pop("keys") == ("failed", "startup.E020: Other users of this host can read the keyring file.")
    assert found.pop("migrations") == ("failed", "startup.E023: 1 migrations are not applied: consent.9999_coming.")
    assert found.pop("worker")[0] == "failed"
    assert found.pop("queue") == ("attention", "1 jobs are due for more than 15 minutes")
    assert found.pop("failed jobs") == ("attention", "failed.task (1)")
    assert found.pop("backups") == ("failed", "none was ever made")
    assert found.pop("drills") == ("attention", "a restore was never practised")
    assert found.pop("disposals") == ("attention", f"1 have not run for a day: {kind}")
    assert found == {}


def test_a_failed_job_says_how_it_runs_again(in_order):
    insert = "INSERT INTO procrastinate_jobs (id, task_name, queue_name, status) VALUES (%s, %s, 'q', %s)"
    run_sql(insert, 1_000_001, RETRY_STALLED, "failed")
    [line] = check_failed_jobs()
    assert (line.seen, "shell" in line.remedy) == (f"{RETRY_STALLED} (1)", False)
    run_sql(insert, 1_000_002, "a.task", "failed")
    [line] = check_failed_jobs()
    assert line.remedy.endswith("manage.py procrastinate shell, then retry 1000002.")
    run_sql(insert, 1_000_003, RETRY_STALLED, "succeeded")
    [line] = check_failed_jobs()
    assert line.seen == "a.task (1)", "the periodic task succeeded since"
    run_sql("SELECT procrastinate_retry_job_v2(1000002, now(), NULL, NULL, NULL)")
    [line] = check_failed_jobs()
    assert line.seen == "none"


def test_a_role_without_limits_is_named(in_order):
    run_sql("SET LOCAL statement_timeout = 0")
    seen = "statement_timeout is not set: one statement can hold a process for good"
    assert wrong_lines()["limits"] == ("attention", seen)


def test_a_disposal_that_never_ran_is_late_only_once_the_portal_is_a_day_old(cast, time_machine):
    with in_client(PAKTALEEM):
        began = Client.objects.get(pk=PAKTALEEM).created_at
    time_machine.move_to(began + HOUR)
    [line] = check_disposals()
    assert (line.state, line.seen.split(",")[0]) == ("ok", "none is late; the portal is new")
    time_machine.move_to(began + DAY + HOUR)
    [line] = check_disposals()
    assert line.state == "attention"


def test_what_officers_have_to_look_at_is_named(in_order, cast, settings):
    now, indus = wall_clock_now(), cast.client_id("indus")
    record_backup({"audit_entry": 7}, at=now - 27 * HOUR)
    record_drill([Step("evidence", "", passed=True, seconds=1.0)], at=now - 93 * DAY)
    record_drill([Step("evidence", "", passed=False, seconds=1.0)], at=now)
    context = {"number": "N1", "text": "Our answer"}
    with in_client(indus):
        SubjectKey.objects.filter(subject_id=cast.subject_id("hamza")).update(epoch=7)
        endpoint = make_endpoint(cast, "indus", at=now)
        by: dict[str, Any] = {"actor": SETTING_UP, "at": now}
        disable_endpoint(endpoint, because=DisabledBecause.GONE, reason="support_case", **by)
        to = GivenAddress("uncle@example.org")
        letter = send_message("rights_answer", to=to, client_id=indus, context=context, **by)
        Letter.objects.filter(pk=letter.pk).update(state=LetterState.FAILED, last_error=LetterError.REFUSED)
    with in_client(PAKTALEEM):
        MailboxCheck.objects.create(client_id=PAKTALEEM, failing_since=now - HOUR, error=MailboxError.LOGIN)
    settings.MAILBOX_HOST, settings.MAIL_FOLDER = "imap.school.example", "messages"
    found = wrong_lines()
    assert found.pop("backups") == ("attention", "the last is 1 days and 3 hours old")
    assert found.pop("drills") == ("attention", "the last was 93 days ago")
    assert found.pop("keys in use") == ("failed", "1 are under an epoch that the keyring lacks")
    assert found.pop("webhooks") == ("attention", "1 receivers are disabled")
    assert found.pop("messages") == ("attention", "1 of the last day failed")
    assert found.pop("mail server") == ("attention", "messages become files in MAIL_FOLDER")
    assert found.pop("settings")[1].startswith("startup.E010: MAIL_FOLDER is set")
    assert found.pop("mailbox") == ("failed", f"read not since {now - HOUR:%Y-%m-%d %H:%M} UTC (login)")
    assert found == {}


def test_a_keyring_that_cannot_be_read_is_named_without_its_text(in_order, settings):
    settings.KEYRING_FILE, settings.KEYRING = "", '{"current": "a secret"}'
    found = wrong_lines()
    assert found["keys"][1].startswith("startup.E019: The keyring cannot be read")
    assert "secret" not in str(found)


def test_a_check_that_fails_is_a_line_without_the_text_of_the_error(in_order, settings):
    settings.KEYRING_FILE = f"{settings.KEYRING_FILE}\0"  # no file has such a name
    found = wrong_lines()
    assert found["keyring"] == ("failed", "could not be checked (ValueError)")


def test_a_database_that_cannot_be_reached_is_the_first_thing_to_mend():
    there = {**os.environ, "DATABASE_URL": "postgres://app:a-secret@127.0.0.1:1/portal"}
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=there, capture_output=True, text=True, check=False)
    lines = {line["part"]: line for line in json.loads(done.stdout)}
    assert (done.returncode, lines["database"]["seen"]) == (1, "cannot be reached")
    assert lines["database"]["remedy"].startswith("Start PostgreSQL")
    assert lines["migrations"]["remedy"].startswith("Mend the parts above first")
    assert "a-secret" not in done.stdout + done.stderr


def test_lines_for_people_end_with_a_count(in_order):
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "failed     backups" in out.getvalue()
    assert "→ Run: manage.py backup FILE, every day." in out.getvalue()
    assert out.getvalue().endswith("18 lines: 16 ok, 1 attention, 1 failed.\n")


@pytest.fixture
def no_database(monkeypatch):
    leave_database()
    for name, value in (("HOST", "127.0.0.1"), ("PORT", "1")):
        monkeypatch.setitem(connections.databases["default"], name, value)
    yield
    leave_database()


def test_alive_asks_no_database(client, django_db_blocker, no_database):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert "no-store" in answer["Cache-Control"]
    assert client.post("/healthz").status_code == client.post("/readyz").status_code == 405


def test_ready_when_the_database_has_every_migration(client, db, monkeypatch):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert "no-store" in answer["Cache-Control"]
    monkeypatch.setattr(operations, "_known_migrations", lambda: {("consent", "9999_coming")})
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "migrations_missing")


def test_not_ready_without_a_database(client, committed, no_database):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database_unreachable")
    assert "127.0.0.1" not in answer.content.decode()


@pytest.mark.parametrize(("seconds", "status"), [(-3, 503), (-1, 200), (1, 200), (3, 503)])
def test_not_ready_where_the_clock_is_not_the_databases(client, db, time_machine, seconds, status):
    time_machine.move_to(timezone.now() + timedelta(seconds=seconds))
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json().get("reason") == ("clock_differs" if status == 503 else None)


SIGN_IN = {"login": "amina@paktaleem.test", "password": "wrong"}
FULL_DISK = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device'; END $$;
"""


@pytest.fixture
def full(committed):
    """Let every new row of these tables fail as on a full disk."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(FULL_DISK)
        for table in ("people_subject", "staff_counter", "django_session"):
            cursor.execute(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} EXECUTE FUNCTION no_room()")
    yield committed
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP FUNCTION no_room CASCADE")


def writes(key):
    """Send a write to the API and one to a page; yield the answers."""
    lms, browser = Caller(key), Browser(raise_request_exception=False)
    yield lms.put("/api/v1/subjects/lms-new", {"role": "learner"})
    yield browser.post("/admin/login/", SIGN_IN)


def check_refused(answers, outage):
    by_api, by_page = answers
    assert (by_api.status_code, by_api["Content-Type"]) == (503, "application/problem+json")
    assert by_api.json()["type"] == f"urn:paktaleem:problem:{outage.problem.code}"
    assert by_page.status_code == 503
    assert str(outage.advice) in by_page.content.decode()
    assert by_api["Retry-After"] == by_page["Retry-After"] == str(outage.retry_after)


def test_a_write_to_a_full_disk_is_503(full):
    check_refused(writes(full.key("indus")), FULL)


def test_any_request_without_a_database_is_503(committed, monkeypatch):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 0.0)
    key = committed.key("indus")
    leave_database()
    for alias in ("default", "aside"):
        monkeypatch.setitem(connections.databases[alias], "PORT", "1")
    check_refused(writes(key), UNREACHABLE)
    lms, browser = Caller(key), Browser(raise_request_exception=False)
    for path in ("/privacy/", "/privacy/indus/", "/requests/", "/concern/", "/admin/"):
        answer = browser.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5"), path
    decision = lms.post("/access/v1/evaluation", question("lms-danish", "service_delivery"))
    assert (decision.status_code, decision["Retry-After"]) == (503, "5")
    assert browser.get("/healthz").status_code == 200
    leave_database()


@pytest.mark.parametrize(
    ("cause", "outage"),
    [
        (errors.DiskFull, FULL),
        (errors.ReadOnlySqlTransaction, READ_ONLY),
        (errors.QueryCanceled, BUSY),
        (errors.LockNotAvailable, BUSY),
        (errors.AdminShutdown, UNREACHABLE),
        (errors.ConnectionTimeout, UNREACHABLE),
        (errors.UndefinedTable, None),
    ],
)
def test_an_error_is_named_by_its_first_cause(cause, outage):
    first = OperationalError("quotes a row")
    first.__cause__ = cause("quotes a row")
    later = OperationalError("the connection is closed")
    later.__context__ = first
    assert find_outage(first) is outage
    assert find_outage(later) is (outage or UNREACHABLE)
    assert find_outage(ValueError()) is None


def test_readiness_and_doctor_see_a_full_disk(committed, monkeypatch):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 0.0)

    def fill_disk(execute, sql, params, many, context):
        if "generate_series" in sql:
            raise OperationalError from errors.DiskFull("could not write to file: No space left on device")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fill_disk):
        answer = Browser().get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "database_full")
        [line] = check_database()
        assert line.seen == FULL.problem.title


def test_commits_are_durable_although_the_setting_is_off(committed):
    """The tests' own server has it off, as after an ALTER SYSTEM under running processes."""
    assert read_database().synchronous_commit == "off", "doctor and the start see what the server is set to"
    for opening in (in_client(committed.client_id("indus")), autonomous_transaction()):
        with opening as alias, connections[alias or "default"].cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)


def test_an_unreachable_database_stops_the_portal_and_is_asked_again(monkeypatch):
    def away(**_):
        raise OperationalError

    gate = ReadinessMiddleware(lambda _: HttpResponse())
    monkeypatch.setattr("paktaleem.office.health.erasure_state", away)
    with pytest.raises(OperationalError):
        gate._may_serve()
    assert gate._next_check_at == 0.0
