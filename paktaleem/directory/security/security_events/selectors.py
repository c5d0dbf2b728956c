"""Reads of security events."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from paktaleem.directory.security.security_events.models import SecurityEvent, SeverityLabel
from paktaleem.foundation.tenancy.rows import clock_bytes


def serialize_events_after(
    event_id: UUID | None, *, most: int, recorded_before: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Yield events after this one as JSON values, oldest first; ids and codes only.

    ``recorded_before`` leaves out later rows (by their UUIDv7): one with an earlier id may not be committed yet, and a
    reader that goes on from the last id would miss it.
    """
    found = SecurityEvent.objects.order_by("pk")
    if recorded_before is not None:
        found = found.filter(pk__lt=UUID(bytes=clock_bytes(recorded_before).ljust(16, b"\0")))
    for one in found.filter(pk__gt=event_id)[:most] if event_id else found[:most]:
        yield {
            "id": str(one.pk),
            "client": str(one.client_id),
            "kind": one.kind,
            "severity": SeverityLabel(one.severity).name.lower(),
            "happened_at": one.happened_at.isoformat(),
            "last_at": one.last_at.isoformat(),
            "count": one.count,
            "actor_kind": one.actor_kind or None,
            "actor": str(one.actor_id) if one.actor_id else None,
            "source": one.source or None,
            "entry": str(one.entry) if one.entry else None,
        }
