# ruff: noqa: S608 -- every name comes from the models, every value is a parameter
"""All SQL of the import; columns come from the models, so that rows, stages and history stay consistent.

Row-level security refuses COPY into protected tables, so rows are copied to temporary tables first. These hold only
ciphertext and keyed hashes and are dropped with the transaction. One statement moves a stage into place and writes the
history of the rows it wrote.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from paktaleem.directory.people.details import PLAIN
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectKey
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.stages import Stage

type Params = Mapping[str, Any]

_SUBJECT, _KEY, _CLAIM, _ENTRY = (model._meta.db_table for model in (Subject, SubjectKey, GuardianClaim, Entry))
# One look-up by a unique key per requested row, fenced by LIMIT. A new client is missing from the statistics: given
# its id, the planner assumes it has no rows, uses any index that begins with the client, and scans all its people
# for each row. In a subquery the id is not a constant to the planner.
_OWN = "client_id = (SELECT %(client)s::uuid)"
_PERSON_WITH_ID = f"SELECT * FROM {_SUBJECT} s WHERE s.{_OWN} AND s.external_id = {{id}} LIMIT 1"
_NEW_PERSON = {
    "client_id": "%(client)s",
    "account_closed_at": "CASE WHEN NOT n.is_enabled THEN %(at)s::timestamptz END",
    "registered_at": "%(at)s",
    "changed_at": "%(at)s",
}
# Only a changed is_enabled opens or closes an account: a roster that repeats itself does not undo an event.
_ACCOUNT_CLOSED_AT = """CASE
    WHEN n.is_enabled = s.is_enabled THEN s.account_closed_at
    WHEN NOT n.is_enabled THEN coalesce(s.account_closed_at, %(at)s::timestamptz)
END"""
_NOT_IMPORTED = ("tombstone", "erasure_started_at", "erased_at", "same_person")
_FIXED_FOR_LIFE = ("id", "external_id")
_NEW_CLAIM = {"client_id": "%(client)s", "starts_at": "%(at)s"}
_HISTORY = {
    "history_id": "n.history_id",
    "history_date": "%(at)s",
    "history_change_reason": "%(reason)s",
    "history_user_id": "NULL",  # actor_id identifies actors of every kind
    "actor_kind": "%(actor_kind)s",
    "actor_id": "%(actor_id)s",
    "actor_role": "%(actor_role)s",
}


def _columns(model: type[models.Model], *, without: Iterable[str] = ()) -> dict[str, str]:
    """Map a model's columns, in order, to their SQL types, without generated columns."""
    left_out = set(without)
    fields = [field for field in model._meta.concrete_fields if not field.generated and field.column not in left_out]
    return {str(field.column): str(field.db_type(connection)) for field in fields}


@cache
def person_stage() -> Stage:
    """Return the stage of people; ``seen_index`` is the version a change was computed from."""
    key = {"key_id": "uuid", **{name: _columns(SubjectKey)[name] for name in ("epoch", "wrapped")}}
    own = {"is_new": "boolean", "seen_index": "bytea", **key, "history_id": "uuid"}
    return Stage("roster_person", {**_columns(Subject, without=[*_NEW_PERSON, *_NOT_IMPORTED]), **own})


@cache
def claim_stage() -> Stage:
    columns = _columns(GuardianClaim, without=_NEW_CLAIM)
    return Stage("roster_claim", {**columns, "is_new": "boolean", "history_id": "uuid"})


@cache
def entry_stage() -> Stage:
    return Stage("roster_entry", _columns(Entry))


NAMED = Stage("roster_named", {"external_id": "text"})
"""The LMS ids that a roster names; it lasts until the end of the import, as ``CLAIMED``."""
CLAIMED = Stage("roster_claimed", {"id": "uuid"})
"""The claims that a roster makes."""


def _stages() -> tuple[Stage, ...]:
    return person_stage(), claim_stage(), entry_stage()


def make_stages() -> None:
    for stage in (*_stages(), NAMED, CLAIMED):
        stage.make()


def empty_stages() -> None:
    _execute(f"TRUNCATE {', '.join(f'pg_temp.{stage.name}' for stage in _stages())}")


