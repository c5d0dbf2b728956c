"""Holds and retention periods, as decisions read them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from consent.decisions.models import RetentionFact, RetentionFactKind


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
