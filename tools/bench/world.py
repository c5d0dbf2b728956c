"""The measured world: 500 clients and a million consents, created by set-based SQL.

One client is created through the services; the others are copies of its rows with their own ids. People and their
answers are deterministic, so that a load generator knows their names: person ``p`` of client ``n`` has the LMS id
``stu-n-p``, client ``n`` the key ``ptk_bench_n``.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from consent.notices.services.publishing import load_register
from consent.notices.starter_register import CATEGORIES, PURPOSES
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.factories import CAST_AT, SETTING_UP, ClientFactory, make_agreement, make_consent_purpose, make_key

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 500
OWN = {"newsletter": ["contact_details"], "product_research": ["contact_details", "usage_logs"]}
PURPOSES_ANSWERED = len(OWN)
PATTERN = UUID("019b0000-0000-7000-8000-000000000000")
"""The client created through the services, number 0."""

COPIED = (
    "accounts_client",
    "consent_purpose",
    "consent_lawfulbasis",
    "consent_notice",
    "consent_noticeversion",
    "consent_serviceagreement",
    "consent_instruction",
)
"""The tables of a client that a decision needs, in the order of their foreign keys."""


def key_of(client: int) -> str:
    """Return the secret of a client's API key."""
    return f"ptk_bench_{client}"


def fill_register(owner_url: str) -> None:
    """Load the register and create the clients, with agreements, instructions, notices and keys."""
    with in_client(PAKTALEEM):
        load_register(actor=SETTING_UP, at=CAST_AT)
    with in_client(PATTERN):
        client = ClientFactory(id=PATTERN, code="school_0", serves_minors=False)
        for code, categories in OWN.items():
            make_consent_purpose(client, code, categories)
        make_agreement(client, [*PURPOSES, *OWN], list(CATEGORIES))
        make_key(PATTERN)
    with psycopg.connect(owner_url) as connection:
        copy_clients(connection, PATTERN, CLIENTS)
        _make_keys(connection)


def copy_clients(connection: psycopg.Connection, pattern: UUID, clients: int) -> None:
    """Create clients 1 to ``clients - 1`` as copies of the pattern client."""
    for table in COPIED:
        connection.execute(_copies(connection, table), {"clients": clients, "pattern": pattern})


def _copies(connection: psycopg.Connection, table: str) -> sql.Composed:
    found = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table]
    )
    columns: dict[str, str] = dict(found.fetchall())
    values = [_copied(table, name, kind) for name, kind in columns.items()]
    owner = "id" if table == "accounts_client" else "client_id"
    return sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} o, generate_series(1, %(clients)s - 1) n"
        " WHERE o.{owner} = %(pattern)s"
    ).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in columns),
        values=sql.SQL(", ").join(values),
        owner=sql.Identifier(owner),
    )


def _copied(table: str, column: str, kind: str) -> sql.Composable:
    if table == "accounts_client" and column in {"code", "name"}:
        return sql.SQL("'school_' || n")
    if kind != "uuid":
        return sql.SQL("o.{}").format(sql.Identifier(column))
    return sql.SQL(
        "CASE WHEN o.{0} = %(pattern)s"
        " THEN ('019b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
        " ELSE md5(o.{0}::text || n)::uuid END"
    ).format(sql.Identifier(column))


def _make_keys(connection: psycopg.Connection) -> None:
    """Give each client a key with a known secret; the other columns are copied from the issued key."""
    columns = "name, scopes, prefix, created_at, expires_at, revoked_at"
    for client in range(CLIENTS):
        connection.execute(
            f"INSERT INTO accounts_apikey (id, client_id, digest, {columns})"  # noqa: S608 -- fixed names
            " SELECT gen_random_uuid(), %s, %s, name, scopes, 'ptk_bench_' || %s, created_at, expires_at, revoked_at"
            " FROM accounts_apikey WHERE client_id = %s AND name = 'LMS' LIMIT 1",
            [client_id(client), hashlib.sha256(key_of(client).encode()).digest(), str(client), PATTERN],
        )


def client_id(client: int) -> UUID:
    """Return the id of a client by its number."""
    return UUID(int=PATTERN.int + client)


