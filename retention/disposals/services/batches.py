"""Batches: the worker flags what is due, chunk by chunk; one or two people approve what it flagged."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from consent.register.bases import capacity_at
from consent.register.compiled import Capacity
from consent.register.effects import to_capacity_rules
from consent.register.models.purposes import Purpose, PurposeCapacity
from paktaleem.directory.data_systems.models import Ground
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, find_waiting, propose_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import joined_at_once
from paktaleem.foundation.tenancy.rows import PAKTALEEM, SqlValues, clock_bytes, new_id
from retention.disposals.models import Batch, Cause, Decider, Item, ItemState, Stage, Sweep
from retention.disposals.sql_statements import (
    CLOSE_ENDED,
    FLAG_AGREEMENT,
    FLAG_DUE,
    NEXT_LIMIT,
    NEXT_PEOPLE,
    SUMMARY,
    execute,
    fetch,
)
from retention.holdings.models import Holding

PARENT = "disposal"
"""The kind of case that the orders of a batch serve."""
CONTINUE = "disposals.continue"
"""The task that continues a batch."""


class BatchMovedOn(PortalError):
    """The batch is in a stage that does not allow this, because someone or the worker was faster."""

    console_message = "The disposal has moved on in the meantime: check it again."


def require_stage(batch: Batch, *stages: Stage) -> None:
    """Raise BatchMovedOn unless the batch is in one of these stages."""
    if batch.stage not in stages:
        raise BatchMovedOn


def record_batch(
    kind: str, batch: Batch, actor: Actor, at: datetime, *, facts: Mapping[str, object] | None = None
) -> None:
    """Record a step of a batch in the ledger; ``facts`` are codes, ids, counts and times."""
    case = {"kind": batch.case_kind, "id": str(batch.case_id)} if batch.case_id else None
    about = {"disposal": str(batch.pk), "ground": batch.ground, "decider": batch.decider, "size": batch.size}
    record_entry(kind, client_id=batch.client_id, facts={**about, "case": case, **(facts or {})}, actor=actor, at=at)


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
    Capability.DECIDE_FOR_CLIENT,
    lead="Look at the counts and the samples first. A large disposal then needs a second person. Before its orders are "
    "issued every holding is checked again; what changed is not disposed of.",
    done="Approved.",
    danger=True,
    check=_check_approval,
)
def approve_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Approve a batch for the controller of its data; a large one needs a second person (policy §4, decision 0075).

    Raises BatchMovedOn, Refused, NotAllowed.
    """
    if is_for_one_person(batch):
        return _approve(batch, actor=actor, at=at)
    batch.stage = Stage.SECOND_PERSON.value
    batch.save(update_fields=["stage"])
    propose_change(batch, LARGE.code, ground=batch.get_ground_display(), actor=actor, at=at)
    record_batch("disposal.approval_requested", batch, actor, at)
    return batch


def _get_waiting(change: ProposedChange, actor: Actor) -> Batch:
    """Return the batch of a change. Raises BatchMovedOn, and Refused if the actor's side does not decide about it."""
    batch: Batch = Batch.objects.get(pk=change.row, client_id=change.client_id)
    if actor.client_id is not None:
        _require_controller(batch, actor)
    require_stage(batch, Stage.SECOND_PERSON)
    return batch


