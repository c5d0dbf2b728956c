"""A database that a test committed to is as new for the next test."""

import psycopg
import pytest

from paktaleem.foundation.embedded.layout import SUPERUSER
from tests.database import restored_database
from tests.restoring import TABLES

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
    """Return all rows, sequences, functions, privileges and switched-off triggers."""
    with connected(endpoint) as connection:
        tables = [table for table, _ in connection.execute(TABLES).fetchall()]
        rows = [connection.execute(f"TABLE {table}").fetchall() for table in tables]
        return [sorted(map(str, found)) for found in rows], [connection.execute(one).fetchall() for one in BESIDE_ROWS]