def known_people(client_id: UUID, external_ids: list[str]) -> list[tuple[Any, ...]]:
    """Return people: LMS id, id, clear columns, index, sealed fields, epoch, key, if a school names them, if erased."""
    columns = ("external_id", "id", *PLAIN, "details_index", *PERSONAL)
    return _rows(
        f"""
        SELECT {", ".join(f"s.{column}" for column in columns)}, k.epoch, k.wrapped,
            s.role = 'guardian' AND EXISTS (
                SELECT FROM {_CLAIM} c WHERE c.{_OWN} AND c.guardian_id = s.id AND c.ends_at IS NULL),
            s.erasure_started_at IS NOT NULL
        FROM unnest(%(external_ids)s::text[]) AS asked (external_id)
        CROSS JOIN LATERAL ({_PERSON_WITH_ID.format(id="asked.external_id")}) s
        LEFT JOIN LATERAL (
            SELECT * FROM {_KEY} k WHERE k.{_OWN} AND k.subject_id = s.id LIMIT 1) k ON true""",
        {"client": client_id, "external_ids": external_ids},
    )


def erased_tombstones(client_id: UUID, tombstones: list[bytes]) -> set[bytes]:
    sql = f"SELECT tombstone FROM {_SUBJECT} WHERE {_OWN} AND tombstone = ANY(%(tombstones)s)"
    return {bytes(found) for (found,) in _rows(sql, {"client": client_id, "tombstones": tombstones})}


