"""Every table with fields about people is in a section of a person's copy, or says why it is left out."""

import psycopg
import pytest
from django.apps import apps

from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.tenancy.operations import find_table_policy
from paktaleem.foundation.tenancy.tables import Personal, Scope
from tests.database import restored_database
from tests.restoring import TABLES

_ABOUT_PEOPLE = {Personal.SEALED, Personal.PSEUDONYM}


def test_every_table_about_people_is_in_their_copy_or_says_why_not():
    covered = {table for section in list_sections() for table in section.tables}
    missing = [model._meta.label for model, wall in tables_about_people() if not wall.left_out_of_copies]
    assert [label for label in missing if label not in covered] == []


def test_every_person_of_a_table_has_its_rows_in_their_copy():
    read = {(section.tables[0], path) for section in list_sections() if section.of for path in section.of}
    tables = {table for table, _path in read}
    missing = [
        (model._meta.label, field.name)
        for model, _wall in tables_about_people()
        for field in model._meta.concrete_fields
        if field.related_model is Subject and model._meta.label in tables
        if (model._meta.label, field.name) not in read
    ]
    assert missing == []


def test_no_table_is_in_a_copy_and_left_out_of_it_at_once():
    covered = {table for section in list_sections() for table in section.tables}
    left_out = {model._meta.label for model, wall in tables_about_people() if wall.left_out_of_copies}
    assert covered & left_out == set()
    assert {apps.get_model(label)._meta.label for label in covered} == covered, "labels of models that exist"


def tables_about_people():
    for model in apps.get_models():
        wall = find_table_policy(model)
        is_history = hasattr(model, "history_type") and model is not Subject.history.model
        if wall is None or wall.scope is Scope.GLOBAL or model._meta.proxy or is_history:
            continue
        names = {field.name for field in model._meta.concrete_fields}
        refers = any(field.related_model is Subject for field in model._meta.concrete_fields)
        is_sealed = any(kind in _ABOUT_PEOPLE for name, kind in wall.personal.items() if name in names)
        if refers or is_sealed or "subject_id" in names:
            yield model, wall


NAME = "restored"
UNTIDY = {
    "rows": "DELETE FROM accounts_membership WHERE ctid = (SELECT min(ctid) FROM accounts_membership);"
    "SELECT nextval('procrastinate_jobs_id_seq')",
    "schema": "ALTER TABLE accounts_client ADD COLUMN added int; CREATE INDEX ON accounts_client (added)",
    "function": "CREATE OR REPLACE FUNCTION webhooks_new_id() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'",
    "trigger": "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "privileges": "GRANT DELETE ON audit_entry TO PUBLIC",
    "size": "CREATE TABLE much AS SELECT repeat('x', 1000) FROM generate_series(1, 20000)",
}
BESIDE_ROWS = (
    "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
    "SELECT proname, prosrc FROM pg_proc ORDER BY 1, 2",
    "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
)


@pytest.mark.parametrize("left", UNTIDY.values(), ids=UNTIDY)
def test_the_next_test_finds_the_rows_and_the_schema_of_the_template(django_db_setup, django_db_blocker, left):
    with django_db_blocker.unblock():
        with restored_database(NAME) as endpoint:
            first = contents(endpoint)
            with connected(endpoint) as connection:
                connection.execute("SET session_replication_role = replica")
                connection.execute(left)
            assert contents(endpoint) != first
        with restored_database(NAME) as endpoint:
            assert contents(endpoint) == first


def connected(endpoint):
    return psycopg.connect(endpoint.url(SUPERUSER, NAME), autocommit=True)


def contents(endpoint):
    with connected(endpoint) as connection:
        tables = [table for table, _ in connection.execute(TABLES).fetchall()]
        rows = [connection.execute(f"TABLE {table}").fetchall() for table in tables]
        return [sorted(map(str, found)) for found in rows], [connection.execute(one).fetchall() for one in BESIDE_ROWS]
