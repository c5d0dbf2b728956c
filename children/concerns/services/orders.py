"""Orders to systems for guardians' requests, and the data they return."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from children.concerns.models import PARENT, Concern, ConcernKind
from children.concerns.request_rules import RequestKind
from children.concerns.selectors import list_request_blockers
from children.concerns.services.cases import AlreadyClosed, lock_case, record_case_step
from children.guardians.selectors import GuardianshipUnknown, get_live_guardianship
from children.guardians.services.locking import lock_child
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, OrderPart
from paktaleem.directory.data_systems.selectors import (
    Parent,
    categories_held,
    is_everything_answered,
    list_parts,
)
from paktaleem.directory.data_systems.services import OrderSpec, issue_orders, open_part
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError

__all__ = [
    "AlreadyOrdered",
    "NotADeletion",
    "NothingReturnedYet",
    "confirm_deletion",
    "open_copy",
    "order_copy",
    "record_orders_answered",
]

_PORTAL = system_actor("concerns.requests")
_A_DAY = timedelta(days=1)
_KINDS = {ConcernKind.COPY: OrderKind.COLLECT, ConcernKind.DELETION: OrderKind.ERASE}


class NotADeletion(Exception):
    """The case is not a request for deletion."""


class AlreadyOrdered(PortalError):
    """The deletion has already been confirmed."""

    console_message = "The deletion has already been confirmed."


class NothingReturnedYet(PortalError):
    """No system has returned data for this copy yet."""

    console_message = "No system has returned data yet."


def order_copy(case: Concern, *, at: datetime) -> Concern:
    """Order a copy from every system, with the portal as the actor; the child's row must be locked."""
    return _order(case, _PORTAL, at)


@transaction.atomic
def confirm_deletion(case: Concern, *, actor: Actor, reason: Reason | str, at: datetime) -> Concern:
    """Confirm, for the client as controller, a guardian's request for deletion, and order it from every system.

    Raises NotADeletion, AlreadyClosed, AlreadyOrdered, GuardianshipUnknown if the guardian no longer has authority,
    AlreadyErased, NotAllowed.
    """
    require(actor, Capability.CONFIRM_DELETIONS, case.client_id)
    if case.kind != ConcernKind.DELETION or case.child is None or case.guardian is None:
        raise NotADeletion
    child, guardian = lock_child(case.child), case.guardian
    case = lock_case(case)
    if case.closed_at is not None:
        raise AlreadyClosed
    if case.ordered_at is not None:
        raise AlreadyOrdered
    if RequestKind.DELETION in list_request_blockers(get_live_guardianship(child, guardian, at=at), at=at):
        raise GuardianshipUnknown
    return _order(case, actor, at, reason=Reason(reason).value)


def _order(case: Concern, actor: Actor, at: datetime, **facts: str) -> Concern:
    kind = _KINDS[ConcernKind(case.kind)]
    orders = _issue(case, kind, actor, at)
    case.ordered_at, case.ordered_kind, case.ordered_by = at, actor.kind.value, actor.id
    case.save(update_fields=["ordered_at", "ordered_kind", "ordered_by"])
    record_case_step("ordered", case, {"orders": str(len(orders)), **facts}, actor, at)
    return case


def _issue(case: Concern, kind: OrderKind, actor: Actor, at: datetime) -> list[Order]:
    """Order all categories held by any system; without registered systems, staff must handle the request."""
    categories = categories_held(case.client_id, at=at)
    if not categories or case.child is None:
        return []
    order = OrderSpec(
        kind=kind,
        categories=categories,
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=max(case.due_at, at + _A_DAY),
        parent=Parent(PARENT, case.pk),
    )
    return issue_orders(case.child, order, actor=actor, at=at)


def record_orders_answered(order: Order, actor: Actor, at: datetime) -> None:
    """Record that every order of a request is answered; a callback of ``systems.answered``."""
    if order.parent_kind != PARENT or order.parent_id is None:
        return
    case = lock_case(Concern(pk=order.parent_id, client_id=order.client_id))
    if case.is_open and is_everything_answered(Parent(PARENT, case.pk), client_id=case.client_id):
        record_case_step("orders_answered", case, {}, actor, at)


@transaction.atomic
def open_copy(
    case: Concern, *, actor: Actor, reason: Reason | str, at: datetime
) -> Iterator[tuple[Order, OrderPart, bytes]]:
    """Return the decrypted parts of a copy, with their orders; each access is recorded before data is returned.

    Raises NothingReturnedYet, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.HANDLE_CONCERNS, case.client_id)
    asked = Order.objects.filter(client_id=case.client_id, parent_kind=PARENT, parent_id=case.pk)
    given = [(order, part) for order in asked.select_related("system").order_by("pk") for part in list_parts(order)]
    if case.kind != ConcernKind.COPY or not given:
        raise NothingReturnedYet
    opened = [(order, part, open_part(part, actor=actor, reason=reason, at=at)) for order, part in given]
    return ((order, part, b"".join(chunks)) for order, part, chunks in opened)
