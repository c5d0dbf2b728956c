"""Holds and retention periods, as decisions read them; and what is logged of a client's decisions."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.decisions.models import DecisionLogSetting, LogMode, RetentionFact, RetentionFactKind
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import new_id


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


_LEVELS = list(LogMode)


@transaction.atomic
def set_decision_log(
    setting: DecisionLogSetting, *, actor: Actor, reason: Reason | str, at: datetime
) -> DecisionLogSetting:
    """Set what is logged of a client's decisions, and for how many days; it applies within a second.

    To log less, or for fewer days, takes a ground in words. Logging every decision begins with new pseudonyms, and so
    does its end: those logged before are then unlinked from people.
    Raises ValidationError naming ``mode`` or ``ground``, NotAllowed.
    """
    require(actor, Capability.ADMINISTER_CLIENT, setting.client_id)
    advisory_lock(f"decision_log/{setting.client_id}")
    stored = DecisionLogSetting.objects.filter(client_id=setting.client_id).first()
    if stored is not None and stored.pk != setting.pk:
        raise ValidationError({"mode": [_("The decision log of this client is set already: change it.")]})
    before = stored or DecisionLogSetting(client_id=setting.client_id)
    was_every, is_every = before.mode == LogMode.EVERY, setting.mode == LogMode.EVERY
    is_less = _LEVELS.index(LogMode(setting.mode)) < _LEVELS.index(LogMode(before.mode))
    is_shorter = was_every and setting.days_kept < before.days_kept
    if (is_less or is_shorter) and not setting.ground.strip():
        raise ValidationError(
            {"ground": [_("The log proves which questions systems asked. Say why less of it is kept.")]}
        )
    if was_every != is_every:
        setting.pseudonyms, setting.every_since = new_id(), at if is_every else None
    setting.changed_at = at
    save_tracked(setting, actor=actor, reason=reason, at=at)
    facts = {"mode": str(setting.mode), "previous": str(before.mode), "days_kept": setting.days_kept}
    kind = "decision_log.turned_down" if is_less or is_shorter else "decision_log.changed"
    record_entry(kind, client_id=setting.client_id, facts=facts, actor=actor, at=at)
    return setting
