"""Deletion of recorded changes that no caller can ask for any more."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consent.decisions.data_kinds import CHANGE_FEED
from consent.decisions.models import RegisterChange, SubjectChange
from paktaleem.foundation.periods.selectors import get_cutoff

_MARGIN = timedelta(days=1)
"""How much longer changes are stored than their cursors are valid."""
_AT_ONCE = 5_000


def purge_unreachable_changes(client_id: UUID, at: datetime) -> int:
    """Delete a client's changes that no valid cursor reaches, inside its context; return how many, up to 10,000."""
    oldest = get_cutoff(CHANGE_FEED, at=at) - _MARGIN
    return sum(_delete(model, client_id, oldest) for model in (SubjectChange, RegisterChange))


def _delete(model: type[SubjectChange | RegisterChange], client_id: UUID, oldest: datetime) -> int:
    rows: Any = model._default_manager.filter(client_id=client_id)
    old = rows.filter(noted_at__lt=oldest).values("pk")[:_AT_ONCE]
    deleted: int = rows.filter(pk__in=old).delete()[0]
    return deleted
