"""Selectors of holds."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from paktaleem.directory.people.erasure_hooks import Hold as ErasureHold
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import map_same_person
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from retention.holdings.disposal_checks import DisposalHold
from retention.schedule.models.holds import Hold, HoldKind, HoldLift


def list_holds(actor: Actor) -> QuerySet[Hold]:
    """List holds. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[Hold] = Hold.objects.select_related("subject", "system")
    return found


def list_lifts(actor: Actor) -> QuerySet[HoldLift]:
    """List requests to lift holds. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[HoldLift] = HoldLift.objects.select_related("hold")
    return found


def find_holds(
    client_id: UUID, *, subject_id: UUID, category: str | None = None, system_id: UUID | None = None
) -> QuerySet[Hold]:
    """Find the open holds that cover some data of a person: of any record that is the same person.

    Without ``category`` or ``system_id``, holds of any category or system are found: they cover a part of the data.
    """
    own = Subject.objects.filter(client_id=client_id)
    main = own.filter(pk=subject_id, same_person__isnull=False).values("same_person")
    records = own.filter(same_person__in=main).values("pk")  # not a join, which would read everyone of the client
    covering = Q(subject_id=subject_id) | Q(subject_id=None) | Q(subject_id__in=records)
    found: QuerySet[Hold] = Hold.objects.open().filter(covering, client_id=client_id)
    if category is not None:
        found = found.filter(category__in=["", category])
    if system_id is not None:
        found = found.filter(Q(system_id=system_id) | Q(system_id=None))
    return found.order_by("placed_at", "id")


def find_disposal_holds(client_id: UUID, subject_id: UUID, categories: AbstractSet[str]) -> Iterator[DisposalHold]:
    """Find the open holds that cover any of the categories of a person; connected to ``before_disposal``."""
    for hold in find_holds(client_id, subject_id=subject_id).select_related("system"):
        found = DisposalHold(hold.get_kind_display(), hold.ground, hold.review_on, hold.category, hold.system)
        if any(found.keeps(category) for category in categories):
            yield found


def find_erasure_holds(client_id: UUID, people: Sequence[UUID], at: datetime) -> Iterator[tuple[UUID, ErasureHold]]:
    """Find the open holds that forbid people's erasure; connected to ``people.erasure_holds``.

    The hold of a record covers every record of the same person. A hold of a rights request is left to the app of
    requests: an erasure may serve that very request.
    """
    del at
    words = _("{kind}, to be reviewed on {day}: {ground}")
    records = _map_records(client_id, people)
    covering = Hold.objects.open().filter(Q(subject_id__in=records) | Q(subject_id=None), client_id=client_id)
    for hold in covering.order_by("placed_at", "id"):
        if hold.kind != HoldKind.OPEN_REQUEST or hold.related_id is None:
            ground = words.format(kind=hold.get_kind_display(), day=hold.review_on.isoformat(), ground=hold.ground)
            found = ErasureHold(f"hold_{hold.kind}", ground, category=hold.category)
            yield from ((key, found) for key in (people if hold.subject_id is None else records[hold.subject_id]))


def describe_erasure_holds(erasure: Erasure) -> str:
    """Describe the holds for which an erasure that has begun waits; connected to ``people.erasure_blockers``."""
    found = find_erasure_holds(erasure.client_id, [erasure.subject_id], erasure.started_at)
    return " ".join(hold.ground for _id, hold in found)


def _map_records(client_id: UUID, people: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Map every record of some people to those of ``people`` who are the same person."""
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for key in people:
        found[key].append(key)
    for record, others in map_same_person(Subject.objects.filter(client_id=client_id, pk__in=people)).items():
        for other in others:
            found[other.pk].append(record)
    return found
