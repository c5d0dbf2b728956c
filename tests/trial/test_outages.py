"""A database that is stopped, full or read-only: 503 with the cause and Retry-After, and seen by /readyz and doctor."""

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections
from django.http import HttpResponse
from django.test import Client as Browser
from psycopg import errors

from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.operations.startup.diagnosis import check_database
from paktaleem.foundation.operations.startup.findings import read_database
from paktaleem.foundation.outages import BUSY, FULL, READ_ONLY, UNREACHABLE, find_outage
from paktaleem.foundation.tenancy.context import autonomous_transaction, in_client
from paktaleem.office.readiness import ReadinessMiddleware
from tests.api.callers import Caller, question
from tests.database import leave_database
from tests.tenancy.connections import enter

SIGN_IN = {"login": "amina@paktaleem.test", "password": "wrong"}
FULL_DISK = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device'; END $$;
"""


@pytest.fixture
def read_only(committed):
    """Let the database accept no changes, as a standby."""
    name = connection.settings_dict["NAME"]
    alter(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    yield committed
    alter(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


def alter(statement):
    leave_database()
    with enter(SUPERUSER, autocommit=True) as door:
        door.execute("SET default_transaction_read_only = off")
        door.execute(statement)


@pytest.fixture
def full(committed):
    """Let every new row of these tables fail as on a full disk."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(FULL_DISK)
        for table in ("subjects_subject", "signin_counter", "django_session"):
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


def test_a_write_to_a_read_only_database_is_503_and_a_read_is_served(read_only):
    check_refused(writes(read_only.key("indus")), READ_ONLY)
    lms = Caller(read_only.key("indus"))
    assert lms.get("/api/v1/purposes").status_code == 200
    assert lms.ask("lms-danish", "service_delivery")["context"]["reason"]


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


def test_readiness_and_doctor_see_a_standby(read_only, monkeypatch):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 0.0)
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database_read_only")
    [line] = check_database()
    assert (line.part, line.seen) == ("database", READ_ONLY.problem.title)


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
    with in_client(committed.client_id("indus")), connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
    with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_an_unreachable_database_stops_the_portal_and_is_asked_again(monkeypatch):
    def away(**_):
        raise OperationalError

    gate = ReadinessMiddleware(lambda _: HttpResponse())
    monkeypatch.setattr("paktaleem.office.readiness.erasure_state", away)
    with pytest.raises(OperationalError):
        gate._may_serve()
    assert gate._next_check_at == 0.0
