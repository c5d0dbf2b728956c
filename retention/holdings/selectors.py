"""Selectors of collections, holdings and incidents."""

from collections.abc import Callable, Iterable, Sequence, Set as AbstractSet
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Case, Count, QuerySet, When
from django.utils.translation import gettext_lazy

from children.guardians.authority import GIVEN, ChildFacts
from children.guardians.models import ServiceAuthorisation
from children.guardians.selectors import load_child_facts
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from retention.holdings.models import Holding

ON_HOLD = gettext_lazy("The data is on hold. It cannot be erased until the hold is lifted.")
AGES = (1, 2, 3, 5)
"""Limits of the ages, in years: up to a year, one to two, two to three, three to five, more."""


def list_holdings_of(subject: Subject, *, actor: Actor) -> QuerySet[Holding]:
    """List the current holdings of one person, sorted by category and system. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS, subject.client_id)
    held = Holding.objects.held().filter(client_id=subject.client_id, subject=subject)
    return held.select_related("system").order_by("category", "system__code", "pk")


def count_by_age(actor: Actor, client_id: UUID, *, at: datetime) -> dict[str, list[int]]:
    """Count a client's holdings by category and age since the first collection, in one query. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS, client_id)
    limits = [at - relativedelta(years=years) for years in AGES]
    age = Case(
        *(When(first_collected_at__gt=limit, then=number) for number, limit in enumerate(limits)), default=len(AGES)
    )
    held = begin_with_people(Holding.objects.held()).filter(client_id=client_id).annotate(age=age)
    counts: dict[str, list[int]] = {}
    for category, number, count in held.order_by("category").values_list("category", "age").annotate(Count("pk")):
        counts.setdefault(category, [0] * (len(AGES) + 1))[number] = count
    return counts


def is_without_authority(subject: Subject, *, when: datetime, at: datetime) -> bool:
    """Return True if the person is a known child without a true authorisation of the service at ``when``.

    For times before the person's registration, the time of registration is used. A person of unknown age is not a
    known child: decisions deny then, but nothing is erased.
    """
    moment = max(when, subject.registered_at)
    if subject.of_age_at is None or subject.of_age_at <= moment:
        return False
    facts = load_child_facts(subject, past=moment if moment < at else None)
    return _without_false_answers(facts, subject).standing(moment).state != GIVEN


def list_false_authorisations(children: AbstractSet[UUID]) -> set[UUID]:
    """Return the children of whom an authorisation rests on a verification that was ended; one query."""
    answers = ServiceAuthorisation.objects.filter(child__in=children, verification__ended_at__isnull=False)
    return set(answers.values_list("child_id", flat=True))


def _without_false_answers(facts: ChildFacts, subject: Subject) -> ChildFacts:
    given = [one.answer.id for one in facts.guardians if one.answer is not None and not one.answer.is_no]
    if not given:
        return facts
    answers = ServiceAuthorisation.objects.filter(client_id=subject.client_id, child=subject, pk__in=given)
    false = set(answers.filter(verification__ended_at__isnull=False).values_list("pk", flat=True))
    guardians = (replace(one, answer=None) if one.answer and one.answer.id in false else one for one in facts.guardians)
    return replace(facts, guardians=tuple(guardians))


class DisposalHold(NamedTuple):
    """A hold that keeps data, with its review day; of every category if that is empty, of every system if None."""

    kind: str
    ground: str
    review_on: date
    category: str
    system: System | None = None

    def keeps(self, category: str, system: System | None = None) -> bool:
        """Return True if the hold keeps data of this category (code) in this system, or in some system."""
        is_named = self.category in {"", category} and (self.system is None or category in self.system.categories)
        return is_named and (system is None or self.system in {None, system})


type DisposalCheck = Callable[[UUID, UUID, AbstractSet[str]], Iterable[DisposalHold]]
"""Takes the client, the person and the categories; returns what keeps any of this data."""

before_disposal: ExtensionPoint[DisposalCheck] = ExtensionPoint(
    "retention.before_disposal", "Asked what keeps data of a person, before systems are ordered to erase it."
)
ended_periods: ExtensionPoint[Callable[[UUID, Sequence[UUID], datetime], Iterable[UUID]]] = ExtensionPoint(
    "retention.ended_periods", "Asked which holdings of people of a client are past their retention period at a time."
)


def list_disposal_holds(client_id: UUID, subject_id: UUID, categories: AbstractSet[str]) -> list[DisposalHold]:
    """List what keeps any data of these categories (codes) of a person."""
    return [hold for check in before_disposal for hold in check(client_id, subject_id, categories)]
