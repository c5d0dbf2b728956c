"""The review of a batch: taking holdings out, approval by one or two people, and cancelling."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.models import Ground
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id
from retention.disposals.models import Approval, Batch, Cause, Decider, Item, ItemState, Stage
from retention.disposals.services.certificates import CONTINUE, BatchMovedOn, record_batch, require_stage

AGAIN_AFTER = timedelta(days=90)
"""A holding that is taken out of a batch, or not disposed of by its system, is flagged again after this time."""


def is_for_one_person(batch: Batch) -> bool:
    """Return True if one person may approve the batch: it has at most ``DISPOSAL_ALONE_MOST`` holdings."""
    return batch.ground != Ground.AGREEMENT_ENDED and batch.size <= settings.DISPOSAL_ALONE_MOST


def stamp_approval(batch: Batch, actor: Actor, at: datetime) -> None:
    """Set who approved a batch, and when."""
    batch.approved_kind, batch.approved_by, batch.approved_role = actor.kind.value, actor.id, actor.role
    batch.approved_at = at


def _require_controller(batch: Batch, actor: Actor) -> None:
    """Refuse unless the actor acts for the controller of the batch's data: the client's admin, or an officer."""
    is_of_client = actor.client_id == batch.client_id
    wanted = is_of_client if batch.decider == Decider.CLIENT else actor.client_id is None
    if actor.kind is not ByKind.USER or not wanted:
        raise Refused(_("The controller of the data approves this disposal."))


def _check_review(batch: Batch, _actor: Actor, _at: datetime) -> None:
    require_stage(batch, Stage.REVIEW)
    if not batch.size:
        raise BatchMovedOn


def _require(state: Callable[[Batch], bool]) -> Callable[[Batch, Actor, datetime], None]:
    """Return a check that the batch is in a state."""

    def check(batch: Batch, _actor: Actor, _at: datetime) -> None:
        if not state(batch):
            raise BatchMovedOn

    return check


def _check_approval(batch: Batch, actor: Actor, at: datetime) -> None:
    _require_controller(batch, actor)
    _check_review(batch, actor, at)


@act(
    "approve",
    "Approve disposal",
    Capability.APPROVE_DISPOSALS,
    lead="Look at the counts and the samples first. A large disposal then needs a second person. Before its orders are "
    "issued every holding is checked again; what changed is not disposed of.",
    done="Approved.",
    danger=True,
    lock=lock_row,
    check=_check_approval,
)
def approve_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Approve a batch after its review, for the controller of its data (policy §4, decision 0075).

    A batch of at most ``DISPOSAL_ALONE_MOST`` holdings is scheduled; a larger one needs a second person. Raises
    BatchMovedOn, Refused, NotAllowed.
    """
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
def settle_approval(batch: Batch, *, approve: bool, reason: Reason | str, actor: Actor, at: datetime) -> Approval:
    """Approve a large batch as the second person, so that it is scheduled, or send it back to review (decision 0075).

    The second person acts for the same controller, or is an officer. Raises BatchMovedOn, ChangeAlreadyDecided,
    ApproverIsRequester, ApproverNotIndependent, Refused, NotAllowed.
    """
    require(actor, Capability.APPROVE_DISPOSALS, batch.client_id)
    batch = lock_row(batch)
    if actor.client_id is not None:
        _require_controller(batch, actor)
    require_stage(batch, Stage.SECOND_PERSON)
    waiting = Approval.objects.filter(client_id=batch.client_id, batch=batch, state=ChangeState.WAITING).first()
    if waiting is None:
        raise BatchMovedOn
    settled = decide_change(waiting, approve=approve, actor=actor, at=at)
    settled.save(update_fields=["state", "settled_by", "settled_at"])
    if approve:
        _approve(batch, actor=actor, at=at)
    else:
        batch.stage = Stage.REVIEW.value
        batch.save(update_fields=["stage"])
        record_batch("disposal.approval_declined", batch, actor, at, facts={"reason": Reason(reason).value})
    return settled


