"""Selectors of erasures: lists, who is entitled to cancel, what waits, and what a partial erasure is about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef

from children.guardians.models.guardians import Guardianship, Verification
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Basis
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from rights.erasures.models import Certificate, ErasureProposal
from rights.requests.models import RightKind, RightsRequest
from rights.requests.selectors import list_purposes_meant


def find_certificate(proposal: ErasureProposal) -> Certificate | None:
    """Return the certificate of an erasure, or None if it is not issued."""
    return Certificate.objects.filter(client_id=proposal.client_id, proposal=proposal).first()


def is_child(subject: Subject, at: datetime) -> bool:
    """Return True if a guardian decides for the person at ``at``."""
    client = Client.objects.get(pk=subject.client_id)
    return subject.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)


def get_cooling_off(subject: Subject, at: datetime) -> timedelta:
    """Return the cooling-off of a person: for a child never shorter than for an adult."""
    hours = settings.ERASURE_WAIT_HOURS
    return timedelta(hours=max(hours, settings.ERASURE_WAIT_HOURS_CHILD) if is_child(subject, at) else hours)


def list_entitled_guardians(child: Subject, *, at: datetime) -> list[Subject]:
    """List the guardians who may decide for a child: verified, without a court order against it."""
    verified = Verification.objects.filter(
        client_id=OuterRef("client_id"), guardianship_id=OuterRef("pk"), ended_at=None
    )
    found = Guardianship.objects.live(at).filter(Exists(verified), client_id=child.client_id, child=child)
    rows = found.filter(may_consent=True, court_order=False, guardian__erased_at=None).select_related("guardian")
    return [row.guardian for row in rows.order_by("pk")]


def is_entitled(person_id: UUID, proposal: ErasureProposal, *, at: datetime) -> bool:
    """Return True if a person may cancel an erasure: it is theirs, or they are a guardian who decides for the child.

    A child does not cancel what a guardian requested, as it does not end a guardian's request (decision 66).
    """
    subject = proposal.subject
    if person_id == subject.pk:
        return not is_of_guardian(proposal)
    return is_child(subject, at) and any(one.pk == person_id for one in list_entitled_guardians(subject, at=at))


def is_of_guardian(proposal: ErasureProposal) -> bool:
    """Return True if a guardian requested the erasure."""
    return proposal.request is not None and proposal.request.requester_id is not None


def list_unanswered_requests(subject: Subject) -> list[RightsRequest]:
    """List the person's verified requests without an answer: each is answered before the person is erased."""
    own = RightsRequest.objects.unanswered().filter(client_id=subject.client_id, subject=subject)
    return list(own.filter(identity_verified_at__isnull=False).defer("details", "contact", "answer").order_by("pk"))


def list_legal_purposes(subject: Subject, at: datetime) -> dict[str, tuple[frozenset[str], str]]:
    """Map the purposes based on a legal obligation to their categories (codes) and the law that is cited."""
    register, found = current_register(subject.client_id), {}
    for code, purpose in sorted(register.purposes.items()):
        rules = register.bases_for(code, subject.roles, at)
        rule = next((one for one in rules if one.basis == Basis.LEGAL_OBLIGATION), None)
        if purpose.active and rule is not None:
            found[code] = (purpose.categories, rule.legal_reference)
    return found


def exclusive_categories(subject: Subject, purposes: Sequence[str], at: datetime) -> list[str]:
    """List the categories that only these purposes need: a partial erasure leaves what another purpose needs."""
    register = current_register(subject.client_id)
    meant = list_purposes_meant(subject.client_id, roles=subject.roles, kind=RightKind.ERASURE, at=at)
    others = [register.purposes[code].categories for code in meant if code not in purposes]
    own = [register.purposes[code].categories for code in purposes if code in register.purposes]
    return sorted(frozenset().union(*own) - frozenset().union(*others))
