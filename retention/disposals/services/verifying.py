"""Verification: the answers of systems settle the holdings, and the last one leads to the certificate."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.directory.data_systems.results import ON_HOLD
from paktaleem.directory.data_systems.states import State
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from retention.disposals.models.batches import Batch, Stage
from retention.disposals.models.certificates import Certificate
from retention.disposals.models.items import Cause, Item, ItemState
from retention.disposals.services.batches import PARENT, execute, lock_batch, record_batch
from retention.disposals.services.certificates import issue_certificate
from retention.disposals.services.reviewing import AGAIN_AFTER, enqueue_continuation
from retention.disposals.sql_statements import END_HOLDINGS, SETTLE

_STATES = {
    State.CONFIRMED: ItemState.DISPOSED,
    State.NOT_FOUND: ItemState.NOT_FOUND,
    State.NOT_APPLICABLE: ItemState.NOT_APPLICABLE,
    State.WAIVED: ItemState.WAIVED,
}
_GONE = frozenset({ItemState.DISPOSED, ItemState.NOT_FOUND})


def settle_items(order: Order, actor: Actor, at: datetime) -> None:
    """Settle the holdings that an answered order is about; connected to ``order_answered``.

    Data that its system did not dispose of stays a holding, and is flagged again after 90 days. Data whose order a hold
    recalled is sent back. Data of no known system
    is settled by the last of its orders, as the worst of their answers.
    """
    del actor
    if order.parent_kind != PARENT or order.parent_id is None:
        return
    state, reason = _STATES[State(order.state)], (order.result or {}).get("reason", "")
    if reason == ON_HOLD:
        state = ItemState.SENT_BACK
    values = {
        "client": order.client_id,
        "batch": order.parent_id,
        "subject": order.subject_id,
        "system": order.system_id,
        "categories": order.categories,
        "state": state.value,
        "cause": Cause.HELD.value if state is ItemState.SENT_BACK else "",
        "answer": reason,
        "again_at": None if state in _GONE or state is ItemState.SENT_BACK else at + AGAIN_AFTER,
        "parent_kind": PARENT,
        "at": at,
    }
    execute(SETTLE, values)
    execute(END_HOLDINGS, values)
    batch = Batch.objects.filter(client_id=order.client_id, pk=order.parent_id, stage=Stage.VERIFYING).first()
    if batch is not None and not Item.objects.unanswered().filter(client_id=batch.client_id, batch=batch).exists():
        enqueue_continuation(batch)


@transaction.atomic
def certify_if_answered(batch: Batch, *, actor: Actor, at: datetime) -> Certificate | None:
    """Certify a batch once every system has answered, or was waived; its pseudonyms' key is destroyed.

    Follows policy §4, decision 0075. Returns None if an answer is outstanding, or if nothing was ordered: then the
    batch ends without disposal. Raises NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, batch.client_id)
    batch = lock_batch(batch.pk, client_id=batch.client_id)
    own = Item.objects.filter(client_id=batch.client_id, batch=batch)
    if batch.stage != Stage.VERIFYING or own.unanswered().exists():
        return None
    batch.pseudonym_key, batch.ended_at = None, at
    if not own.filter(state__in=list(_STATES.values())).exists():
        batch.stage = Stage.CANCELLED.value
        batch.save()
        record_batch("disposal.cancelled", batch, actor, at)
        return None
    batch.stage = Stage.CERTIFIED.value
    batch.save()
    return issue_certificate(batch, actor=actor, at=at)
