"""Deletion of recorded changes that no caller can ask for any more."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from consent.decisions.models import RegisterChange, SubjectChange

__all__ = ["purge_unreachable_changes"]

_MARGIN = timedelta(days=1)
"""How much longer changes are stored than their cursors are valid."""


def purge_unreachable_changes(client_id: UUID, at: datetime) -> int:
    """Delete a client's changes that no valid cursor reaches, inside its context; returns how many."""
    oldest = at - settings.CHANGES_KEPT_FOR - _MARGIN
    deleted = [
        model._default_manager.filter(client_id=client_id, noted_at__lt=oldest).delete()[0]
        for model in (SubjectChange, RegisterChange)
    ]
    return sum(deleted)
