"""Deciding about a flagged collection: erase the data, correct the register, or explain why it was lawful."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.notices.selectors.registers import current_register
from consent.register.models.safeguards import SafeguardChange, SafeguardKind
from consent.register.services.safeguards import store_safeguard_change
from consent.register.weakening import WeakensSafeguard
from paktaleem.directory.data_systems.models.orders import Ground, OrderKind
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.services.locking import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.holdings.disposal_checks import list_disposal_holds
from retention.holdings.models.flagged import CollectionDecision, FlaggedCollection

DISPOSAL = "flagged_collection"
"""The kind of parent of orders to erase data that was collected unlawfully."""
ERASE_WITHIN = timedelta(days=7)


class AlreadyDecided(PortalError):
    """The collection was decided before."""

    console_message = "This collection was decided already."


class DataOnHold(PortalError):
    """A hold covers the data, so it must not be erased."""

    console_message = "The data is on hold. It cannot be erased until the hold is lifted."


class NotTheController(PortalError):
    """The client is controller for the purpose, so its administrator decides whether the data is erased."""

    console_message = "The client is controller for this data: its administrator decides whether it is erased."


@transaction.atomic
def decide_collection(
    flagged: FlaggedCollection, *, decision: CollectionDecision | str, ground: str, actor: Actor, at: datetime
) -> FlaggedCollection:
    """Record a decision about a flagged collection with its ground in words; ``disposed`` orders the erasure.

    Every system that holds the category has seven days. Where the client is controller, its administrator decides
    about erasure. Raises WeakensSafeguard for ``explained`` (see ``request_explanation``), ValidationError for an empty
    ground, AlreadyDecided, NotTheController, DataOnHold, AlreadyErased, NotAllowed.
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

    Raises ValidationError for an empty ground, AlreadyDecided, NotAllowed.
    """
    require(actor, Capability.DECIDE_COLLECTIONS, flagged.client_id)
    row: Any = _lock_open(flagged.pk, flagged.client_id)
    return store_safeguard_change(
        row, SafeguardKind.COLLECTION, purpose=row.purpose, values={}, ground=ground, actor=actor, at=at
    )


def apply_approved_explanation(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Record the explanation of an approved change; False for another kind. Connected to ``weaker_rows``.

    Raises AlreadyDecided.
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
        raise AlreadyDecided
    return flagged


def _settle(
    flagged: FlaggedCollection, chosen: CollectionDecision, ground: str, actor: Actor, at: datetime
) -> FlaggedCollection:
    flagged.decision, flagged.ground, flagged.decided_at = chosen.value, ground.strip(), at
    flagged.decided_kind, flagged.decided_by, flagged.decided_role = actor.kind.value, actor.id, actor.role
    flagged.save()
    _record_decision(flagged, actor, at)
    return flagged


def _order_erasure(flagged: FlaggedCollection, actor: Actor, at: datetime) -> None:
    subject = lock_subject(flagged.subject_id, client_id=flagged.client_id, during_erasure=True)
    if actor.client_id != flagged.client_id and not _is_paktaleem_controller(flagged, at):
        raise NotTheController
    if list_disposal_holds(flagged.client_id, flagged.subject_id, {flagged.category}):
        raise DataOnHold
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


def _record_decision(flagged: FlaggedCollection, actor: Actor, at: datetime) -> None:
    facts = {
        "flagged": str(flagged.pk),
        "collection": str(flagged.collection_id),
        "category": flagged.category,
        "purpose": flagged.purpose,
        "outcome": flagged.decision,
    }
    record_entry(
        "collection.decided",
        client_id=flagged.client_id,
        subject_id=flagged.subject_id,
        facts=facts,
        actor=actor,
        at=at,
    )
