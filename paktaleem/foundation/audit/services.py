"""Ledger entries: recording them, and checking that none was changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections

from paktaleem.foundation.audit.actors import By, actor_fields
from paktaleem.foundation.audit.canonical import canonical, compute_leaf_hash
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, insert_rows, new_id

# Sign-ins happen before a client is chosen, so their entries belong to PakTaleem. A single failed password is counted
# and not an entry: anyone could fill the ledger.


def make_entry(
    kind: str,
    *,
    client_id: UUID,
    facts: Mapping[str, object],
    subject_id: UUID | None = None,
    openings: bytes | None = None,
    actor: By,
    at: datetime,
) -> Entry:
    """Return an unsaved entry; ``facts`` are JSON values without names, addresses or free text.

    ``openings`` are the encrypted salts of the commitments among them.
    """
    entry_id = new_id()
    body = canonical(
        {
            "id": str(entry_id),
            "kind": kind,
            "client": str(client_id),
            "subject": str(subject_id) if subject_id else None,
            "actor": {"kind": actor.kind.value, "id": str(actor.id), "role": actor.role},
            "recorded_at": at.isoformat(),
            "facts": dict(facts),
        }
    )
    return Entry(
        id=entry_id,
        client_id=client_id,
        kind=kind,
        subject_id=subject_id,
        **actor_fields(actor),
        recorded_at=at,
        body=body.decode(),
        leaf_hash=compute_leaf_hash(body),
        openings=openings,
    )


def record_entry(kind: str, **details: Any) -> Entry:
    """Record one act as evidence in the caller's transaction, so that they fail together; see ``make_entry``."""
    entry = make_entry(kind, **details)
    insert_rows(entry)
    return entry


def record_own_entry(
    kind: str, *, facts: Mapping[str, object], actor: By, at: datetime, using: str = DEFAULT_DB_ALIAS
) -> Entry:
    """Record an act that has no client, such as a sign-in, in PakTaleem's own ledger; works in any context.

    The transaction on ``using`` is the request's, or an autonomous one that survives its rollback.
    """
    entry = make_entry(kind, client_id=PAKTALEEM, facts=facts, actor=actor, at=at)
    by = (entry.actor_kind, entry.actor_id, entry.actor_role)
    values = (entry.id, entry.kind, *by, entry.recorded_at, entry.body, bytes(entry.leaf_hash))
    with in_global(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT audit_record_own(%s, %s, %s, %s, %s, %s, %s, %s)", values)
    return entry


_AT_ONCE = 2_000


class EntryChanged(Exception):
    """The text of an entry does not have the hash that was recorded with it; the argument is its id."""


def check_entries() -> int:
    """Compare every entry with its hash, outside any context; return their number. Raises EntryChanged."""
    last: UUID | None = None
    number = 0
    while True:
        with as_officer():
            found = Entry.objects.order_by("pk").values_list("pk", "body", "leaf_hash")
            rows = list((found.filter(pk__gt=last) if last else found)[:_AT_ONCE])
        for last, body, leaf_hash in rows:
            if compute_leaf_hash(body.encode()) != bytes(leaf_hash):
                raise EntryChanged(str(last))
        number += len(rows)
        if len(rows) < _AT_ONCE:
            return number
