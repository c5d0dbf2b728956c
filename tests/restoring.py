"""Put the rows of a copied database back, instead of copying it again.

A test that commits leaves its rows behind. Before the next test the rows of the template are put back in all tables.
A database whose schema, privileges or settings were changed, or that has grown, is not used again.
"""

from typing import Any, Literal, cast

import psycopg
from psycopg import sql

from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint

MOST_GROWTH = 8 * 1024 * 1024
"""Bytes by which a database may grow before it costs more to clear than to copy."""

TABLES = """
    SELECT c.oid::regclass::text, (
        SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    )
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public'
    ORDER BY 1
"""
WRITTEN = """
    SELECT c.oid::regclass::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public' AND pg_relation_size(c.oid) > 0
"""
"""Tables that have, or have had, a row: the file of any other is empty."""
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), start_value, last_value FROM pg_sequences"
SCHEMA = """
    WITH kept AS (
        SELECT oid, xmin FROM pg_class WHERE relpersistence <> 't' AND relnamespace <> 'pg_toast'::regnamespace
    )
    SELECT
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM kept WHERE oid >= 16384),
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM pg_attribute WHERE attrelid IN (SELECT oid FROM kept)),
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM pg_proc),
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM pg_trigger),
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM pg_policy),
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM pg_constraint),
        (SELECT array[count(*), sum(xmin::text::bigint)] FROM pg_db_role_setting)
"""
OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class RestoredDatabase:
    """A database, what it held when it was new, and a connection that stays open: a new one would cost the most."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self._connection: psycopg.Connection[Any] = psycopg.connect(endpoint.url(SUPERUSER, name), autocommit=True)
        self._connection.execute("SET session_replication_role = replica")  # no triggers
        self._columns: dict[str, list[str]] = dict(self._connection.execute(TABLES).fetchall())
        self._rows = {table: self._copy_out(table) for table in self._columns if self._has_rows(table)}
        self._sequences = self._connection.execute(SEQUENCES).fetchall()
        self._schema, self._size = self._read_schema(), self._read_size()

    def is_reusable(self) -> bool:
        """Return True if the rows can be put back: same schema, privileges and settings, and not much larger.

        Ends the connections that processes of the previous test left.
        """
        try:
            self._connection.execute(OTHERS)
            return self._read_schema() == self._schema and self._read_size() - self._size < MOST_GROWTH
        except psycopg.OperationalError:  # a test restarted the server, or ended every connection
            return False

    def restore(self) -> None:
        with self._connection.transaction():
            written = [table for (table,) in self._connection.execute(WRITTEN).fetchall()]
            deletions = [sql.SQL("DELETE FROM {}").format(_raw(table)) for table in written]
            self._connection.execute(sql.SQL("; ").join(deletions))
            for table, content in self._rows.items():
                with self._connection.cursor().copy(self._copying(table, "FROM STDIN")) as copy:
                    copy.write(content)
            for sequence, start, last in self._sequences:
                parameters = [sequence, last or start, last is not None]
                self._connection.execute("SELECT setval(%s::regclass, %s, %s)", parameters)

    def close(self) -> None:
        self._connection.close()

    def _copy_out(self, table: str) -> bytes:
        with self._connection.cursor().copy(self._copying(table, "TO STDOUT")) as copy:
            return b"".join(bytes(block) for block in copy)

    def _copying(self, table: str, direction: Literal["FROM STDIN", "TO STDOUT"]) -> sql.Composed:
        names = sql.SQL(", ").join(map(sql.Identifier, self._columns[table]))
        return sql.SQL("COPY {} ({}) {} (FORMAT binary)").format(_raw(table), names, sql.SQL(direction))

    def _has_rows(self, table: str) -> bool:
        return self._connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(_raw(table))).fetchone() is not None

    def _read_schema(self) -> tuple[Any, ...]:
        return tuple(self._connection.execute(SCHEMA).fetchone() or ())

    def _read_size(self) -> int:
        [size] = self._connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
        return int(size)


def _raw(table: str) -> sql.SQL:
    return sql.SQL(cast("Any", table))
