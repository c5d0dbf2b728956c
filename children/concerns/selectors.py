"""Selectors of concerns and guardians' requests, without decrypting them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from children.concerns.models import PARENT, Concern, ConcernKind
from children.concerns.request_rules import RequestBlocker, RequestKind, why_not_allowed
from children.guardians.authority import Guardian
from children.guardians.models import Guardianship
from children.guardians.selectors import load_child_facts
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import Parent, list_answers
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability

__all__ = [
    "RequestProgress",
    "list_concerns",
    "list_request_blockers",
    "list_requests",
    "portal_record_remains",
    "with_progress",
]


def list_concerns(actor: Actor) -> QuerySet[Concern]:
    """List the concerns and requests that the actor may see. Raises NotAllowed."""
    require(actor, Capability.VIEW_CONCERNS)
    return Concern.objects.select_related("child", "guardian").defer("text", "contact")


def with_progress(found: QuerySet[Concern]) -> QuerySet[Concern]:
    """Annotate ``has_orders`` and ``waits_for_systems``: whether a case has orders to systems, and open ones."""
    orders = Order.objects.filter(client_id=OuterRef("client_id"), parent_kind=PARENT, parent_id=OuterRef("pk"))
    return found.annotate(has_orders=Exists(orders), waits_for_systems=Exists(orders.filter(ended_at=None)))


def portal_record_remains(case: Concern) -> bool:
    """Return True if every system has answered for a confirmed deletion, and only the portal's own record remains.

    The portal's record is erased by a separate act (decisions 0005, 0037), since an erased person cannot be answered
    about. It no longer remains once that act is confirmed.
    """
    if case.kind != ConcernKind.DELETION or case.ordered_at is None or case.child is None:
        return False
    if case.child.erased_at is not None or case.child.is_being_erased:
        return False
    orders = Order.objects.filter(client_id=case.client_id, parent_kind=PARENT, parent_id=case.pk)
    return not orders.filter(ended_at=None).exists()


def list_request_blockers(row: Guardianship, *, at: datetime) -> Mapping[RequestKind, RequestBlocker]:
    """Return why a guardian may not make a request, by kind of request; kinds left out are allowed."""
    known = next((one for one in load_child_facts(row.child).guardians if one.id == row.pk), None)
    own = known or Guardian(row.pk, row.guardian_id, row.starts_at)
    found = {one: why_not_allowed(one, own, may_receive_data=row.may_receive_data, at=at) for one in RequestKind}
    return {wish: obstacle for wish, obstacle in found.items() if obstacle is not None}


@dataclass(frozen=True, slots=True)
class RequestProgress:
    """A guardian's request, with the number of systems that received an order and that have answered."""

    case: Concern
    total: int
    answered: int

    @property
    def waits_for_client(self) -> bool:
        """Return True if the client has not confirmed the deletion yet."""
        return self.case.is_open and self.case.kind == ConcernKind.DELETION and self.case.ordered_at is None


def list_requests(child: Subject, guardian: Subject) -> list[RequestProgress]:
    """List the five latest requests of one guardian about one child, newest first."""
    asked = Concern.objects.filter(client_id=child.client_id, child=child, guardian=guardian)
    cases = asked.exclude(kind=ConcernKind.CONCERN).defer("text", "contact").order_by("-received_at", "-id")[:5]
    found = []
    for case in cases:
        answers = list_answers(Parent(PARENT, case.pk), client_id=case.client_id)
        found.append(RequestProgress(case, len(answers), sum(not one.is_open for one in answers)))
    return found
