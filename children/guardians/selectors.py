"""Selectors of guardians, their authority and their answers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from children.guardians.authority import ChildFacts, Guardian, RequestBlocker, Standing, why_not_allowed
from children.guardians.models import (
    CHECK_URL,
    CheckState,
    ChildMechanism,
    Decision,
    Guardianship,
    MechanismKind,
    ProviderCheck,
)
from children.guardians.providers import check_providers
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of, sealers_of
from paktaleem.directory.people.services.people import find_full_age
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.errors import PortalError, Problem

_facts = msgspec.json.Decoder(ChildFacts | None)


class GuardianshipUnknown(PortalError, LookupError):
    """The person is not, or no longer, a guardian of this child."""

    problem = Problem(
        "guardian-unknown", "The person is not a guardian of this child", "Name them by POST …/guardians first."
    )
    console_message = "They are not, or no longer, a guardian of this child."


class OfFullAge(GuardianshipUnknown):
    """The person is of full age: no guardian acts for them (the age by country, from the law profiles)."""

    problem = Problem(
        "guardian-unknown",
        "A person of full age has no guardian",
        "Ask the person: no guardian decides for them or receives their data.",
    )
    console_message = "The person is of full age: they have no guardian."


class NotAChild(PortalError):
    """The person is not a child: no guardian decides for them, but one may take back what a guardian gave."""

    problem = Problem(
        "not-a-child",
        "This person is not a child and decides for themselves",
        "Ask the person: a guardian may only withdraw what a guardian gave.",
        field="guardian",
    )
    console_message = "The person decides for themselves: a guardian may only withdraw what a guardian gave."


def require_child(person: Subject, *, at: datetime) -> None:
    """Raise NotAChild if a person decides alone."""
    if not person.counts_as_child(at):
        raise NotAChild


def require_no_adult(person: Subject, *, at: datetime) -> None:
    """Raise OfFullAge if a person is known to be of full age."""
    if list_of_full_age([person], at=at):
        raise OfFullAge


def load_child_facts(child: Subject, *, past: datetime | None = None) -> ChildFacts:
    """Return the guardians, their answers and the quarantine of a child, now or as of ``past``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guardians_facts(%s, %s)::text", [child.pk, past])
        [text] = cursor.fetchone()
    return (None if text is None else _facts.decode(text)) or ChildFacts()


def load_facts_of_children(client_id: UUID, children: Iterable[UUID]) -> dict[UUID, ChildFacts]:
    """Map children of a client to their facts now, as ``load_child_facts``, in one query; without any, left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id, guardians_facts(s.id, NULL)::text FROM people_subject s"
            " WHERE s.client_id = %s AND s.id = ANY(%s)",
            [client_id, list(children)],
        )
        found = {child: _facts.decode(text) for child, text in cursor.fetchall() if text is not None}
    return {child: facts for child, facts in found.items() if facts is not None}


def get_live_guardianship(child: Subject, guardian: Subject, *, at: datetime) -> Guardianship:
    """Return the guardianship in effect, for any actor.

    Raises GuardianshipUnknown; OfFullAge even before the worker ends it.
    """
    require_no_adult(child, at=at)
    if (found := find_live_guardianship(child, guardian, at=at)) is None:
        raise GuardianshipUnknown
    return found


def find_live_guardianship(child: Subject, guardian: Subject, *, at: datetime) -> Guardianship | None:
    """Find the guardianship in effect, without a permission check."""
    pair = Guardianship.objects.live(at).filter(client_id=child.client_id, child=child, guardian=guardian)
    return pair.order_by("-starts_at", "-id").first()


def list_of_full_age(people: Sequence[Subject], *, at: datetime) -> set[UUID]:
    """Return those known to be of full age at ``at``, who have no guardian; no query for children."""
    found = [one for one in people if one.of_age_at is not None and one.of_age_at <= at and one.is_recorded]
    sealers = sealers_of(found[0].client_id, [one.pk for one in found]) if found else {}
    ages = {one.pk: find_full_age(one, at=at, sealer=sealers[one.pk]) for one in found if one.pk in sealers}
    return {person for person, full_age_at in ages.items() if full_age_at is not None and full_age_at <= at}


def list_answers_to_record(row: Guardianship, *, at: datetime) -> list[Decision]:
    """List the answers that can be recorded of a guardian: a withdrawal after a yes, others while the child is one."""
    if list_of_full_age([row.child], at=at):
        return []
    known = load_child_facts(row.child).find_guardian(row.pk)
    first = [Decision.GIVEN, Decision.REFUSED] if row.child.counts_as_child(at) else []
    return first if known is None or known.answer is None or known.answer.is_no else [*first, Decision.WITHDRAWN]


def find_request_blocker(row: Guardianship, *, discloses_data: bool, at: datetime) -> RequestBlocker | None:
    """Return why a guardian may not make a request, which may disclose the child's data to them; None if they may."""
    own = load_child_facts(row.child).find_guardian(row.pk) or Guardian(row.pk, row.guardian_id, row.starts_at)
    return why_not_allowed(own, discloses_data=discloses_data, may_receive_data=row.may_receive_data, at=at)