def _approve_as_second(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    del reason  # the rule is the reason
    _approve(_get_waiting(change, actor), actor=actor, at=at)


def _send_back(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    batch = _get_waiting(change, actor)
    batch.stage = Stage.REVIEW.value
    batch.save(update_fields=["stage"])
    record_batch("disposal.approval_declined", batch, actor, at, facts={"reason": Reason(reason).value})


LARGE = ChangeKind(
    code="disposal",
    label=gettext_lazy("A large disposal"),
    effect=gettext_lazy("You are the second person. Look at the counts and the samples first."),
    capability=Capability.DECIDE_FOR_CLIENT,
    apply=_approve_as_second,
    decline=_send_back,
    may_approve=lambda change, actor: (
        actor.client_id is None or Batch.objects.filter(pk=change.row, decider=Decider.CLIENT).exists()
    ),
)
"""A large batch is scheduled, or sent back to review, by a second person of the same controller, or by an officer."""


@act(
    "take-out",
    "Keep data of a person",
    Capability.MANAGE_RETENTION,
    lead="Takes this person’s data out of the disposal. To keep data because of a case, place a hold instead.",
    done="Taken out.",
    check=_check_review,
)
def take_out(
    batch: Batch, *, person: str, category: str = "", ground: str, until: date | None = None, actor: Actor, at: datetime
) -> int:
    """Take a person (LMS id) out of a batch in review, for 90 days or ``until`` the end of a day; return how many.

    Raises ValidationError naming the field, BatchMovedOn, NotAllowed.
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
        facts = {"category": item.category, "outcome": item.state, "again_at": again_at.isoformat()}
        record_batch("disposal.item_taken_out", batch, actor, at, facts={"item": str(item.pk), **facts})
    return len(found)


@act(
    "cancel",
    "Cancel disposal",
    Capability.MANAGE_RETENTION,
    lead="Nothing is disposed of. What is still due is flagged again by the next sweep.",
    done="Cancelled. Nothing was disposed of.",
    check=_require(lambda batch: batch.is_before_orders and batch.stage != Stage.FLAGGING),
)
def cancel_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Cancel a batch before its orders; a later sweep flags what is still due. Raises BatchMovedOn, NotAllowed."""
    return cancel_batch(batch, actor=actor, at=at)


def cancel_batch(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Cancel a locked batch before its orders; the caller has checked who may."""
    find_waiting(batch).update(state=ChangeState.REPLACED, settled_by=actor.id, settled_at=at)
    own = Item.objects.flagged().filter(client_id=batch.client_id, batch=batch)
    own.update(state=ItemState.SENT_BACK, cause=Cause.CANCELLED)
    batch.stage, batch.ended_at = Stage.CANCELLED.value, at
    batch.save(update_fields=["stage", "ended_at"])
    record_batch("disposal.cancelled", batch, actor, at)
    return batch


@act(
    "pause",
    "Interrupt",
    Capability.MANAGE_RETENTION,
    lead="No further orders are issued until you continue. Orders that are issued stay in force.",
    done="Interrupted.",
    check=_require(lambda batch: batch.ended_at is None and batch.paused_at is None),
)
def pause_disposal(batch: Batch, *, actor: Actor, at: datetime) -> Batch:
    """Interrupt flagging and ordering of a batch; answers are still taken. Raises BatchMovedOn, NotAllowed."""
    batch.paused_at = at
    batch.save(update_fields=["paused_at"])
    record_batch("disposal.interrupted", batch, actor, at)
    return batch


@act(
    "resume",
    "Continue",
    Capability.MANAGE_RETENTION,
    lead="The disposal goes on where it was interrupted.",
    done="Continued.",
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


CHUNK = 10_000
"""Holdings checked in one transaction: few enough for short locks, many enough for set-based SQL."""
_PEOPLE = 500
"""People of an ended agreement in one transaction; each has a row for every category of every system."""
SWEEP = "disposals.sweep"
"""The task that continues a sweep."""
_BATCHES = ("client_reviewed", "client_automatic", "paktaleem_reviewed", "paktaleem_automatic")


@transaction.atomic
def start_sweep(client_id: UUID, *, actor: Actor, at: datetime) -> Sweep:
    """Start a sweep of a client's holdings, or return the open one (policy §4, decision 0075). Raises NotAllowed."""
    require(actor, Capability.MANAGE_RETENTION, client_id)
    found = Sweep.objects.filter(client_id=client_id, ground=Ground.RETENTION_ENDED.value, ended_at=None).first()
    return found or _create_sweep(client_id, Ground.RETENTION_ENDED, at)


@transaction.atomic
def open_disposal(
    client: Client, *, case: Parent | None = None, is_approved: bool = False, actor: Actor, at: datetime
) -> Batch:
    """Open the disposal of everyone's data at every system, or return the open one of the same case.

    With ``is_approved`` two people approved the ``case``: its orders are issued at once. What holds cover is sent back;
    a later call disposes of it. Raises BatchMovedOn if another one is open, NotAllowed.
    """
    require(actor, Capability.DECIDE_FOR_CLIENT if is_approved else Capability.MANAGE_RETENTION, client.pk)
    ground = Ground.AGREEMENT_ENDED
    open_ones = Batch.objects.open().filter(client_id=client.pk, ground=ground.value)
    known: Batch | None = open_ones.select_for_update(of=("self",)).first()
    if known is not None:
        if (known.case_kind, known.case_id) != (case or ("", None)):
            raise BatchMovedOn
        return known
    _cancel_retention(client.pk, actor=actor, at=at)
    sweep = _create_sweep(client.pk, ground, at)
    about = {"case_kind": case.kind, "case_id": case.id} if case else {}
    batch = Batch(id=new_id(), client_id=client.pk, sweep=sweep, ground=ground.value, opened_at=at, **about)
    batch.decider, batch.stage = Decider.CLIENT.value, Stage.FLAGGING.value
    if is_approved:
        stamp_approval(batch, actor, at)
    batch.save(force_insert=True)
    record_batch("disposal.opened", batch, actor, at)
    return batch


@transaction.atomic
def flag_chunk(sweep: Sweep, *, actor: Actor, at: datetime, size: int = CHUNK) -> bool:
    """Flag about ``size`` holdings of a sweep, or 500 people; return True if more are left (decision 0075).

    The cursor moves in the same transaction, so that a killed worker loses and doubles nothing.
    """
    sweep = Sweep.objects.select_for_update().get(pk=sweep.pk, client_id=sweep.client_id)
    paused = Batch.objects.filter(client_id=sweep.client_id, sweep=sweep, paused_at__isnull=False)
    if sweep.ended_at is not None or paused.exists():
        return False
    low, client = sweep.cursor, sweep.client_id
    is_by_rules = sweep.ground == Ground.RETENTION_ENDED
    size = size if is_by_rules else min(size, _PEOPLE)
    limits = fetch(NEXT_LIMIT if is_by_rules else NEXT_PEOPLE, {"client": client, "low": low, "size": size - 1})
    high = limits[0][0] if limits else None
    values = _values(sweep, low, high)
    with joined_at_once():  # a range of ids within a bucket of the statistics looks like one row
        if is_by_rules:
            execute(CLOSE_ENDED, values)
        [(flagged,)] = fetch(FLAG_DUE if is_by_rules else FLAG_AGREEMENT, values)
    sweep.flagged += flagged
    if high is not None:
        sweep.checked, sweep.cursor = min(sweep.held, sweep.checked + size), high
    else:
        sweep.checked, sweep.ended_at = sweep.held, at
    sweep.save(update_fields=["flagged", "checked", "cursor", "ended_at"])
    if sweep.ended_at is not None:
        for batch in Batch.objects.filter(client_id=client, sweep=sweep).select_for_update(of=("self",)):
            _finish_flagging(batch, actor=actor, at=at)
    return sweep.ended_at is None


def enqueue_sweep(sweep: Sweep, *, unless_queued: bool = False) -> None:
    """Enqueue the job that continues a sweep; jobs of one client's sweeps run one after the other."""
    client = str(sweep.client_id)
    enqueue_job(SWEEP, lock=f"{SWEEP}/{client}", unless_queued=unless_queued, client=client, sweep=str(sweep.pk))


def _cancel_retention(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """End the sweep by rules and its batches without orders: a holding can be in one open batch only."""
    sweeps = Sweep.objects.filter(client_id=client_id, ground=Ground.RETENTION_ENDED.value, ended_at=None)
    sweeps.update(ended_at=at)
    own = Batch.objects.open().filter(client_id=client_id, ground=Ground.RETENTION_ENDED.value)
    for batch in own.order_by("pk").select_for_update(of=("self",)):
        if batch.is_before_orders:
            cancel_batch(batch, actor=actor, at=at)


def _create_sweep(client_id: UUID, ground: Ground, at: datetime) -> Sweep:
    rows = Holding.objects.held() if ground is Ground.RETENTION_ENDED else Subject.objects.all()
    held = rows.filter(client_id=client_id).count()
    sweep = Sweep(id=new_id(), client_id=client_id, ground=ground.value, held=held, opened_at=at)
    sweep.save(force_insert=True)
    enqueue_sweep(sweep)
    return sweep


def _values(sweep: Sweep, low: UUID | None, high: UUID | None) -> dict[str, object]:
    """Return the parameters of a chunk; the ids of the batches follow from the sweep, so that all chunks fill them."""
    common: SqlValues = {
        "client": sweep.client_id,
        "sweep": sweep.pk,
        "low": low,
        "high": high,
        "at": sweep.opened_at,
        "clock": clock_bytes(sweep.opened_at),
    }
    if sweep.ground == Ground.AGREEMENT_ENDED:
        batch = Batch.objects.get(client_id=sweep.client_id, sweep=sweep)
        return {**common, "batch": batch.pk, "paktaleem": PAKTALEEM}
    batches, owners = {name: uuid5(sweep.pk, name) for name in _BATCHES}, {sweep.client_id, PAKTALEEM}
    codes = dict(Purpose.objects.filter(client_id__in=owners).values_list("pk", "code"))
    capacities = PurposeCapacity.objects.filter(client_id__in=owners)
    rules = to_capacity_rules(capacities, codes=codes, client_id=sweep.client_id)
    own = {code for code in codes.values() if capacity_at(code, rules, sweep.opened_at) == Capacity.CONTROLLER}
    return {**common, **batches, "own": sorted(own)}


def _finish_flagging(batch: Batch, *, actor: Actor, at: datetime) -> None:
    [(summary, size)] = fetch(SUMMARY, {"client": batch.client_id, "batch": batch.pk})
    batch.summary, batch.size, batch.reviewed_at = json.loads(summary), int(size or 0), at
    if not batch.size:
        batch.stage, batch.ended_at = Stage.CANCELLED.value, at
        batch.save()
        record_batch("disposal.cancelled", batch, actor, at)
        return
    batch.stage = Stage.REVIEW.value
    batch.save()
    record_batch("disposal.flagged", batch, actor, at, facts={"automatic": batch.is_automatic})
    if batch.approved_at is not None:
        schedule_batch(batch, starts_at=at, actor=actor, at=at)
    elif batch.is_automatic and is_for_one_person(batch):
        _approve(batch, actor=actor, at=at)
