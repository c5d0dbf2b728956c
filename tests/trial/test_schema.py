"""A database whose schema is not that of the code: no start, no migration, and words from the doctor."""

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.operations.diagnosis import State
from paktaleem.foundation.operations.startup import findings
from paktaleem.foundation.operations.startup.diagnosis import check_migrations
from paktaleem.foundation.tenancy.operations import list_missing_parts, missing_migrations
from tests.database import leave_database, template_ready


@pytest.fixture
def change(committed):
    """Run statements in the database of this test as its superuser."""
    url = template_ready().url(SUPERUSER, str(connections.databases["default"]["NAME"]))
    with psycopg.connect(url, autocommit=True) as link:
        yield link.execute


def assert_refused(monkeypatch, code):
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
    assert_refused(monkeypatch, "startup.E024")
    parts = list_missing_parts()
    assert {
        "table mailbox_mailboxcheck",
        "column people_subject.grade",
        "constraint subjectkey_one_per_person of people_subjectkey",
        "row-level security of consent_consent",
        "function tenancy_refuse_change",
    } <= set(parts)


def test_a_database_that_lacks_migrations_is_refused(change, monkeypatch):
    change("DELETE FROM django_migrations WHERE app = 'mailbox' AND name = '0002_tenancy'")
    assert "mailbox.0002_tenancy" in assert_refused(monkeypatch, "startup.E023")


def test_a_database_of_a_newer_version_is_served(change):
    change("INSERT INTO django_migrations (app, name, applied) VALUES ('mailbox', '9999_coming', now())")
    change("ALTER TABLE mailbox_mailboxcheck ADD COLUMN coming text")
    [line] = check_migrations()
    assert line.state is State.OK


def test_a_database_of_a_version_that_is_too_old_is_refused_by_migrate_too(change, monkeypatch):
    change("UPDATE django_migrations SET name = '0001_accounts' WHERE app = 'accounts' AND name = '0001_tables'")
    assert "this one cannot upgrade" in assert_refused(monkeypatch, "startup.E022")
    with pytest.raises(CommandError, match="this one cannot upgrade"):
        call_command("migrate", verbosity=0)


def test_migrate_without_the_owners_address_says_where_it_belongs(committed, monkeypatch):
    leave_database()
    monkeypatch.setitem(connections.databases["owner"], "NAME", settings.NOT_CONFIGURED)
    with pytest.raises(CommandError, match=r"Set DATABASE_OWNER_URL .* docs/deploy/owner\.env"):
        call_command("migrate", verbosity=0)
