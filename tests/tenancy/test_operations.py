# ruff: noqa: E501 -- SQL and tables read better in one line
"""Tenant isolation is removed and restored by migrations."""

from django.core.management import call_command
from django.db import connections

from paktaleem.development.embedded import OWNER
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.routers import OwnerOnlyMigrationRouter
from tests.tenancy.catalog import findings
from tests.tenancy.connections import enter, rows


def migrate(*arguments):
    call_command("migrate", *arguments, verbosity=0)
    connections["owner"].close()


def wall_of_the_database():
    """Return the policies, constraints, indexes and triggers of tenant isolation, as text."""
    with enter(OWNER) as door:
        return {
            *rows(
                door, "SELECT schemaname, tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies"
            ),
            *rows(door, "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"),
            *rows(
                door, "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            ),
            *rows(
                door,
                "SELECT oid::regprocedure::text, proacl::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            ),
            *rows(door, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"),
            *rows(
                door,
                "SELECT oid::regclass::text, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
            ),
        }


def test_migrating_back_and_forth_restores_tenant_isolation(committed):
    """Tables keep their rows, those of a domain app and those that every app writes to."""
    before = last = wall_of_the_database()
    for app in ("consent", "ledger"):
        migrate(app, "0001")
        assert wall_of_the_database() != last, app
        last = wall_of_the_database()
    migrate()
    assert wall_of_the_database() == before
    with enter(OWNER) as door:
        assert findings(door) == []
    with in_client(committed.client_id("indus")):
        assert committed.subject("danish").external_id == "lms-danish"


def test_all_migrations_are_undone_and_applied_again(committed):
    """Migrating back to zero and forwards again gives the same schema as the template database."""
    before = wall_of_the_database()
    for app in ("accounts", "ledger", "tenancy"):  # with all apps that depend on them
        migrate(app, "zero")
    with enter(OWNER) as door:
        assert rows(door, "SELECT proname FROM pg_proc WHERE proname ~ '^(tenancy|accounts|subjects|consent)_'") == []
        assert rows(door, "SELECT relname FROM pg_class WHERE relname ~ '^(accounts|subjects|consent|ledger)_'") == []
        assert rows(door, "SELECT 1 FROM pg_policies") == []
    migrate()
    assert wall_of_the_database() == before
    with enter(OWNER) as door:
        assert findings(door) == []


def test_the_next_migrate_revokes_grants_given_by_hand(committed):
    before = wall_of_the_database()
    with enter(OWNER) as door:
        door.execute("GRANT ALL ON ledger_entry TO paktaleem_app, paktaleem_officer, PUBLIC")
    assert wall_of_the_database() != before
    migrate()
    assert wall_of_the_database() == before


def test_the_app_role_cannot_migrate(committed):
    assert not OwnerOnlyMigrationRouter().allow_migrate("default", "consent")
    assert OwnerOnlyMigrationRouter().allow_migrate("owner", "consent")
