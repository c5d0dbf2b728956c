"""Issuing the orders of an approved batch, after a check of every holding in the same transaction."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from paktaleem.directory.data_systems.models.orders import Ground, OrderKind
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import OrderSpec
from paktaleem.directory.data_systems.services.sets import issue_orders_for_set
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.disposals.models.batches import Batch, Stage
from retention.disposals.models.items import Item, ItemState
from retention.disposals.pseudonyms import make_key
from retention.disposals.services.batches import PARENT, execute, fetch, joined_at_once, lock_batch, record_batch
from retention.disposals.services.reviewing import AGAIN_AFTER
from retention.disposals.services.verifying import certify_if_answered
from retention.disposals.sql_statements import (
    CHECK_AGAIN,
    LOCK_HOLDINGS,
    LOCK_PEOPLE,
    MAKE_PARCELS,
    NEXT_LIMIT_OF_BATCH,
)
from retention.schedule.models.rules import AnonymisationMethod, Disposal

CHUNK = 10_000
"""Holdings ordered in one transaction: their people are locked until it commits, about a second."""
_TIME_TO_ANSWER = timedelta(days=14)
_KINDS = {Disposal.DELETE: OrderKind.ERASE, Disposal.ANONYMISE: OrderKind.ANONYMISE}


@transaction.atomic
def order_chunk(batch: Batch, *, actor: Actor, at: datetime, size: int = CHUNK) -> bool:
    """Check the next holdings of a batch again and order their disposal; return True if more are left.

    Follows policy §4, decision 0075. A holding that was used, put on hold, or whose rule, due date or consent changed
    since it was flagged is sent back: a later sweep flags it anew, if it is due then. Nothing happens before
    ``starts_at`` and while the batch is interrupted. The cursor moves in the same transaction, so that a killed worker
    loses and doubles nothing. Raises NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, batch.client_id)
    batch = lock_batch(batch.pk, client_id=batch.client_id)
    if not _is_ready(batch, at):
        return False
    limits = fetch(
        NEXT_LIMIT_OF_BATCH,
        {"client": batch.client_id, "batch": batch.pk, "low": batch.cursor, "size": size - 1},
    )
    high = limits[0][0] if limits else None
    _order(batch, high, actor=actor, at=at)
    batch.stage, batch.cursor = Stage.EXECUTING.value, high or batch.cursor
    if high is None:
        batch.stage, batch.ordered_at = Stage.VERIFYING.value, at
    batch.save()
    if high is None:
        _record_ordered(batch, actor=actor, at=at)
        certify_if_answered(batch, actor=actor, at=at)
    return high is not None


def _is_ready(batch: Batch, at: datetime) -> bool:
    is_scheduled = batch.stage in {Stage.SCHEDULED, Stage.EXECUTING} and batch.paused_at is None
    return is_scheduled and batch.starts_at is not None and batch.starts_at <= at


def _order(batch: Batch, high: UUID | None, *, actor: Actor, at: datetime) -> None:
    """Check the chunk, and issue an order set for each parcel of what is left of it."""
    values: dict[str, Any] = {
        "client": batch.client_id,
        "batch": batch.pk,
        "low": batch.cursor,
        "high": high,
        "at": at,
        "again_at": at + AGAIN_AFTER,
        "paktaleem": PAKTALEEM,
        "by_rule": batch.ground == Ground.RETENTION_ENDED,
    }
    execute(LOCK_PEOPLE, values)
    execute(LOCK_HOLDINGS, values)
    with joined_at_once():
        execute(CHECK_AGAIN, values)
    chunk = _list_chunk(batch, high)
    for parcel, system_id, action, method, categories in fetch(MAKE_PARCELS, values):
        if method == AnonymisationMethod.KEYED_PSEUDONYM and batch.pseudonym_key is None:
            batch.pseudonym_key = make_key(batch)
        spec = _build_spec(batch, action, method, frozenset(categories), at)
        people = chunk.filter(parcel=parcel).order_by().values("subject_id")
        issue_orders_for_set(
            Subject.objects.filter(pk__in=people),
            spec,
            client_id=batch.client_id,
            only_to=None if system_id is None else {system_id},
            actor=actor,
            at=at,
        )


def _list_chunk(batch: Batch, high: UUID | None) -> QuerySet[Item]:
    """Return the items of the people after the cursor up to ``high``, in the order of the index."""
    found: QuerySet[Item] = Item.objects.filter(client_id=batch.client_id, batch=batch)
    if batch.cursor is not None:
        found = found.filter(subject_id__gt=batch.cursor)
    return found if high is None else found.filter(subject_id__lte=high)


def _build_spec(batch: Batch, action: str, method: str, categories: frozenset[str], at: datetime) -> OrderSpec:
    return OrderSpec(
        kind=_KINDS[Disposal(action)],
        method=method,
        categories=categories,
        reason=Reason.AGREEMENT_CHANGE if batch.ground == Ground.AGREEMENT_ENDED else Reason.REVIEW,
        ground=Ground(batch.ground),
        due_at=at + _TIME_TO_ANSWER,
        parent=Parent(PARENT, batch.pk),
    )


def _record_ordered(batch: Batch, *, actor: Actor, at: datetime) -> None:
    own = Item.objects.filter(client_id=batch.client_id, batch=batch)
    facts = {
        "ordered": own.filter(parcel__isnull=False).count(),
        "sent_back": own.filter(state=ItemState.SENT_BACK).count(),
        "no_system": own.filter(state=ItemState.NO_SYSTEM).count(),
    }
    record_batch("disposal.ordered", batch, actor, at, facts=facts)
