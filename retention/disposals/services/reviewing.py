"""The review of a batch: taking holdings out, approval by one or two people, and cancelling."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.models import Ground
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id
from retention.disposals.models import Approval, Batch, Cause, Decider, Item, ItemState, Stage
from retention.disposals.services.certificates import CONTINUE, BatchMovedOn, lock_batch, record_batch, require_stage

AGAIN_AFTER = timedelta(days=90)
"""A holding that is taken out of a batch, or not disposed of by its system, is flagged again after this time."""


def is_for_one_person(batch: Batch) -> bool:
    """Return True if one person may approve the batch: it has at most ``DISPOSAL_ALONE_MOST`` holdings."""
    return batch.ground != Ground.AGREEMENT_ENDED and batch.size <= settings.DISPOSAL_ALONE_MOST


def may_approve(batch: Batch, actor: Actor) -> bool:
    """Return True if the actor acts for the controller of the batch's data: the client's admin, or an officer."""
    is_of_client = actor.client_id == batch.client_id
    wanted = is_of_client if batch.decider == Decider.CLIENT else actor.client_id is None
    return actor.kind is ByKind.USER and actor.may(Capability.APPROVE_DISPOSALS, batch.client_id) and wanted


@transaction.atomic
def exclude_item(item: Item, *, ground: str, actor: Actor, at: datetime) -> Item:
    """Take one holding out of a batch in review; it is flagged again after 90 days, if it is still due.

    Raises ValidationError for an empty ground, BatchMovedOn, NotAllowed.
    """
    return _take_out(item, ItemState.EXCLUDED, ground, at + AGAIN_AFTER, actor=actor, at=at)


@transaction.atomic
def extend_item(item: Item, *, ground: str, until: date, actor: Actor, at: datetime) -> Item:
    """Keep one holding of a batch in review to the end of a day in the client's time zone.

    Raises ValidationError naming the field, BatchMovedOn, NotAllowed.
    """
    require(actor, Capability.REVIEW_DISPOSALS, item.client_id)
    zone = ZoneInfo(Client.objects.values_list("time_zone", flat=True).get(pk=item.client_id))
    if until <= at.astimezone(zone).date():
        raise ValidationError({"until": [_("Choose a day after today.")]})
    again_at = datetime.combine(until + timedelta(days=1), time(), zone)
    return _take_out(item, ItemState.EXTENDED, ground, again_at, actor=actor, at=at)


@transaction.atomic
def approve_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Approve a batch after its review, for the controller of its data (policy §4, decision 0075).

    A batch of at most ``DISPOSAL_ALONE_MOST`` holdings is scheduled; a larger one needs a second person. Raises
    BatchMovedOn, NotAllowed.
    """
    batch = lock_batch(batch.pk, client_id=batch.client_id)
    _require_controller(batch, actor)
    require_stage(batch, Stage.REVIEW)
    if not batch.size:
        raise BatchMovedOn
    if is_for_one_person(batch):
        return _approve(batch, actor=actor, at=at)
    batch.stage = Stage.SECOND_PERSON.value
    batch.save(update_fields=["stage"])
    Approval(
        id=new_id(),
        client_id=batch.client_id,
        batch=batch,
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_role=actor.role,
        requested_at=at,
    ).save(force_insert=True)
    record_batch("disposal.approval_requested", batch, actor, at)
    return batch


@transaction.atomic
def settle_approval(approval: Approval, *, approve: bool, reason: Reason | str, actor: Actor, at: datetime) -> Approval:
    """Approve a large batch as the second person, so that it is scheduled, or send it back to review (decision 0075).

    The second person acts for the same controller, or is an officer. Raises BatchMovedOn, ChangeAlreadyDecided,
    ApproverIsRequester, ApproverNotIndependent, NotAllowed.
    """
    batch = lock_batch(approval.batch_id, client_id=approval.client_id)
    if actor.client_id is not None:
        _require_controller(batch, actor)
    require(actor, Capability.APPROVE_DISPOSALS, batch.client_id)
    require_stage(batch, Stage.SECOND_PERSON)
    settled = decide_change(approval, approve=approve, actor=actor, at=at)
    settled.save(update_fields=["state", "settled_by", "settled_at"])
    if approve:
        _approve(batch, actor=actor, at=at)
    else:
        batch.stage = Stage.REVIEW.value
        batch.save(update_fields=["stage"])
        record_batch("disposal.approval_declined", batch, actor, at, facts={"reason": Reason(reason).value})
    return settled


def settle_waiting_approval(
    batch: Batch, *, approve: bool, reason: Reason | str, actor: Actor, at: datetime
) -> Approval:
    """Approve or decline the waiting approval of a batch; see ``settle_approval``. Raises BatchMovedOn without one."""
    own = Approval.objects.filter(client_id=batch.client_id, batch=batch, state=ChangeState.WAITING)
    waiting = own.first()
    if waiting is None:
        raise BatchMovedOn
    return settle_approval(waiting, approve=approve, reason=reason, actor=actor, at=at)


