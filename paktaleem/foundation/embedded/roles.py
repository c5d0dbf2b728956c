"""Database roles of the portal and their privileges, applied to an embedded server; idempotent.

Tenant isolation depends on them: the owner migrates, the app serves and owns nothing, the officer reads across clients
when the app switches to it by SET LOCAL ROLE, the limited role serves staff limited to schools likewise, the backup
role reads everything and writes nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from paktaleem.foundation.embedded.layout import APP, BACKUP, LIMITED, OFFICER, OWNER, SUPERUSER, Endpoint

MAINTENANCE = "postgres"
LOCK_KEY = 0x50_4B_54
"""Advisory lock that serializes processes starting at the same time."""

NOTHING: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT -1"
ATTRIBUTES: Mapping[str, LiteralString] = {
    OWNER: f"LOGIN NOBYPASSRLS INHERIT {NOTHING}",
    APP: f"LOGIN NOBYPASSRLS INHERIT {NOTHING}",
    OFFICER: f"NOLOGIN NOBYPASSRLS INHERIT {NOTHING}",
    LIMITED: f"NOLOGIN NOBYPASSRLS INHERIT {NOTHING}",
    BACKUP: f"LOGIN BYPASSRLS INHERIT {NOTHING}",
}
MEMBERSHIPS: Mapping[tuple[str, str], LiteralString] = {
    (OFFICER, APP): "INHERIT FALSE, SET TRUE",
    (LIMITED, APP): "INHERIT FALSE, SET TRUE",
    ("pg_read_all_data", BACKUP): "INHERIT TRUE, SET FALSE",
}

ROLE_SETTINGS = {
    # Limits per statement, not per transaction, so a roster import of many statements passes. A task that
    # needs more for one statement sets it itself (SET LOCAL statement_timeout).
    APP: {"statement_timeout": "30s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    BACKUP: {"default_transaction_read_only": "on"},
}


def ensure_roles(endpoint: Endpoint) -> None:
    """Create the roles, or reset their attributes, passwords, memberships and settings."""
    with _connected(endpoint, MAINTENANCE) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
        for role, attributes in ATTRIBUTES.items():
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(_compose("CREATE ROLE {}", role))
            connection.execute(_compose("ALTER ROLE {} " + attributes, role))
            verifier: sql.Composable = sql.SQL("NULL")
            if password := endpoint.passwords.get(role):  # a running statement is visible to others: no password in it
                encrypted = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
                verifier = sql.Literal(encrypted.decode())
            connection.execute(_compose("ALTER ROLE {} PASSWORD ", role) + verifier)
            connection.execute(_compose("ALTER ROLE {} RESET ALL", role))
            for setting, value in ROLE_SETTINGS.get(role, {}).items():
                connection.execute(_compose("ALTER ROLE {} SET {} TO ", role, setting) + sql.Literal(value))
        _ensure_memberships(connection)
        for database in (MAINTENANCE, "template1"):
            connection.execute(_compose("REVOKE ALL ON DATABASE {} FROM PUBLIC", database))


def ensure_database(endpoint: Endpoint, name: str, *, template: str | None = None) -> None:
    """Create a database owned by the owner role, or reset its privileges and those of schema ``public``.

    With ``template`` it starts as a copy of that database, which must have no connections.
    """
    with _connected(endpoint, MAINTENANCE) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            source = template or "template1"
            connection.execute(_compose("CREATE DATABASE {} OWNER {} TEMPLATE {}", name, OWNER, source))
        with _connected(endpoint, name) as inside, inside.transaction():
            for statement in (
                _compose("ALTER DATABASE {} OWNER TO {}", name, OWNER),
                _compose("REVOKE ALL ON DATABASE {} FROM PUBLIC, {}, {}, {}, {}", name, APP, OFFICER, LIMITED, BACKUP),
                _compose("GRANT CONNECT ON DATABASE {} TO {}, {}, {}", name, APP, OWNER, BACKUP),
                _compose("GRANT TEMPORARY ON DATABASE {} TO {}", name, APP),  # for the staging table of a roster import
                _compose("ALTER SCHEMA public OWNER TO {}", OWNER),
                _compose("REVOKE ALL ON SCHEMA public FROM PUBLIC, {}, {}, {}, {}", APP, OFFICER, LIMITED, BACKUP),
                _compose("GRANT USAGE ON SCHEMA public TO {}, {}, {}, {}", APP, OFFICER, LIMITED, BACKUP),
            ):
                inside.execute(statement)


def drop_database(endpoint: Endpoint, name: str) -> None:
    """Drop a database and its connections; does nothing if it does not exist."""
    with _connected(endpoint, MAINTENANCE) as connection:
        connection.execute(_compose("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


@contextmanager
def _connected(endpoint: Endpoint, database: str) -> Iterator[psycopg.Connection]:
    where = f"host={endpoint.host} hostaddr={endpoint.host} port={endpoint.port} sslmode=disable gssencmode=disable"
    login: dict[str, Any] = {"user": SUPERUSER, "password": endpoint.passwords[SUPERUSER], "dbname": database}
    with psycopg.connect(where, connect_timeout=20, autocommit=True, options="", **login) as connection:
        yield connection


def _compose(template: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(template).format(*map(sql.Identifier, names))


def _ensure_memberships(connection: psycopg.Connection) -> None:
    held = connection.execute(
        "SELECT roleid::regrole::text, member::regrole::text, grantor::regrole::text"
        " FROM pg_auth_members WHERE member::regrole::text = ANY(%s)",
        [list(ATTRIBUTES)],
    ).fetchall()
    for role, member, grantor in held:
        if (role, member) not in MEMBERSHIPS:
            connection.execute(_compose("REVOKE {} FROM {} GRANTED BY {}", role, member, grantor))
    for (role, member), options in MEMBERSHIPS.items():
        connection.execute(_compose("GRANT {} TO {} WITH ADMIN FALSE, " + options, role, member))