PEOPLE = """
CREATE TEMP TABLE person AS
SELECT ('019c0000-0000-7000-8000-' || lpad(to_hex(p * 1000 + n), 12, '0'))::uuid AS id,
       ('019b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS client_id,
       'stu-' || n || '-' || p AS external_id, p * 1000 + n AS number
FROM generate_series(0, %(people)s - 1) p, generate_series(0, %(clients)s - 1) n ORDER BY p, n;
"""

SUBJECTS = """
INSERT INTO people_subject (id, client_id, external_id, role, language, full_name, email, email_index, name_index,
    details_index, of_age_at, is_enabled, registered_at, changed_at)
SELECT id, client_id, external_id, 'learner', 'en', decode(repeat('ab', 44), 'hex'), decode(repeat('cd', 60), 'hex'),
    sha256(external_id::bytea), sha256(('name' || number)::bytea), sha256(('details' || number)::bytea),
    '1970-01-01T00:00:00Z', true, %(at)s, %(at)s
FROM person;
"""

ANSWERS = """
CREATE TEMP TABLE answer AS
SELECT p.client_id, p.id AS subject_id, u.id AS purpose_id, v.id AS version_id, v.content_hash, p.number,
       ('019d0000-0000-7000-8' || lpad(to_hex(u.rank), 3, '0') || '-' || lpad(to_hex(p.number), 12, '0'))::uuid AS id
FROM person p
JOIN (SELECT id, client_id, code, row_number() OVER (PARTITION BY client_id ORDER BY code) AS rank
      FROM consent_purpose) u USING (client_id)
JOIN consent_notice t ON t.client_id = p.client_id AND u.code = ANY (t.purposes)
JOIN consent_noticeversion v ON v.notice_id = t.id
ORDER BY p.number, u.rank;
"""

EVENTS = """
INSERT INTO consent_consentevent (id, client_id, subject_id, purpose_id, purpose_owner, state, given_by,
    notice_version_id, notice_version_owner, shown_hash, language, method, actor_kind, actor_id, actor_role,
    recorded_at)
SELECT id, client_id, subject_id, purpose_id, client_id, 'given', 'self', version_id, client_id, content_hash, 'en',
    'lms', 'api_key', client_id, 'api_key', %(at)s FROM answer;
"""

CONSENTS = """
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by,
    notice_version, recorded_at)
SELECT id, client_id, subject_id, purpose_id, client_id, 'given', id, 'self', version_id, %(at)s FROM answer;
"""


def is_filled(superuser_url: str) -> bool:
    """Return True if the register and the clients exist: they are created in one transaction, the keys last."""
    return count(superuser_url, "accounts_apikey") >= CLIENTS


def migrate(environment: Mapping[str, str]) -> None:
    """Migrate a stored world to the current schema."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)


def fill_people(superuser_url: str, consents: int) -> None:
    """Add this many consents of people of every client, if they do not exist."""
    people = consents // CLIENTS // PURPOSES_ANSWERED
    if count(superuser_url, "consent_consent"):
        return
    with psycopg.connect(superuser_url) as connection:
        add_people(connection, ANSWERS, EVENTS, CONSENTS, people=people, clients=CLIENTS)
        [found] = connection.execute("SELECT count(*) FROM consent_consent").fetchone() or (0,)
        if found != consents:
            raise RuntimeError(f"{found} consents were made instead of {consents}.")
    settle(superuser_url)


def settle(superuser_url: str, *tables: str) -> None:
    """Vacuum and analyse the tables, all without a name, and write a checkpoint, so that no measurement pays for it."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {', '.join(tables)}")
        connection.execute("CHECKPOINT")


def add_people(connection: psycopg.Connection[Any], *statements: str, people: int, clients: int, **values: Any) -> None:
    """Insert people of each client, and what more statements add, without triggers.

    Triggers expect the context of one client; these rows are of many. ``values`` are more parameters of the statements.
    """
    connection.execute("SET session_replication_role = replica")
    for statement in (PEOPLE, SUBJECTS, *statements):
        connection.execute(statement, {"people": people, "clients": clients, "at": CAST_AT, **values})
    connection.execute("RESET session_replication_role")


def count(superuser_url: str, table: str) -> int:
    with psycopg.connect(superuser_url) as connection:
        [found] = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() or (
            0,
        )
        return int(found)