@transaction.atomic
def take_out(
    batch: Batch, *, external_id: str, category: str, ground: str, until: date | None, actor: Actor, at: datetime
) -> int:
    """Take a person's holdings, of one category or all, out of a batch in review; return how many.

    With ``until`` they are kept to the end of that day, else they are flagged again after 90 days. Raises
    ValidationError naming the field, BatchMovedOn, NotAllowed.
    """
    require(actor, Capability.REVIEW_DISPOSALS, batch.client_id)
    own = Item.objects.flagged().filter(client_id=batch.client_id, batch=batch, subject__external_id=external_id)
    found = list(own.filter(category=category) if category else own)
    if not found:
        raise ValidationError({"person": [_("This disposal has no such data of a person with this id.")]})
    for item in found:
        if until is None:
            exclude_item(item, ground=ground, actor=actor, at=at)
        else:
            extend_item(item, ground=ground, until=until, actor=actor, at=at)
    return len(found)


@act(
    "cancel",
    "Cancel disposal",
    Capability.REVIEW_DISPOSALS,
    lead="Nothing is disposed of. What is still due is flagged again by the next sweep.",
    done="Cancelled. Nothing was disposed of.",
)
def cancel_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Cancel a batch before its orders; what is still due is flagged by a later sweep.

    Raises BatchMovedOn, NotAllowed.
    """
    batch = lock_batch(batch.pk, client_id=batch.client_id)
    require_stage(batch, Stage.REVIEW, Stage.SECOND_PERSON, Stage.SCHEDULED)
    return cancel_batch(batch, actor=actor, at=at)


def cancel_batch(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Cancel a locked batch before its orders; the caller has checked who may."""
    waiting = Approval.objects.filter(client_id=batch.client_id, batch=batch, state=ChangeState.WAITING)
    waiting.update(state=ChangeState.REPLACED, settled_by=actor.id, settled_at=at)
    own = Item.objects.flagged().filter(client_id=batch.client_id, batch=batch)
    own.update(state=ItemState.SENT_BACK, cause=Cause.CANCELLED)
    batch.stage, batch.ended_at = Stage.CANCELLED.value, at
    batch.save(update_fields=["stage", "ended_at"])
    record_batch("disposal.cancelled", batch, actor, at)
    return batch


@transaction.atomic
def pause_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Interrupt a batch: the worker flags and orders nothing more of it; answers are still taken. Idempotent.

    Raises BatchMovedOn if it has ended, NotAllowed.
    """
    return _set_pause(batch, at, actor=actor, at=at)


@transaction.atomic
def resume_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Continue an interrupted batch. Idempotent. Raises BatchMovedOn if it has ended, NotAllowed."""
    return _set_pause(batch, None, actor=actor, at=at)


def schedule_batch(batch: Batch, *, starts_at: datetime, actor: Actor, at: datetime) -> Batch:
    """Schedule a locked, approved batch; its orders are issued from ``starts_at`` on (client's clock)."""
    batch.stage, batch.starts_at = Stage.SCHEDULED.value, starts_at
    batch.save()
    record_batch("disposal.scheduled", batch, actor, at, facts={"starts_at": starts_at.isoformat()})
    enqueue_continuation(batch, due_at=starts_at)
    return batch


def enqueue_continuation(batch: Batch, *, due_at: datetime | None = None, unless_queued: bool = False) -> None:
    """Enqueue the job that continues a batch; jobs of one batch run one after the other."""
    enqueue_job(
        CONTINUE,
        lock=f"{CONTINUE}/{batch.pk}",
        due_at=to_wall_clock(due_at) if due_at else None,
        unless_queued=unless_queued,
        client=str(batch.client_id),
        batch=str(batch.pk),
    )


def _approve(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    batch.approved_kind, batch.approved_by, batch.approved_role = actor.kind.value, actor.id, actor.role
    batch.approved_at = at
    return schedule_batch(batch, starts_at=at + settings.DISPOSAL_WAIT, actor=actor, at=at)


def _take_out(item: Item, state: ItemState, ground: str, again_at: datetime, *, actor: Actor, at: datetime) -> Item:
    require(actor, Capability.REVIEW_DISPOSALS, item.client_id)
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    batch = lock_batch(item.batch_id, client_id=item.client_id)
    require_stage(batch, Stage.REVIEW)
    item = Item.objects.select_for_update().get(pk=item.pk, client_id=item.client_id)
    if item.state != ItemState.FLAGGED:
        raise BatchMovedOn
    item.state, item.ground, item.again_at = state.value, ground.strip(), again_at
    item.save(update_fields=["state", "ground", "again_at"])
    Batch.objects.filter(pk=batch.pk, client_id=batch.client_id).update(size=F("size") - 1)
    batch.size -= 1
    facts = {"item": str(item.pk), "category": item.category, "outcome": state.value, "again_at": again_at.isoformat()}
    record_batch("disposal.item_taken_out", batch, actor, at, facts=facts)
    return item


def _require_controller(batch: Batch, actor: Actor) -> None:
    require(actor, Capability.APPROVE_DISPOSALS, batch.client_id)
    if not may_approve(batch, actor):
        raise NotAllowed("The controller of the data approves its disposal.")


def _set_pause(batch: Batch, paused_at: datetime | None, *, actor: Actor, at: datetime) -> Batch:
    require(actor, Capability.REVIEW_DISPOSALS, batch.client_id)
    batch = lock_batch(batch.pk, client_id=batch.client_id)
    if batch.ended_at is not None:
        raise BatchMovedOn
    if (batch.paused_at is None) == (paused_at is None):
        return batch
    batch.paused_at = paused_at
    batch.save(update_fields=["paused_at"])
    record_batch("disposal.interrupted" if paused_at else "disposal.continued", batch, actor, at)
    if paused_at is None:
        enqueue_continuation(batch)
    return batch
