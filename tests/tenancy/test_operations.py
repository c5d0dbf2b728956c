# ruff: noqa: E501 -- SQL and tables read better in one line
"""Tenant isolation is removed and restored by migrations."""

from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.embedded.layout import OWNER
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.routers import OwnerOnlyMigrationRouter
from paktaleem.foundation.tenancy.tables import CreateTables
from tests.project.offenders import refuse_any
from tests.tenancy.catalog import findings
from tests.tenancy.connections import enter, rows


def migrate(*arguments):
    call_command("migrate", *arguments, verbosity=0)
    connections["owner"].close()


def read_isolation():
    """Return the policies, constraints, indexes and triggers of tenant isolation, as text."""
    with enter(OWNER) as connection:
        return {
            *rows(
                connection,
                "SELECT schemaname, tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies",
            ),
            *rows(connection, "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"),
            *rows(
                connection,
                "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            ),
            *rows(
                connection,
                "SELECT oid::regprocedure::text, proacl::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            ),
            *rows(connection, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"),
            *rows(
                connection,
                "SELECT oid::regclass::text, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
            ),
        }


def test_an_apps_tables_are_created_in_one_operation():
    """Each operation of Django's own renders all models that are linked to its model, and almost all are linked."""
    nodes = MigrationLoader(None).graph.nodes
    refuse_any(
        (
            (
                f"{app}.{name}",
                [type(one).__name__ for one in nodes[app, name].operations if type(one) is not CreateTables],
            )
            for app, name in nodes
            if name == "0001_tables"
        ),
        advice="Put indexes and constraints into the options of their model, and the models into CreateTables:",
    )


def test_migrating_back_and_forth_restores_tenant_isolation(committed):
    """Tables keep their rows, those of a domain app and those that every app writes to."""
    before = last = read_isolation()
    for app in ("consent", "audit"):
        migrate(app, "0001")
        assert read_isolation() != last, app
        last = read_isolation()
    migrate()
    assert read_isolation() == before
    with enter(OWNER) as connection:
        assert findings(connection) == []
    with in_client(committed.client_id("indus")):
        assert committed.subject("danish").external_id == "lms-danish"


def test_all_migrations_are_undone_and_applied_again(committed):
    """Migrating back to zero and forwards again gives the same schema as the template database."""
    before = read_isolation()
    for app in ("accounts", "audit", "tenancy"):  # with all apps that depend on them
        migrate(app, "zero")
    with enter(OWNER) as connection:
        assert (
            rows(connection, "SELECT proname FROM pg_proc WHERE proname ~ '^(tenancy|accounts|subjects|consent)_'")
            == []
        )
        assert (
            rows(connection, "SELECT relname FROM pg_class WHERE relname ~ '^(accounts|subjects|consent|ledger)_'")
            == []
        )
        assert rows(connection, "SELECT 1 FROM pg_policies") == []
    migrate()
    assert read_isolation() == before
    with enter(OWNER) as connection:
        assert findings(connection) == []


def test_the_next_migrate_revokes_grants_given_by_hand(committed):
    before = read_isolation()
    with enter(OWNER) as connection:
        connection.execute("GRANT ALL ON audit_entry TO paktaleem_app, paktaleem_officer, PUBLIC")
    assert read_isolation() != before
    migrate()
    assert read_isolation() == before


def test_the_app_role_cannot_migrate(committed):
    assert not OwnerOnlyMigrationRouter().allow_migrate("default", "consent")
    assert OwnerOnlyMigrationRouter().allow_migrate("owner", "consent")
