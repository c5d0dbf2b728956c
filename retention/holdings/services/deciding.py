"""Deciding about a flagged collection: erase the data, correct the register, or explain why it was lawful."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.notices.selectors.registers import current_register
from paktaleem.directory.data_systems.models import Ground, OrderKind
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services import OrderSpec, issue_orders
from paktaleem.directory.people.services import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.holdings.disposal_checks import list_disposal_holds
from retention.holdings.models import CollectionDecision, FlaggedCollection

__all__ = ["DISPOSAL", "ERASE_WITHIN", "AlreadyDecided", "DataOnHold", "NotTheController", "decide_collection"]

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
    about erasure. Raises ValidationError for an empty ground, AlreadyDecided, NotTheController, DataOnHold,
    AlreadyErased, NotAllowed.
    """
    require(actor, Capability.DECIDE_COLLECTIONS, flagged.client_id)
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    rows = FlaggedCollection.objects.select_for_update(of=("self",)).select_related("subject")
    flagged = rows.get(pk=flagged.pk, client_id=flagged.client_id)
    if not flagged.is_open:
        raise AlreadyDecided
    chosen = CollectionDecision(decision)
    if chosen is CollectionDecision.DISPOSED:
        _order_erasure(flagged, actor, at)
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
