"""Deletion of recorded changes that no caller can ask for any more."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consent.decisions.data_kinds import CHANGE_FEED
from consent.decisions.models import RegisterChange, RetentionFact, RetentionFactKind, SubjectChange
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

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


def open_hold(hold_id: UUID, *, client_id: UUID, subject_id: UUID | None, category: str, at: datetime) -> None:
    """Record that data is on hold from now on: of a person or everyone, of a category or all of them."""
    RetentionFact(
        client_id=client_id,
        subject_id=subject_id,
        kind=RetentionFactKind.HOLD,
        category=category,
        source_id=hold_id,
        starts_at=at,
    ).save(force_insert=True)


def close_hold(hold_id: UUID, *, client_id: UUID, at: datetime) -> None:
    """Record that a hold is lifted; without effect for a hold that was never recorded."""
    RetentionFact.objects.filter(client_id=client_id, source_id=hold_id, ends_at=None).update(ends_at=at)


def close_ended_periods(client_id: UUID, collected: Mapping[tuple[UUID, str], datetime], *, at: datetime) -> None:
    """Record that data of people and categories was collected again after its retention period had ended."""
    open_ones = RetentionFact.objects.filter(client_id=client_id, kind=RetentionFactKind.ENDED, ends_at=None)
    found = open_ones.filter(subject_id__in={subject_id for subject_id, _category in collected})
    again = [
        key
        for key, subject_id, category, starts_at in found.values_list("pk", "subject_id", "category", "starts_at")
        if subject_id is not None and starts_at < collected.get((subject_id, category), starts_at)
    ]
    if again:
        open_ones.filter(pk__in=again).update(ends_at=at)
