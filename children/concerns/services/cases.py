"""Opening, reading and closing cases, and purging old ones."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from children.concerns.models import PARENT, Concern, ConcernKind, ConcernOutcome
from children.concerns.sealing import open_text, seal_texts
from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.directory.data_systems.services import purge_copies
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id

__all__ = [
    "AlreadyClosed",
    "OrdersOpen",
    "clients_with_old_concerns",
    "close_concern",
    "lock_case",
    "open_concern",
    "purge_concerns",
    "read_concern",
    "record_case_step",
]

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_AT_ONCE = 500


class AlreadyClosed(PortalError):
    """The case is already closed."""

    console_message = "The case is already closed."


class OrdersOpen(PortalError):
    """The case has an open order: a system has not answered and was not waived."""

    console_message = "A system has not answered yet, and was not waived."


@transaction.atomic
def open_concern(
    client_id: UUID,
    *,
    kind: ConcernKind | str = ConcernKind.CONCERN,
    text: str,
    contact: str = "",
    child: Subject | None = None,
    guardian: Subject | None = None,
    language: str,
    actor: Actor,
    at: datetime,
) -> Concern:
    """Record a concern or a guardian's request, due within CONCERN_DAYS. Requires no capability.

    The text is not searched for people, so the response does not disclose whether a child is registered.
    """
    row = Concern(
        id=new_id(),
        client_id=client_id,
        kind=ConcernKind(kind),
        number="".join(secrets.choice(_ALPHABET) for _ in range(8)),
        child=child,
        guardian=guardian,
        language=language,
        received_at=at,
        due_at=at + timedelta(days=settings.CONCERN_DAYS),
    )
    seal_texts(row, text=text, contact=contact)
    row.save(force_insert=True)
    record_case_step("received", row, {"due_at": row.due_at.isoformat()}, actor, at)
    return row


@transaction.atomic
def read_concern(row: Concern, *, actor: Actor, reason: Reason | str, at: datetime) -> dict[str, str]:
    """Return the decrypted text and contact; the access is recorded first. Raises CannotOpen, NotAllowed."""
    require(actor, Capability.HANDLE_CONCERNS, row.client_id)
    record_case_step("read", row, {"reason": Reason(reason).value}, actor, at)
    return {field: open_text(row, field) for field in ("text", "contact")}


@transaction.atomic
def close_concern(
    row: Concern, *, outcome: ConcernOutcome | str, actor: Actor, reason: Reason | str, at: datetime
) -> Concern:
    """Close a case with its outcome, once every order of the case is answered or waived.

    Only the client may close a deletion that is not confirmed. The copy that systems gave for the case is deleted.
    Raises AlreadyClosed, OrdersOpen, NotAllowed.
    """
    require(actor, Capability.HANDLE_CONCERNS, row.client_id)
    row = lock_case(row)
    if row.closed_at is not None:
        raise AlreadyClosed
    if row.kind == ConcernKind.DELETION and row.ordered_at is None:
        require(actor, Capability.CONFIRM_DELETIONS, row.client_id)
    orders = Order.objects.filter(client_id=row.client_id, parent_kind=PARENT, parent_id=row.pk)
    if orders.open().exists():
        raise OrdersOpen
    row.closed_at, row.outcome = at, ConcernOutcome(outcome)
    row.closed_kind, row.closed_by = actor.kind.value, actor.id
    row.save(update_fields=["closed_at", "outcome", "closed_kind", "closed_by"])
    record_case_step("closed", row, {"outcome": str(row.outcome), "reason": Reason(reason).value}, actor, at)
    for order in orders.filter(kind=OrderKind.COLLECT).order_by("pk"):
        purge_copies(order, actor=actor, at=at)
    return row


def clients_with_old_concerns(*, at: datetime) -> list[UUID]:
    """List the clients with texts of concerns answered long ago; requires the officers' context."""
    old = Concern.objects.filter(closed_at__lte=_cutoff(at), wrapped__isnull=False)
    return list(old.order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def purge_concerns(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Destroy the keys and texts of concerns answered CONCERN_KEPT_DAYS ago; return how many, up to 500."""
    old = Concern.objects.filter(client_id=client_id, closed_at__lte=_cutoff(at), wrapped__isnull=False)
    rows = list(old.select_for_update(skip_locked=True)[:_AT_ONCE])
    for row in rows:
        row.wrapped, row.epoch, row.text, row.contact = None, None, None, None
        row.save(update_fields=["wrapped", "epoch", "text", "contact"])
        record_case_step("forgotten", row, {}, actor, at)
    return len(rows)


def lock_case(row: Concern) -> Concern:
    """Return the stored case, locked until the end of the transaction, with child and guardian."""
    rows = Concern.objects.select_for_update(of=("self",)).select_related("child__client", "guardian")
    return rows.get(pk=row.pk, client_id=row.client_id)


def _cutoff(at: datetime) -> datetime:
    return at - timedelta(days=settings.CONCERN_KEPT_DAYS)


def record_case_step(step: str, row: Concern, facts: dict[str, str], actor: Actor, at: datetime) -> None:
    """Record the ledger entry of a step of a case."""
    entry = {row.family: str(row.pk), "kind": row.told_kind, **facts}
    record_entry(
        f"{row.family}.{step}", client_id=row.client_id, subject_id=row.child_id, facts=entry, actor=actor, at=at
    )