def known_relations(client_id: UUID, pairs: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
    """Return per pair of LMS ids: ids of child, guardian and claim, relationship, its end, if one is being erased."""
    return _rows(
        f"""
        SELECT c.id, g.id, k.id, k.relationship, k.ends_at, num_nonnulls(c.erasure_started_at, g.erasure_started_at) > 0
        FROM unnest(%(children)s::text[], %(guardians)s::text[])
            WITH ORDINALITY AS pair (child, guardian, place)
        LEFT JOIN LATERAL ({_PERSON_WITH_ID.format(id="pair.child")}) c ON true
        LEFT JOIN LATERAL ({_PERSON_WITH_ID.format(id="pair.guardian")}) g ON true
        LEFT JOIN LATERAL (
            SELECT * FROM {_CLAIM} k
            WHERE k.{_OWN} AND k.child_id = c.id AND k.guardian_id = g.id LIMIT 1) k ON true
        ORDER BY pair.place""",
        {
            "client": client_id,
            "children": [child for child, _ in pairs],
            "guardians": [guardian for _, guardian in pairs],
        },
    )


def missing_people(client_id: UUID) -> list[str]:
    """List LMS ids of active people whom an earlier roster created and this one does not name, in order."""
    NAMED.analyse()
    sql = f"""
        SELECT s.external_id FROM {_SUBJECT} s
        WHERE s.{_OWN} AND s.external_id IS NOT NULL AND s.is_enabled
            AND NOT EXISTS (SELECT FROM {NAMED.name} n WHERE n.external_id = s.external_id)
            AND EXISTS (
                SELECT FROM {_history(Subject)._meta.db_table} h
                WHERE h.{_OWN} AND h.id = s.id AND h.history_change_reason = %(reason)s)
        ORDER BY s.external_id"""
    return [name for (name,) in _rows(sql, {"client": client_id, "reason": Reason.ROSTER_IMPORT.value})]


def claims_to_end(client_id: UUID, removed: Sequence[UUID], *, everybody: bool) -> list[tuple[Any, ...]]:
    """List open claims of removed people and, with ``everybody``, an earlier roster's that this one does not make.

    Each row has the ids of claim, child and guardian, the relationship, and the LMS ids of child and guardian.
    """
    CLAIMED.analyse()
    sql = f"""
        SELECT k.id, k.child_id, k.guardian_id, k.relationship, c.external_id, g.external_id
        FROM {_CLAIM} k JOIN {_SUBJECT} c ON c.id = k.child_id JOIN {_SUBJECT} g ON g.id = k.guardian_id
        WHERE k.{_OWN} AND k.ends_at IS NULL AND c.external_id IS NOT NULL AND g.external_id IS NOT NULL
            AND (k.child_id = ANY(%(removed)s) OR k.guardian_id = ANY(%(removed)s) OR (
                %(everybody)s AND NOT EXISTS (SELECT FROM {CLAIMED.name} n WHERE n.id = k.id) AND EXISTS (
                    SELECT FROM {_history(GuardianClaim)._meta.db_table} h
                    WHERE h.{_OWN} AND h.id = k.id AND h.history_change_reason = %(reason)s)))
        ORDER BY c.external_id, g.external_id"""
    params = {"client": client_id, "removed": list(removed), "everybody": everybody}
    return _rows(sql, {**params, "reason": Reason.ROSTER_IMPORT.value})


def count_records(client_id: UUID) -> dict[str, int]:
    """Count the client's people who are not erased, its active people, open relations, email addresses and phones."""
    sql = f"""
        SELECT count(*), count(*) FILTER (WHERE is_enabled), coalesce(sum(num_nonnulls(email, phone)), 0),
            (SELECT count(*) FROM {_CLAIM} WHERE client_id = %(client)s AND ends_at IS NULL)
        FROM {_SUBJECT} WHERE client_id = %(client)s AND external_id IS NOT NULL"""
    [counts] = _rows(sql, {"client": client_id})
    return dict(zip(("registered", "people", "contacts", "relations"), map(int, counts), strict=True))


def write_new_people(params: Params) -> None:
    written = _insert(Subject, person_stage(), _NEW_PERSON, without=_NOT_IMPORTED)
    _execute(_with_history(Subject, written, person_stage(), "+"), params)
    keys = f"""
        INSERT INTO {_KEY} (id, client_id, subject_id, epoch, wrapped)
        SELECT n.key_id, %(client)s, n.id, n.epoch, n.wrapped FROM {person_stage().name} n WHERE n.is_new"""
    _execute(keys, params)


def write_changed_people(params: Params) -> int:
    """Move staged changed people and their history into place; return how many were still unchanged."""
    columns = _columns(Subject, without=[*_NEW_PERSON, *_NOT_IMPORTED, *_FIXED_FOR_LIFE])
    written = f"""
        UPDATE {_SUBJECT} s SET changed_at = %(at)s, account_closed_at = {_ACCOUNT_CLOSED_AT},
            {", ".join(f"{name} = n.{name}" for name in columns)}
        FROM {person_stage().name} n
        WHERE NOT n.is_new AND s.{_OWN} AND s.id = n.id AND s.erasure_started_at IS NULL
            AND s.details_index IS NOT DISTINCT FROM n.seen_index
        RETURNING {_history_columns(Subject, "s")}"""
    return _execute(_with_history(Subject, written, person_stage(), "~"), params)


def write_new_claims(params: Params) -> int:
    written = _insert(GuardianClaim, claim_stage(), _NEW_CLAIM)
    return _execute(_with_history(GuardianClaim, written, claim_stage(), "+"), params)


def write_changed_claims(params: Params) -> int:
    """Move staged relations into place; an ended one starts again, unless it is staged as ended. Return how many."""
    written = f"""
        UPDATE {_CLAIM} k SET relationship = n.relationship, ends_at = n.ends_at,
            starts_at = CASE WHEN k.ends_at IS NULL THEN k.starts_at ELSE %(at)s END
        FROM {claim_stage().name} n
        WHERE NOT n.is_new AND k.{_OWN} AND k.id = n.id AND (n.ends_at IS NULL OR k.ends_at IS NULL)
        RETURNING {_history_columns(GuardianClaim, "k")}"""
    return _execute(_with_history(GuardianClaim, written, claim_stage(), "~"), params)


def write_entries() -> int:
    columns = ", ".join(entry_stage().columns)
    return _execute(f"INSERT INTO {_ENTRY} ({columns}) SELECT {columns} FROM {entry_stage().name}")


def _insert(model: type[models.Model], stage: Stage, given: Mapping[str, str], *, without: Iterable[str] = ()) -> str:
    staged = _columns(model, without=[*given, *without])
    return f"""
        INSERT INTO {model._meta.db_table} ({", ".join([*given, *staged])})
        SELECT {", ".join([*given.values(), *(f"n.{name}" for name in staged)])}
        FROM {stage.name} n WHERE n.is_new
        RETURNING {_history_columns(model, model._meta.db_table)}"""


def history_values(model: type[models.Model], kind: str) -> dict[str, str]:
    own = {**_HISTORY, "history_type": f"'{kind}'"}
    return {name: own.get(name, f"w.{name}") for name in _columns(_history(model))}


def _history(model: type[models.Model]) -> type[models.Model]:
    history: type[models.Model] = model.history.model  # type: ignore[attr-defined]
    return history


def _history_columns(model: type[models.Model], alias: str) -> str:
    values = history_values(model, "+")
    return ", ".join(f"{alias}.{name}" for name, value in values.items() if value == f"w.{name}")


def _with_history(model: type[models.Model], written: str, stage: Stage, kind: str) -> str:
    values = history_values(model, kind)
    return f"""
        WITH written AS ({written})
        INSERT INTO {_history(model)._meta.db_table} ({", ".join(values)})
        SELECT {", ".join(values.values())}
        FROM written w JOIN {stage.name} n ON n.id = w.id"""


def _execute(sql: str, params: Params | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def _rows(sql: str, params: Params) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
