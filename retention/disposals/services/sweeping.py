"""Sweeps: the worker flags what is due, person by person, in chunks of a transaction each."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from consent.register.bases import capacity_at
from consent.register.compiled import Capacity
from consent.register.effects import to_capacity_rules
from consent.register.models.purposes import Purpose, PurposeCapacity
from paktaleem.directory.data_systems.models import Ground
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import PAKTALEEM, clock_bytes, new_id
from retention.disposals.models import Batch, Decider, Stage, Sweep
from retention.disposals.services.certificates import BatchMovedOn, execute, fetch, record_batch
from retention.disposals.services.reviewing import cancel_batch, is_for_one_person, schedule_batch, stamp_approval
from retention.disposals.sql_statements import CLOSE_ENDED, FLAG_AGREEMENT, FLAG_DUE, NEXT_LIMIT, NEXT_PEOPLE, SUMMARY
from retention.holdings.models import Holding

CHUNK = 20_000
"""Holdings checked in one transaction: few enough for short locks, many enough for set-based SQL."""
_PEOPLE = 500
"""People of an ended agreement in one transaction; each has a row for every category of every system."""
SWEEP = "disposals.sweep"
"""The task that continues a sweep."""
_BATCHES = ("client_reviewed", "client_automatic", "paktaleem_reviewed", "paktaleem_automatic")


@transaction.atomic
def start_sweep(client_id: UUID, *, actor: Actor, at: datetime) -> Sweep:
    """Start a sweep of a client's holdings, or return the one that is not finished (policy §4, decision 0075).

    Raises NotAllowed.
    """
    require(actor, Capability.REVIEW_DISPOSALS, client_id)
    found = Sweep.objects.filter(client_id=client_id, ground=Ground.RETENTION_ENDED.value, ended_at=None).first()
    return found or _create_sweep(client_id, Ground.RETENTION_ENDED, at)


@transaction.atomic
def open_disposal(
    client: Client, *, case: Parent | None = None, is_approved: bool = False, actor: Actor, at: datetime
) -> Batch:
    """Open the disposal of everyone's data at every system, whatever is reported; the worker carries it out.

    ``case`` is the case of an app above, such as the end of an agreement. With ``is_approved`` two people have approved
    that case already: the batch is scheduled as soon as it is put together, and its orders are issued at once. Without,
    it is reviewed like any other. Batches by rules that are not ordered yet are cancelled. Holds are respected: what
    they cover is sent back, and a later call disposes of it. A client without people or systems has nothing to order:
    the batch ends without disposal.
    ``get_progress`` says how far it is; ``pause_disposal`` and ``resume_disposal`` interrupt and continue it.

    Returns the batch that is already open for the client, if its case is the same. Raises BatchMovedOn if another one
    is open, NotAllowed.
    """
    require(actor, Capability.APPROVE_DISPOSALS if is_approved else Capability.REVIEW_DISPOSALS, client.pk)
    ground = Ground.AGREEMENT_ENDED
    open_ones = Batch.objects.open().filter(client_id=client.pk, ground=ground.value)
    known: Batch | None = open_ones.select_for_update(of=("self",)).first()
    if known is not None:
        if (known.case_kind, known.case_id) != (case or ("", None)):
            raise BatchMovedOn
        return known
    _cancel_retention(client.pk, actor=actor, at=at)
    sweep = _create_sweep(client.pk, ground, at)
    batch = Batch(
        id=new_id(),
        client_id=client.pk,
        sweep=sweep,
        ground=ground.value,
        decider=Decider.CLIENT.value,
        case_kind=case.kind if case else "",
        case_id=case.id if case else None,
        stage=Stage.FLAGGING.value,
        opened_at=at,
    )
    if is_approved:
        stamp_approval(batch, actor, at)
    batch.save(force_insert=True)
    record_batch("disposal.opened", batch, actor, at)
    return batch


@transaction.atomic
def flag_chunk(sweep: Sweep, *, actor: Actor, at: datetime, size: int = CHUNK) -> bool:
    """Flag the next holdings of a sweep; return True if more are left (policy §4, decision 0075).

    Idempotent once it has ended. About ``size`` holdings are checked: all of a person are in one chunk. At the end of
    an agreement ``size`` counts people, of whom at most 500 are in a chunk. The cursor moves in the same transaction,
    so that a killed worker loses and doubles nothing.
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
    common: dict[str, Any] = {
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
    batches = {name: uuid5(sweep.pk, name) for name in _BATCHES}
    return {**common, **batches, "own": _purposes_of_paktaleem(sweep.client_id, sweep.opened_at)}


def _purposes_of_paktaleem(client_id: UUID, at: datetime) -> list[str]:
    """List the codes of purposes for which PakTaleem is controller at the client; two queries."""
    owners = {client_id, PAKTALEEM}
    codes = dict(Purpose.objects.filter(client_id__in=owners).values_list("pk", "code"))
    rows = PurposeCapacity.objects.filter(client_id__in=owners)
    rules = to_capacity_rules(rows, codes=codes, client_id=client_id)
    return sorted({code for code in codes.values() if capacity_at(code, rules, at) == Capacity.CONTROLLER})


def _finish_flagging(batch: Batch, *, actor: Actor, at: datetime) -> None:
    """End the flagging of a batch: it goes to review, or is scheduled if it needs none."""
    [(summary, size)] = fetch(SUMMARY, {"client": batch.client_id, "batch": batch.pk})
    batch.summary, batch.size, batch.reviewed_at = json.loads(summary), int(size or 0), at
    batch.stage = Stage.REVIEW.value
    if not batch.size:
        batch.stage, batch.ended_at = Stage.CANCELLED.value, at
        batch.save()
        record_batch("disposal.cancelled", batch, actor, at)
        return
    batch.save()
    record_batch("disposal.flagged", batch, actor, at, facts={"automatic": batch.is_automatic})
    if batch.approved_at is not None:
        schedule_batch(batch, starts_at=at, actor=actor, at=at)
    elif batch.is_automatic and is_for_one_person(batch):
        stamp_approval(batch, actor, at)
        schedule_batch(batch, starts_at=at + settings.DISPOSAL_WAIT, actor=actor, at=at)