@act(
    "take-out",
    "Keep data of a person",
    Capability.REVIEW_DISPOSALS,
    lead="Takes this person’s data out of the disposal. To keep data because of a case, place a hold instead.",
    done="Taken out.",
    lock=lock_row,
    check=_check_review,
)
def take_out(
    batch: Batch, *, person: str, category: str = "", ground: str, until: date | None = None, actor: Actor, at: datetime
) -> int:
    """Take a person's holdings, of one category or all, out of a batch in review; return how many.

    ``person`` is their LMS id. With ``until`` the holdings are kept to the end of that day in the client's time zone,
    else they are flagged again after 90 days. Raises ValidationError naming the field, BatchMovedOn, NotAllowed.
    """
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    zone, state, again_at = ZoneInfo(batch.client.time_zone), ItemState.EXCLUDED, at + AGAIN_AFTER
    if until is not None:
        if until <= at.astimezone(zone).date():
            raise ValidationError({"until": [_("Choose a day after today.")]})
        state, again_at = ItemState.EXTENDED, datetime.combine(until + timedelta(days=1), time(), zone)
    own = Item.objects.flagged().filter(client_id=batch.client_id, batch=batch, subject__external_id=person)
    found = list((own.filter(category=category) if category else own).select_for_update(of=("self",)))
    if not found:
        raise ValidationError({"person": [_("This disposal has no such data of a person with this id.")]})
    batch.size -= len(found)
    batch.save(update_fields=["size"])
    for item in found:
        item.state, item.ground, item.again_at = state.value, ground.strip(), again_at
        item.save(update_fields=["state", "ground", "again_at"])
        facts = {"item": str(item.pk), "category": item.category, "outcome": item.state}
        about = {**facts, "again_at": again_at.isoformat()}
        record_batch("disposal.item_taken_out", batch, actor, at, facts=about)
    return len(found)


@act(
    "cancel",
    "Cancel disposal",
    Capability.REVIEW_DISPOSALS,
    lead="Nothing is disposed of. What is still due is flagged again by the next sweep.",
    done="Cancelled. Nothing was disposed of.",
    lock=lock_row,
    check=_require(lambda batch: batch.is_before_orders and batch.stage != Stage.FLAGGING),
)
def cancel_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Cancel a batch before its orders; what is still due is flagged by a later sweep.

    Raises BatchMovedOn, NotAllowed.
    """
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


@act(
    "pause",
    "Interrupt",
    Capability.REVIEW_DISPOSALS,
    lead="No further orders are issued until you continue. Orders that are issued stay in force.",
    done="Interrupted.",
    lock=lock_row,
    check=_require(lambda batch: batch.ended_at is None and batch.paused_at is None),
)
def pause_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Interrupt a batch: the worker flags and orders nothing more of it; answers are still taken.

    Raises BatchMovedOn if it has ended or is interrupted, NotAllowed.
    """
    batch.paused_at = at
    batch.save(update_fields=["paused_at"])
    record_batch("disposal.interrupted", batch, actor, at)
    return batch


@act(
    "resume",
    "Continue",
    Capability.REVIEW_DISPOSALS,
    lead="The disposal goes on where it was interrupted.",
    done="Continued.",
    lock=lock_row,
    check=_require(lambda batch: batch.ended_at is None and batch.paused_at is not None),
)
def resume_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Continue an interrupted batch. Raises BatchMovedOn if it has ended or is not interrupted, NotAllowed."""
    batch.paused_at = None
    batch.save(update_fields=["paused_at"])
    record_batch("disposal.continued", batch, actor, at)
    enqueue_continuation(batch)
    return batch


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
    stamp_approval(batch, actor, at)
    return schedule_batch(batch, starts_at=at + settings.DISPOSAL_WAIT, actor=actor, at=at)
