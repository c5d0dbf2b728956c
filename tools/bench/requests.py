"""The requests that are measured, for HTTP and for pgbench."""

import random
import secrets
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from tools.bench.loading import request_bytes
from tools.bench.world import CLIENTS, OWN, PATTERN, key_of

SENT = 20_000
_chance = random.Random(11)  # noqa: S311 -- nothing secret


def decisions(people: int) -> list[bytes]:
    """Return decision requests about random people of every client."""
    return [_one(_chance.randrange(CLIENTS), people) for _ in range(SENT)]


def warming() -> list[bytes]:
    """Return one decision request per client, so that every process has compiled its register."""
    return [_one(client, 1) for client in range(CLIENTS)]


def _one(client: int, people: int) -> bytes:
    body = _question(client, people)
    return request_bytes("/access/v1/evaluation", key_of(client), body)


def _question(client: int, people: int) -> dict[str, object]:
    return {
        "subject": {"type": "end_user", "id": f"stu-{client}-{_chance.randrange(people)}"},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": _chance.choice(list(OWN))},
    }


def batches(people: int, size: int) -> list[bytes]:
    """Return batches of decision requests, each about people of one client."""
    return [
        request_bytes(
            "/access/v1/evaluations", key_of(client), {"evaluations": [_question(client, people) for _ in range(size)]}
        )
        for client in _chance.sample(range(CLIENTS), 100)
    ]


def decision_script(people: int) -> str:
    """Return the statement of the decision as a pgbench script."""
    return (
        f"\\set client random(0, {CLIENTS - 1})\n"
        f"\\set person random(0, {people - 1})\n"
        "SELECT consent_decision_facts(sha256(('ptk_bench_' || :client)::bytea),"
        " 'stu-' || :client || '-' || :person, now());\n"
    )


def _pattern(superuser_url: str) -> tuple[UUID, UUID]:
    query = """SELECT p.id, v.id FROM consent_purpose p JOIN consent_notice n ON n.client_id = p.client_id
               AND p.code = ANY (n.purposes) JOIN consent_noticeversion v ON v.notice_id = n.id
               WHERE p.client_id = %s AND p.code = 'newsletter'"""
    with psycopg.connect(superuser_url) as connection:
        found: tuple[UUID, UUID] = connection.execute(query, [PATTERN]).fetchone() or (PATTERN, PATTERN)
        return found


def consents(superuser_url: str, people: int) -> list[bytes]:
    """Return answers to record, each with its own idempotency key."""
    _, version = _pattern(superuser_url)
    with psycopg.connect(superuser_url) as connection:
        rows = connection.execute(
            "SELECT n, md5(%s || n)::uuid FROM generate_series(1, %s - 1) n", [str(version), CLIENTS]
        ).fetchall()
    tokens = {client: _shown(client, found) for client, found in rows}
    return [_consent(_chance.randrange(1, CLIENTS), people, tokens) for _ in range(SENT)]


def _shown(client: int, version: UUID) -> str:
    return sign_notice_token(
        ShownNotice(version, ("newsletter",), "", UUID(int=PATTERN.int + client), datetime.now(UTC))
    )


def _consent(client: int, people: int, tokens: dict[int, str]) -> bytes:
    body = {
        "subject": f"stu-{client}-{_chance.randrange(people)}",
        "answers": [{"purpose": "newsletter", "state": "given"}],
        "shown": tokens[client],
    }
    return request_bytes("/api/v1/consents", key_of(client), body, **{"Idempotency-Key": secrets.token_hex(16)})


CONSENT = r"""
\set client random(1, {last_client})
\set person random(0, {last_person})
BEGIN;
SELECT set_config('role', 'none', true),
    set_config('paktaleem.client', '019b0000-0000-7000-8000-' || lpad(to_hex(:client::int), 12, '0'), true) AS tenant
\gset
SELECT id AS subject FROM people_subject
WHERE client_id = :tenant::uuid AND external_id = 'stu-' || :client || '-' || :person FOR UPDATE
\gset
INSERT INTO consent_consentevent (id, client_id, subject_id, purpose_id, purpose_owner, state, given_by,
    notice_version_id, notice_version_owner, shown_hash, shown_at, language, method, actor_kind, actor_id, actor_role,
    recorded_at)
VALUES (gen_random_uuid(), :tenant::uuid, :subject::uuid, md5('{purpose}' || :client)::uuid, :tenant::uuid, 'given',
    'self', md5('{version}' || :client)::uuid, :tenant::uuid, repeat('a', 64), now(), 'en', 'lms', 'api_key',
    :tenant::uuid, 'api_key', now()) RETURNING id AS event
\gset
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by,
    notice_version, recorded_at)
VALUES (:event::uuid, :tenant::uuid, :subject::uuid, md5('{purpose}' || :client)::uuid, :tenant::uuid, 'given',
    :event::uuid, 'self', md5('{version}' || :client)::uuid, now())
ON CONFLICT (client_id, subject_id, purpose_id) DO UPDATE SET
    state = excluded.state, event_id = excluded.event_id, given_by = excluded.given_by,
    notice_version = excluded.notice_version, recorded_at = excluded.recorded_at, expires_at = excluded.expires_at;
INSERT INTO audit_entry (id, client_id, kind, subject_id, actor_kind, actor_id, actor_role, recorded_at, body,
    leaf_hash)
VALUES (gen_random_uuid(), :tenant::uuid, 'consent.given', :subject::uuid, 'api_key', :tenant::uuid, 'api_key', now(),
    repeat('b', 700), sha256(:event::bytea));
INSERT INTO web_keptanswer (id, client_id, slot, fingerprint, status, headers, body, stored_at)
VALUES (gen_random_uuid(), :tenant::uuid, sha256(:event::bytea), sha256(:event::bytea), 201, '{}',
    decode(repeat('ab', 180), 'hex'), now());
COMMIT;
"""


def consent_script(superuser_url: str, people: int) -> str:
    """Return a pgbench script of the writes of one consent: event, state, evidence, idempotency key, one commit."""
    purpose, version = _pattern(superuser_url)
    return (
        CONSENT.replace("{last_client}", str(CLIENTS - 1))
        .replace("{last_person}", str(people - 1))
        .replace("{purpose}", str(purpose))
        .replace("{version}", str(version))
    )
