"""Updating holdings from reported collections and answered orders."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.notices.selectors.registers import current_register
from consent.register.effects import WeakensSafeguard
from consent.register.models.purposes import SafeguardChange, SafeguardKind
from consent.register.services import store_safeguard_change
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.holdings.disposal_checks import list_disposal_holds
from retention.holdings.models import Collection, CollectionDecision, FlaggedCollection, Holding

_ADD = """
INSERT INTO holdings_holding AS h (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes,
    count, first_collected_at, last_collected_at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::jsonb[], %s::jsonb[],
    %s::bigint[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (client_id, subject_id, category, system_id) WHERE ended_at IS NULL DO UPDATE SET
    count = h.count + excluded.count,
    occasions = (
        SELECT coalesce(jsonb_agg(DISTINCT v), '[]') FROM jsonb_array_elements(h.occasions || excluded.occasions) AS v
    ),
    purposes = (
        SELECT coalesce(jsonb_agg(DISTINCT v), '[]') FROM jsonb_array_elements(h.purposes || excluded.purposes) AS v
    ),
    first_collected_at = least(h.first_collected_at, excluded.first_collected_at),
    last_collected_at = greatest(h.last_collected_at, excluded.last_collected_at)
"""

_ENDING_KINDS = frozenset({OrderKind.ERASE, OrderKind.ANONYMISE})
_ENDING_STATES = frozenset({State.CONFIRMED, State.NOT_FOUND})


def add_to_holdings(collections: Iterable[Collection]) -> None:
    """Add collections of a client to the holdings of their systems and people, in one statement (policy §1).

    The people's rows must be locked.
    """
    groups: dict[Any, list[Collection]] = defaultdict(list)
    for one in collections:
        groups[one.client_id, one.subject_id, one.category].append(one)
    rows = [_to_row(found) for found in groups.values()]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])


def _to_row(found: list[Collection]) -> tuple[Any, ...]:
    first, times = found[0], [one.collected_at for one in found]
    return (
        new_id(),
        first.client_id,
        first.subject_id,
        first.category,
        first.system_id,
        first.system_owner,
        json.dumps(sorted({one.occasion for one in found})),
        json.dumps(sorted({one.purpose for one in found if one.purpose})),
        sum(one.count for one in found),
        min(times),
        max(times),
    )


def count_reported_records(order: Order) -> dict[str, int]:
    """Return the records that are held by the system of an order, by category; ``data_systems.reported_records``."""
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    counted = held.filter(system_id=order.system_id, category__in=order.categories, count__gt=0)
    return dict(counted.values_list("category", "count"))


def end_holdings(order: Order, actor: Actor, at: datetime) -> None:
    """End the holdings that a system erased, anonymised or did not find; a callback of ``systems.answered``."""
    del actor
    if OrderKind(order.kind) not in _ENDING_KINDS or State(order.state) not in _ENDING_STATES:
        return
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    held.filter(system_id=order.system_id, category__in=order.categories).update(ended_at=at)


DISPOSAL = "flagged_collection"
"""The kind of parent of orders to erase data that was collected unlawfully."""
ERASE_WITHIN = timedelta(days=7)


ON_HOLD = gettext_lazy("The data is on hold. It cannot be erased until the hold is lifted.")


@transaction.atomic
def decide_collection(
    flagged: FlaggedCollection, *, decision: CollectionDecision | str, ground: str, actor: Actor, at: datetime
) -> FlaggedCollection:
    """Record a decision about a flagged collection with its ground in words; ``disposed`` orders the erasure.

    Every system that holds the category has seven days. Where the client is controller, its administrator decides
    about erasure. Raises WeakensSafeguard for ``explained`` (see ``request_explanation``), ValidationError for an empty
    ground, Refused, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.DECIDE_COLLECTIONS, flagged.client_id)
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    flagged = _lock_open(flagged.pk, flagged.client_id)
    chosen = CollectionDecision(decision)
    if chosen is CollectionDecision.EXPLAINED:
        raise WeakensSafeguard(SafeguardKind.COLLECTION)
    if chosen is CollectionDecision.DISPOSED:
        _order_erasure(flagged, actor, at)
    return _settle(flagged, chosen, ground, actor, at)


@transaction.atomic
def request_explanation(flagged: FlaggedCollection, *, ground: str, actor: Actor, at: datetime) -> SafeguardChange:
    """Request that a flagged collection counts as lawful; a second person must approve that (decision 0053).

    Raises ValidationError for an empty ground, Refused, NotAllowed.
    """
    require(actor, Capability.DECIDE_COLLECTIONS, flagged.client_id)
    row: Any = _lock_open(flagged.pk, flagged.client_id)
    return store_safeguard_change(
        row, SafeguardKind.COLLECTION, purpose=row.purpose, values={}, ground=ground, actor=actor, at=at
    )


def apply_approved_explanation(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Record the explanation of an approved change; False for another kind. Connected to ``weaker_rows``.

    Raises Refused if the collection was decided meanwhile.
    """
    del reason  # the ground in words is recorded
    if change.kind != SafeguardKind.COLLECTION:
        return False
    flagged = _lock_open(change.row, change.client_id)
    _settle(flagged, CollectionDecision.EXPLAINED, change.ground, actor, at)
    return True


def _lock_open(flagged_id: UUID, client_id: UUID) -> FlaggedCollection:
    rows = FlaggedCollection.objects.select_for_update(of=("self",)).select_related("subject")
    flagged: FlaggedCollection = rows.get(pk=flagged_id, client_id=client_id)
    if not flagged.is_open:
        raise Refused(_("This collection was decided already."))
    return flagged


def _settle(
    flagged: FlaggedCollection, chosen: CollectionDecision, ground: str, actor: Actor, at: datetime
) -> FlaggedCollection:
    flagged.decision, flagged.ground, flagged.decided_at = chosen.value, ground.strip(), at
    flagged.decided_kind, flagged.decided_by, flagged.decided_role = actor.kind.value, actor.id, actor.role
    flagged.save()
    facts = {
        "flagged": str(flagged.pk),
        "collection": str(flagged.collection_id),
        "category": flagged.category,
        "purpose": flagged.purpose,
        "outcome": flagged.decision,
    }
    about = {"client_id": flagged.client_id, "subject_id": flagged.subject_id}
    record_entry("collection.decided", **about, facts=facts, actor=actor, at=at)
    return flagged


def _order_erasure(flagged: FlaggedCollection, actor: Actor, at: datetime) -> None:
    subject = lock_subject(flagged.subject_id, client_id=flagged.client_id, during_erasure=True)
    if actor.client_id != flagged.client_id and not _is_paktaleem_controller(flagged, at):
        raise Refused(_("The client is controller for this data: its administrator decides whether it is erased."))
    if list_disposal_holds(flagged.client_id, flagged.subject_id, {flagged.category}):
        raise Refused(ON_HOLD)
    spec = OrderSpec(
        kind=OrderKind.ERASE,
        categories=frozenset({flagged.category}),
        reason=Reason.REVIEW,
        ground=Ground.INSTRUCTION,
        due_at=at + ERASE_WITHIN,
        parent=Parent(DISPOSAL, flagged.pk),
    )
    issue_orders(subject, spec, actor=actor, at=at)


def _is_paktaleem_controller(flagged: FlaggedCollection, at: datetime) -> bool:
    if flagged.client_id == PAKTALEEM:
        return True
    basis = current_register(flagged.client_id).leading_basis(flagged.purpose, flagged.subject.roles, at)
    return basis is not None and basis.capacity == "controller"
