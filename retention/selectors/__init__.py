"""Reading what is held, what was collected, and what should not have been."""

from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet

from children.guardians.authority import GIVEN, ChildFacts
from children.guardians.models import ServiceAuthorisation
from children.guardians.selectors import child_facts
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from retention.models import Collection, Holding, Incident

__all__ = ["collections", "holdings", "holdings_of", "incidents", "is_without_authority"]


def collections(actor: Actor) -> QuerySet[Collection]:
    """List what was reported as collected."""
    require(actor, Capability.VIEW_HOLDINGS)
    return Collection.objects.select_related("subject", "system")


def holdings(actor: Actor) -> QuerySet[Holding]:
    """List what is held, and what was."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[Holding] = Holding.objects.select_related("subject", "system")
    return found


def holdings_of(subject: Subject, *, actor: Actor) -> QuerySet[Holding]:
    """List what is held of one person, by category and system."""
    require(actor, Capability.VIEW_HOLDINGS, subject.client_id)
    held: QuerySet[Holding] = Holding.objects.held().filter(client_id=subject.client_id, subject=subject)
    return held.select_related("system").order_by("category", "system__code", "pk")


def incidents(actor: Actor) -> QuerySet[Incident]:
    """List the incidents with children's data."""
    require(actor, Capability.VIEW_INCIDENTS)
    found: QuerySet[Incident] = Incident.objects.select_related("subject")
    return found


def is_without_authority(subject: Subject, *, when: datetime, at: datetime) -> bool:
    """Say whether somebody is known to be a child for whom no guardian had authorised the service at a moment.

    What was collected before the person was registered is judged as they stood when they were. A verification that was
    found false since gave no authority. An age that nobody
    knows is no known child: a decision denies then, and nothing is erased for it.
    """
    moment = max(when, subject.registered_at)
    if subject.of_age_at is None or subject.of_age_at <= moment:
        return False
    facts = child_facts(subject, past=moment if moment < at else None)
    return _known_now(facts, subject).standing(moment).state != GIVEN


def _known_now(facts: ChildFacts, subject: Subject) -> ChildFacts:
    """Leave out the answers that stood on a verification since found false: they gave nobody authority."""
    said = [one.answer.id for one in facts.guardians if one.answer is not None and not one.answer.is_no]
    if not said:
        return facts
    answers = ServiceAuthorisation.objects.filter(client_id=subject.client_id, child=subject, pk__in=said)
    false = set(answers.filter(verification__ended_at__isnull=False).values_list("pk", flat=True))
    guardians = (replace(one, answer=None) if one.answer and one.answer.id in false else one for one in facts.guardians)
    return replace(facts, guardians=tuple(guardians))
