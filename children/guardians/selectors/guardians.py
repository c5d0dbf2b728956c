"""Guardians and what they answered, as far as the one who asks may see it."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet

from children.guardians.authority import ChildFacts, Standing
from children.guardians.models import (
    CHECK_URL,
    OPEN_CHECKS,
    CheckState,
    ChildMechanism,
    GuardianChange,
    GuardianConflict,
    Guardianship,
    MechanismKind,
    ProviderCheck,
    Quarantine,
    SchoolAuthorisation,
    ServiceAuthorisation,
    Verification,
)
from children.guardians.providers import check_providers
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.sealing import CannotOpen

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
    "latest_check",
    "live_guardianship",
    "mechanisms",
    "open_checks",
    "provider_checks",
    "provider_for_guardians",
    "quarantines",
    "school_authorisations",
    "service_authorisations",
    "standing_of",
    "verifications",
    "where_checked",
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
    """List, in the officers' view, the clients for whom a provider has still to begin, or to say what it found."""
    open_ones = ProviderCheck.objects.filter(state__in=OPEN_CHECKS).order_by()
    return list(open_ones.values_list("client_id", flat=True).distinct())


def open_checks(client_id: UUID) -> list[ProviderCheck]:
    """List the checks of a client that providers have to begin or to answer, the latest first: people wait."""
    waiting = ProviderCheck.objects.filter(client_id=client_id, state__in=OPEN_CHECKS)
    return list(waiting.order_by("-started_at", "-id")[:OPEN_CHECKS_AT_ONCE])


def where_checked(check: ProviderCheck) -> str | None:
    """Open where the guardian goes to be checked, for the guardian or for whoever may have them checked."""
    if check.url is None or check.state != CheckState.STARTED:
        return None
    try:
        return sealer_of(check.guardianship.guardian).open(check.url, column=CHECK_URL)
    except CannotOpen:  # they were forgotten since
        return None


def latest_check(row: Guardianship) -> ProviderCheck | None:
    """Return the latest check of a guardian, if there was any."""
    checks = ProviderCheck.objects.filter(client_id=row.client_id, guardianship=row)
    return checks.select_related("guardianship__guardian").order_by("-started_at", "-id").first()


def provider_for_guardians(client_id: UUID) -> str | None:
    """Return the code of the provider whose check a client's guardians may ask for, if it is set up."""
    declared = ChildMechanism.objects.filter(client_id=client_id, kind=MechanismKind.CONSENT, ends_at=None)
    code = declared.values_list("provider", flat=True).first()
    return code if code and code in check_providers() else None


def provider_checks(actor: Actor) -> QuerySet[ProviderCheck]:
    """List the checks that providers carry out."""
    require(actor, Capability.VIEW_GUARDIANS)
    return ProviderCheck.objects.select_related("guardianship", "guardianship__child", "guardianship__guardian")
