"""Reading concerns and requests; what was written stays sealed. What a guardian may ask for, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from children.concerns.asking import Obstacle, Wish, what_stands_against
from children.concerns.models import PARENT, Concern, ConcernKind
from children.guardians.authority import Guardian
from children.guardians.models import Guardianship
from children.guardians.selectors import child_facts
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import Parent, answers_of
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability

__all__ = ["Request", "concerns", "obstacles_of", "record_is_left", "requests_of", "with_progress"]


def concerns(actor: Actor) -> QuerySet[Concern]:
    """List the concerns of every client the actor may see."""
    require(actor, Capability.VIEW_CONCERNS)
    return Concern.objects.select_related("child", "guardian").defer("text", "contact")


def with_progress(found: QuerySet[Concern]) -> QuerySet[Concern]:
    """Say of each case whether a system was told something for it (``has_orders``), and has still to answer."""
    asked = Order.objects.filter(client_id=OuterRef("client_id"), parent_kind=PARENT, parent_id=OuterRef("pk"))
    return found.annotate(has_orders=Exists(asked), waits_for_systems=Exists(asked.filter(ended_at=None)))


def record_is_left(case: Concern) -> bool:
    """Say whether every system has answered for a confirmed deletion, and only the portal's own record is left.

    That one goes by an act of its own (decisions 0005, 0037): what is erased here cannot be answered about any more.
    """
    if case.kind != ConcernKind.DELETION or case.ordered_at is None or case.child is None:
        return False
    asked = Order.objects.filter(client_id=case.client_id, parent_kind=PARENT, parent_id=case.pk)
    return case.child.erased_at is None and not asked.filter(ended_at=None).exists()


def obstacles_of(row: Guardianship, *, at: datetime) -> Mapping[Wish, Obstacle]:
    """Say what stands against which wish of a guardian; a wish that is not named may be asked."""
    known = next((one for one in child_facts(row.child).guardians if one.id == row.pk), None)
    own = known or Guardian(row.pk, row.guardian_id, row.starts_at)
    found = {one: what_stands_against(one, own, may_receive_data=row.may_receive_data, at=at) for one in Wish}
    return {wish: obstacle for wish, obstacle in found.items() if obstacle is not None}


@dataclass(frozen=True, slots=True)
class Request:
    """How far one request of a guardian is: by how many of the systems that were told it is answered."""

    case: Concern
    told: int
    answered: int

    @property
    def waits_for_client(self) -> bool:
        """Whether the client has still to confirm it."""
        return self.case.is_open and self.case.kind == ConcernKind.DELETION and self.case.ordered_at is None


def requests_of(child: Subject, guardian: Subject) -> list[Request]:
    """List the latest requests of one guardian about one child, newest first, for the guardian's own page."""
    asked = Concern.objects.filter(client_id=child.client_id, child=child, guardian=guardian)
    cases = asked.exclude(kind=ConcernKind.CONCERN).defer("text", "contact").order_by("-received_at", "-id")[:5]
    found = []
    for case in cases:
        answers = answers_of(Parent(PARENT, case.pk), client_id=case.client_id)
        found.append(Request(case, len(answers), sum(not one.is_open for one in answers)))
    return found
