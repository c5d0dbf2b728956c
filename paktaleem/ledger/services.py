"""Writing evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from paktaleem.ledger.by import By
from paktaleem.ledger.canonical import canonical, leaf_hash
from paktaleem.ledger.models import Entry
from paktaleem.tenancy.ids import new_id
from paktaleem.tenancy.rows import insert_together

__all__ = ["make_entry", "record_entry"]


def make_entry(
    kind: str,
    *,
    client_id: UUID,
    facts: Mapping[str, Any],
    subject_id: UUID | None = None,
    openings: bytes | None = None,
    actor: By,
    at: datetime,
) -> Entry:
    """Make, without saving, the entry for one act.

    ``facts`` are JSON values: ids, codes, times, hashes and commitments; never a name, an address or a free text.
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
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        recorded_at=at,
        body=body.decode(),
        leaf_hash=leaf_hash(body),
        openings=openings,
    )


def record_entry(kind: str, **details: Any) -> Entry:
    """Record one act as evidence, in the caller's transaction; see ``make_entry`` for the details.

    Fails closed: if the entry cannot be written, the act it proves is rolled back with it.
    """
    entry = make_entry(kind, **details)
    insert_together(entry)
    return entry
