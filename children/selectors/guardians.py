"""Guardians and what they answered, as far as the one who asks may see it."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet

from children.authority import ChildFacts, Standing
from children.models import (
    CheckState,
    ChildMechanism,
    GuardianChange,
    GuardianConflict,
    Guardianship,
    ProviderCheck,
    Quarantine,
    SchoolAuthorisation,
    ServiceAuthorisation,
    Verification,
)
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.roles import Capability
from paktaleem.subjects.models import GuardianClaim, Subject

__all__ = [
    "GuardianshipUnknown",
    "answers_of",
    "candidates_of",
    "child_facts",
    "clients_with_open_checks",
    "conflicts",
    "get_guardianship",
    "guardian_changes",
    "guardians_of",
    "guardianships",
    "live_guardianship",
    "mechanisms",
    "open_checks",
    "provider_checks",
    "quarantines",
    "school_authorisations",
    "service_authorisations",
    "standing_of",
    "verifications",
]

OPEN_CHECKS_AT_ONCE = 200
_facts = msgspec.json.Decoder(ChildFacts | None)


class GuardianshipUnknown(LookupError):
    """The person named is not, or not any more, a guardian of this child."""


def child_facts(child: Subject, *, past: datetime | None = None) -> ChildFacts:
    """Read what a decision rests on: guardians, their answers, quarantine, as they stand or stood at ``past``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT children_facts(%s, %s)::text", [child.pk, past])
        [text] = cursor.fetchone()
    return (None if text is None else _facts.decode(text)) or ChildFacts()


def standing_of(child: Subject, *, actor: Actor, at: datetime) -> Standing:
    """Say what the guardians' answers about the service come to at a moment that is now. Raises NotAllowed."""
    require(actor, Capability.VIEW_GUARDIANS, child.client_id)
    return child_facts(child).standing(at)


def live_guardianship(child: Subject, guardian: Subject, *, at: datetime) -> Guardianship:
    """Return the guardianship of two people that stands. Raises GuardianshipUnknown for ended ones and strangers."""
    pair = Guardianship.objects.live(at).filter(client_id=child.client_id, child=child, guardian=guardian)
    found: Guardianship | None = pair.order_by("-starts_at", "-id").first()
    if found is None:
        raise GuardianshipUnknown
    return found


def get_guardianship(child: Subject, guardian: Subject, *, actor: Actor, at: datetime) -> Guardianship:
    """Return the guardianship of two people that stands. Raises GuardianshipUnknown, NotAllowed."""
    require(actor, Capability.VIEW_GUARDIANS, child.client_id)
    return live_guardianship(child, guardian, at=at)


def guardianships(actor: Actor) -> QuerySet[Guardianship]:
    """List who stands or stood as a guardian of whom."""
    require(actor, Capability.VIEW_GUARDIANS)
    return Guardianship.objects.select_related("child", "guardian")


def guardians_of(child: Subject, *, actor: Actor) -> QuerySet[Guardianship]:
    """List the guardians of one child, those who no longer are too, latest first."""
    return guardianships(actor).filter(client_id=child.client_id, child=child)


def candidates_of(child: Subject, *, actor: Actor, at: datetime) -> QuerySet[GuardianClaim]:
    """List whom the roster claims to be a guardian and who does not stand as one: candidates, no authority."""
    require(actor, Capability.VIEW_GUARDIANS, child.client_id)
    claims = GuardianClaim.objects.filter(client_id=child.client_id, child=child, ends_at=None, starts_at__lte=at)
    standing = Guardianship.objects.live(at).filter(client_id=child.client_id, child=child)
    return claims.exclude(guardian__in=standing.values("guardian")).select_related("guardian")


def verifications(actor: Actor) -> QuerySet[Verification]:
    """List how guardians were verified."""
    require(actor, Capability.VIEW_GUARDIANS)
    return Verification.objects.select_related("guardianship", "guardianship__child", "guardianship__guardian")


def service_authorisations(actor: Actor) -> QuerySet[ServiceAuthorisation]:
    """List what guardians answered about the service."""
    require(actor, Capability.VIEW_GUARDIANS)
    return ServiceAuthorisation.objects.select_related("child", "guardian")


def answers_of(child: Subject, *, actor: Actor) -> QuerySet[ServiceAuthorisation]:
    """List the answers about one child, latest first."""
    return service_authorisations(actor).filter(client_id=child.client_id, child=child)


def school_authorisations(actor: Actor) -> QuerySet[SchoolAuthorisation]:
    """List the schools' own authorisations: weaker records, no guardian's consent."""
    require(actor, Capability.VIEW_GUARDIANS)
    return SchoolAuthorisation.objects.select_related("child")


def conflicts(actor: Actor) -> QuerySet[GuardianConflict]:
    """List the disagreements of guardians."""
    require(actor, Capability.VIEW_GUARDIANS)
    return GuardianConflict.objects.select_related("child")


def guardian_changes(actor: Actor) -> QuerySet[GuardianChange]:
    """List the changes of guardians that need, or needed, a second person."""
    require(actor, Capability.VIEW_GUARDIANS)
    return GuardianChange.objects.select_related("child", "guardianship", "guardianship__guardian")


def quarantines(actor: Actor) -> QuerySet[Quarantine]:
    """List whose data is or was held back."""
    require(actor, Capability.VIEW_GUARDIANS)
    return Quarantine.objects.select_related("subject")


def mechanisms(actor: Actor) -> QuerySet[ChildMechanism]:
    """List how clients say that they verify ages and obtain consent."""
    require(actor, Capability.VIEW_GUARDIANS)
    return ChildMechanism.objects.select_related("client")


def clients_with_open_checks() -> list[UUID]:
    """List, in the officers' view, the clients for whom a provider has still to say what it found."""
    return list(ProviderCheck.objects.filter(state=CheckState.STARTED).values_list("client_id", flat=True).distinct())


def open_checks(client_id: UUID) -> list[ProviderCheck]:
    """List the checks of a client whose providers have not answered, the longest waiting first."""
    waiting = ProviderCheck.objects.filter(client_id=client_id, state=CheckState.STARTED)
    return list(waiting.select_related("guardianship__child").order_by("started_at", "id")[:OPEN_CHECKS_AT_ONCE])


def provider_checks(actor: Actor) -> QuerySet[ProviderCheck]:
    """List the checks that providers carry out."""
    require(actor, Capability.VIEW_GUARDIANS)
    return ProviderCheck.objects.select_related("guardianship", "guardianship__child", "guardianship__guardian")