def list_guardians(child: Subject, *, actor: Actor) -> QuerySet[Guardianship]:
    """List the current and past guardianships of one child, latest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_GUARDIANS, child.client_id)
    return Guardianship.objects.select_related("child", "guardian").filter(client_id=child.client_id, child=child)


def list_candidates(child: Subject, *, actor: Actor, at: datetime) -> QuerySet[GuardianClaim]:
    """List the roster's claims of guardians who are not named as such; they have no authority. Raises NotAllowed."""
    require(actor, Capability.VIEW_CHILD_RECORDS, child.client_id)
    claims = GuardianClaim.objects.filter(client_id=child.client_id, child=child, ends_at=None, starts_at__lte=at)
    standing = Guardianship.objects.live(at).filter(client_id=child.client_id, child=child)
    return claims.exclude(guardian__in=standing.values("guardian")).select_related("guardian")


def find_check_url(check: ProviderCheck) -> str | None:
    """Return the decrypted address for the guardian of a started check, or None if there is none or they are erased."""
    if check.url is None or check.state != CheckState.STARTED:
        return None
    try:
        return sealer_of(check.guardianship.guardian).open(check.url, column=CHECK_URL)
    except CannotOpen:  # the guardian has been erased
        return None


def find_latest_check(row: Guardianship) -> ProviderCheck | None:
    """Find the check of a guardian that was started last; their guardian is loaded."""
    checks = ProviderCheck.objects.filter(client_id=row.client_id, guardianship=row)
    return checks.select_related("guardianship__guardian").order_by("-started_at", "-id").first()


def find_provider_for_guardians(client_id: UUID) -> str | None:
    """Return the code of the provider whose check the client's guardians may request, or None."""
    declared = ChildMechanism.objects.filter(client_id=client_id, kind=MechanismKind.CONSENT, ends_at=None)
    code = declared.values_list("provider", flat=True).first()
    return code if code and code in check_providers() else None


def list_informed_guardians(child: Subject, *, at: datetime) -> list[Subject]:
    """List guardians with an email address who may decide or receive data; none for a person of full age."""
    if list_of_full_age([child], at=at):
        return []
    found = Guardianship.objects.live(at).filter(
        Q(may_consent=True) | Q(may_receive_data=True),
        client_id=child.client_id,
        child=child,
        court_order=False,
        guardian__erased_at=None,
        guardian__email__isnull=False,
    )
    return [one.guardian for one in found.select_related("guardian").order_by("pk")]


def preview_end(guardianship: Guardianship, *, at: datetime) -> tuple[Standing, Standing]:
    """Return the combined answers about a child at ``at``: as they are, and as they would be without a guardian."""
    facts = load_child_facts(guardianship.child)
    left = tuple(one for one in facts.guardians if one.id != guardianship.pk)
    return facts.standing(at), replace(facts, guardians=left).standing(at)
