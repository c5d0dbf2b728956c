"""Selectors of collections, holdings and incidents."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Q, QuerySet

from children.guardians.authority import GIVEN, ChildFacts
from children.guardians.models.guardians import ServiceAuthorisation
from children.guardians.selectors import load_child_facts
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.limited_lists import begin_with_people
from retention.holdings.models import Collection, FlaggedCollection, Holding, Incident
from retention.holdings.picture import AGES


def list_collections(actor: Actor) -> QuerySet[Collection]:
    """List reported collections. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    return Collection.objects.select_related("subject", "system")


def list_flagged(actor: Actor) -> QuerySet[FlaggedCollection]:
    """List flagged collections, decided ones too. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[FlaggedCollection] = FlaggedCollection.objects.select_related("subject")
    return found


def list_holdings(actor: Actor) -> QuerySet[Holding]:
    """List current and past holdings. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[Holding] = Holding.objects.select_related("subject", "system")
    return found


def list_holdings_of(subject: Subject, *, actor: Actor) -> QuerySet[Holding]:
    """List the current holdings of one person, sorted by category and system. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS, subject.client_id)
    held: QuerySet[Holding] = Holding.objects.held().filter(client_id=subject.client_id, subject=subject)
    return held.select_related("system").order_by("category", "system__code", "pk")


def count_by_age(actor: Actor, client_id: UUID, *, at: datetime) -> dict[str, list[int]]:
    """Count the current holdings of a client by category and by age since the first collection, youngest first.

    One query over an index. Raises NotAllowed.
    """
    require(actor, Capability.VIEW_HOLDINGS, client_id)
    limits = [at - relativedelta(years=years) for years in AGES]
    edges = [at + timedelta(days=1), *limits, None]
    counted: dict[str, Any] = {
        f"age_{age}": Count("category", filter=_between(older, younger))
        for age, (younger, older) in enumerate(pairwise(edges))
    }
    held = begin_with_people(Holding.objects.held()).filter(client_id=client_id).order_by("category")
    rows: Any = held.values("category").annotate(**counted)
    return {row["category"]: [row[f"age_{age}"] for age in range(len(AGES) + 1)] for row in rows}


def _between(older: datetime | None, younger: datetime | None) -> Q:
    """Return the condition that data was first collected after ``older`` and up to ``younger``."""
    after = Q(first_collected_at__gt=older) if older else Q()
    return after & Q(first_collected_at__lte=younger)


def list_incidents(actor: Actor) -> QuerySet[Incident]:
    """List incidents with children's data. Raises NotAllowed."""
    require(actor, Capability.VIEW_INCIDENTS)
    found: QuerySet[Incident] = Incident.objects.select_related("subject")
    return found


def is_without_authority(subject: Subject, *, when: datetime, at: datetime) -> bool:
    """Return True if the person is known to be a child, and no guardian had authorised the service at ``when``.

    For times before the registration of the person, the time of registration is used. An authorisation that rests on a
    verification since found false does not count. A person of unknown age is not a known child: decisions deny then,
    but nothing is erased.
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
