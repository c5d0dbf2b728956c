"""The system check rejects tables without an access declaration and unclassified text fields."""

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import connections, models
from django.db.migrations.loader import MigrationLoader
from django.test.utils import isolate_apps

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import OWNER
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy import operations
from paktaleem.foundation.tenancy.checks import check_declarations
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.routers import OwnerOnlyMigrationRouter
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, READ, CreateTables, Personal, Scope, TablePolicy
from paktaleem.foundation.tenancy.third_party import THIRD_PARTY_TABLES
from tests.project.offenders import refuse_any
from tests.tenancy.catalog import GLOBAL_TABLES, findings
from tests.tenancy.connections import enter, rows


def errors_of(model, monkeypatch):
    monkeypatch.setattr(apps, "get_models", lambda **_: [model])
    return [(error.id, error.obj) for error in check_declarations()]


def make_model(wall=None, **fields):
    values = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "tenancy"}), **fields}
    if wall is not None:
        values["wall"] = wall
    return type("Planted", (models.Model,), values)


def test_every_model_of_the_project_is_declared():
    assert check_declarations() == []


@isolate_apps("paktaleem.foundation.tenancy")
def test_a_model_without_a_table_policy_is_refused(monkeypatch):
    model = make_model()
    assert errors_of(model, monkeypatch) == [("tenancy.E001", model)]


@isolate_apps("paktaleem.foundation.tenancy")
def test_a_tenant_model_without_a_client_is_refused(monkeypatch):
    model = make_model(TablePolicy(EDIT))
    assert errors_of(model, monkeypatch) == [("tenancy.E002", model)]


@isolate_apps("paktaleem.foundation.tenancy")
def test_a_catalogue_without_an_owner_is_refused(monkeypatch):
    model = make_model(TablePolicy(EDIT, Scope.CATALOGUE))
    assert errors_of(model, monkeypatch) == [("tenancy.E002", model)]


FREE = {
    "char": lambda: models.CharField(max_length=9),
    "text": models.TextField,
    "slug": models.SlugField,
    "email": models.EmailField,
    "url": models.URLField,
    "json": models.JSONField,
    "binary": models.BinaryField,
    "file": models.FileField,
    "image path": models.FilePathField,
    "array of numbers": lambda: ArrayField(models.IntegerField()),
    "array of texts": lambda: ArrayField(models.CharField(max_length=9)),
    "internet address": models.GenericIPAddressField,
    "sealed": SealedField,
}


@isolate_apps("paktaleem.foundation.tenancy")
@pytest.mark.parametrize("make", FREE.values(), ids=FREE)
def test_an_unclassified_field_is_refused(monkeypatch, make):
    model = make_model(TablePolicy(EDIT), client_id=models.UUIDField(), planted=make())
    assert errors_of(model, monkeypatch) == [("tenancy.E003", model)]


@isolate_apps("paktaleem.foundation.tenancy")
@pytest.mark.parametrize("make", FREE.values(), ids=FREE)
def test_a_classified_field_passes(monkeypatch, make):
    wall = TablePolicy(EDIT, personal={"planted": Personal.NONE})
    assert errors_of(make_model(wall, client_id=models.UUIDField(), planted=make()), monkeypatch) == []


@isolate_apps("paktaleem.foundation.tenancy")
def test_a_third_party_table_that_is_not_listed_is_refused(monkeypatch):
    model = make_model()
    model._meta.db_table = "django_session"
    monkeypatch.delitem(THIRD_PARTY_TABLES, "django_session")
    assert errors_of(model, monkeypatch) == [("tenancy.E001", model)]


@isolate_apps("paktaleem.foundation.tenancy")
def test_a_text_of_a_third_party_table_must_be_classified(monkeypatch):
    model = make_model(note=models.TextField())
    model._meta.db_table = "django_session"
    assert errors_of(model, monkeypatch) == [("tenancy.E003", model)]


def test_a_global_table_needs_a_reason():
    with pytest.raises(ValueError, match="reason"):
        TablePolicy(READ, Scope.GLOBAL)


def test_global_tables_are_exactly_the_listed_ones():
    found = {table for table, wall in operations.list_table_policies().items() if wall.scope is Scope.GLOBAL}
    assert found == GLOBAL_TABLES


def test_a_history_table_has_its_models_policy_and_is_append_only():
    wall = operations.find_table_policy(Subject.history.model)
    assert wall is not None
    assert (wall.scope, wall.rights, wall.personal) == (Scope.TENANT, APPEND, Subject.wall.personal)


def test_only_listed_tables_allow_deletion():
    deletable = {table for table, wall in operations.list_table_policies().items() if "DELETE" in wall.rights}
    expected = """
        people_subjectkey files_packagekey schools_classterm schools_enrolment schools_rosterchunk
        access_links_pagelink access_links_pagecode web_keptanswer cookies_visitor consent_subjectchange
        consent_registerchange security_securityevent webhooks_message webhooks_delivery webhooks_attempt
        consent_decisioncount consent_loggeddecision inventories_erasedid
    """
    assert deletable - GLOBAL_TABLES == set(expected.split())


def migrate(*arguments):
    call_command("migrate", *arguments, verbosity=0)
    connections["owner"].close()


ISOLATION = """
SELECT schemaname, tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
SELECT oid::regprocedure::text, proacl::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
SELECT oid::regclass::text, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""


def read_isolation():
    with enter(OWNER) as connection:
        return {row for query in ISOLATION.strip().splitlines() for row in rows(connection, query)}


def test_an_apps_tables_are_created_in_one_operation():
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
    before = read_isolation()
    for app in ("accounts", "audit", "tenancy"):  # with all apps that depend on them
        migrate(app, "zero")
    with enter(OWNER) as connection:
        functions = "SELECT proname FROM pg_proc WHERE proname ~ '^(tenancy|accounts|subjects|consent)_'"
        tables = "SELECT relname FROM pg_class WHERE relname ~ '^(accounts|subjects|consent|ledger)_'"
        assert (rows(connection, functions), rows(connection, tables)) == ([], [])
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
