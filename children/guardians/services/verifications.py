"""Verification of guardians by the school's staff, by a provider, or by a second confirmation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from children.guardians.authority import CONFIRMED, STAFF_METHODS, Method, check_evidence, require_evidence, strength_of
from children.guardians.models import ConflictOutcome, Guardianship, Verification
from children.guardians.services.answers import lock_child, update_service_conflict
from children.guardians.services.guardians import AlreadyEnded, is_minor, name_guardian, request_confirmation
from paktaleem.directory.files.services import store_file
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.selectors import sealer_of, sealers_of
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor, ReasonedAuthorship, require, system_actor
from paktaleem.foundation.accounts.acts import Refused, act, as_given
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import By, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.first_rows import FirstRows
from paktaleem.foundation.operations.extensions import ExtensionPoint

_REFERENCE = "guardians_verification.evidence_reference"
_AT_ONCE = 200
_MINORS_ACTOR = system_actor("children.guardian_is_minor")
type FoundFalseHandler = Callable[[Verification, Actor, datetime], None]

verification_found_false: ExtensionPoint[FoundFalseHandler] = ExtensionPoint(
    "guardians.verification_found_false",
    "Called when a verification is found false, in the same transaction; the child is locked.",
)


class MayNotConsent(PortalError):
    """The guardian may not decide for the child, so cannot be verified."""

    problem = Problem("guardian-may-not-decide", "The guardian may not decide for this child")
    console_message = "They may not decide for this child, so they cannot be verified."


@act(
    "verify",
    "Verify guardian",
    Capability.MANAGE_GUARDIANS,
    lead="Record what you saw for yourself: the person, their signed form, or the school's own papers.",
    done="Verified.",
    lock=as_given,
)
def verify_guardian(
    guardianship: Guardianship,
    *,
    method: Method | str,
    evidence: str = "",
    file: IO[bytes] | None = None,
    ground: str = "",
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Verification:
    """Record a verification by the school's staff (policy §8, decision 0030; 16 CFR 312.5(b)(2)(i)).

    ``evidence`` says where the document is kept, or who saw whom; ``file`` is the signed form. Both are sealed. The
    school's own attestation counts as basic until a second person confirms it. Raises GroundNeeded, ValueError for a
    method of others, CardNumberFound, EvidenceRequired, ChangeWaits, MayNotConsent, AlreadyEnded, AlreadyErased,
    FileKindNotAccepted, FileTooLarge, NotAllowed.
    """
    if Method(method) not in STAFF_METHODS:
        raise ValueError(f"Staff do not carry out the method {method}.")
    evidence = check_evidence(evidence)
    require_evidence(evidence, has_file=file is not None)
    child = lock_child(guardianship.child)
    kept: dict[str, Any] = {}
    if evidence:
        kept["evidence_reference"] = sealer_of(child).seal(evidence, column=_REFERENCE)
    if file is not None:
        kept["file"] = store_file(child, file, at=at)
    found = record_verification(guardianship, method=method, kept=kept, actor=actor, reason=reason, at=at)
    if found.method in CONFIRMED:
        request_confirmation(found, ground=ground, actor=actor, reason=reason, at=at)
    return found


@transaction.atomic
def record_verification(
    guardianship: Guardianship,
    *,
    method: Method | str,
    kept: dict[str, Any],
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Verification:
    """Record a verification by any method, with ``kept`` columns; the caller has checked who may.

    Raises MayNotConsent, AlreadyEnded, AlreadyErased, ValidationError.
    """
    lock_child(guardianship.child)
    row: Guardianship = Guardianship.objects.get(pk=guardianship.pk, client_id=guardianship.client_id)
    if row.ends_at is not None and row.ends_at <= at:
        raise AlreadyEnded
    if not row.may_consent or row.court_order or is_minor(row.guardian, at):
        raise MayNotConsent
    found = Verification(
        client_id=row.client_id,
        guardianship=row,
        method=Method(method).value,
        strength=int(strength_of(method)),
        verified_at=at,
        **kept,
    )
    found.full_clean(exclude=["client", "guardianship", "file"])
    save_tracked(found, actor=actor, reason=reason, at=at)
    _record_verification_entry("guardian.verified", found, row, actor, at)
    update_service_conflict(row.child, outcome=ConflictOutcome.AGREED, actor=actor, reason=reason, at=at)
    return found


def end_authority_of_minors(client_id: UUID, people: Sequence[UUID], actor: By, at: datetime) -> None:
    """End the authority of guardians who are minors; their refusals stay in effect (decision 0028)."""
    del actor  # they stated the age; the portal ends the authority
    own = {"client_id": client_id, "guardianship__guardian__in": list(people), "guardianship__child__erased_at": None}
    live = Verification.objects.filter(**own, ended_at=None)
    for verification in live.select_related("guardianship__child").order_by("pk"):
        mark_verification_false(verification, actor=_MINORS_ACTOR, at=at)


def end_authority_of_minors_on_file(
    client_id: UUID, *, after: UUID | None = None, actor: Actor, at: datetime
) -> tuple[UUID | None, int]:
    """End the authority of minors among the next 200 guardians; return the last id (None: the end), and how many.

    Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_GUARDIANS, client_id)
    live = Verification.objects.filter(client_id=client_id, guardianship__child__erased_at=None, ended_at=None)
    verified = live.values("guardianship__guardian")
    rows = Subject.objects.filter(client_id=client_id, pk__in=verified, of_age_at__isnull=False, erased_at=None)
    batch = list((rows.filter(pk__gt=after) if after else rows).select_related("client").order_by("pk")[:_AT_ONCE])
    sealers = sealers_of(client_id, [one.pk for one in batch])
    minors = [one.pk for one in batch if is_minor(one, at, sealer=sealers[one.pk])]
    end_authority_of_minors(client_id, minors, actor, at)
    return (batch[-1].pk if len(batch) == _AT_ONCE else None), len(minors)


@act(
    "found-false",
    "Found false",
    Capability.MANAGE_GUARDIANS,
    lead="It was not the guardian, or the evidence was not valid. Consent that rests on this verification ends "
    "at once, and data collected on it is quarantined and erased. Name and verify the guardian again.",
    done="Marked as false. Data collected meanwhile is being erased.",
    danger=True,
    lock=as_given,
)
def mark_verification_false(
    verification: Verification, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime
) -> Verification:
    """Record that a verification was false: it proves nothing from then on (decision 0028).

    A consent that rests on it no longer counts; refusals stay. It needs no second person, since it permits nothing.
    Raises Refused, AlreadyErased.
    """
    child = lock_child(verification.guardianship.child, during_erasure=True)
    own = {"pk": verification.pk, "client_id": verification.client_id}
    found: Verification = Verification.objects.select_for_update(of=("self",)).select_related("guardianship").get(**own)
    if found.ended_at is not None:
        raise Refused(_("It was already found false."))
    found.ended_at = max(at, found.verified_at)
    save_tracked(found, actor=actor, reason=reason, at=at)
    _record_verification_entry("guardian.verification_false", found, found.guardianship, actor, at)
    update_service_conflict(child, outcome=ConflictOutcome.AUTHORITY_CHANGED, actor=actor, reason=reason, at=at)
    for handler in verification_found_false:
        handler(found, actor, at)
    return found


def _record_verification_entry(kind: str, found: Verification, row: Guardianship, actor: Actor, at: datetime) -> None:
    facts = {
        "verification": str(found.pk),
        "guardianship": str(row.pk),
        "guardian": str(row.guardian_id),
        "method": found.method,
        "strength": found.strength,
        "file": found.file.sealed_hash if found.file else None,
        "provider": found.provider or None,
        "check": found.provider_check_id or None,
        "expires_at": found.expires_at.isoformat() if found.expires_at else None,
    }
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=facts, actor=actor, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGuardian:
    """A guardian who is not registered yet: the LMS id, and how to reach the person."""

    external_id: str
    full_name: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvidence:
    """Evidence that staff saw: the method, where it is kept or who saw it and when, and the signed form."""

    method: Method | str
    reference: str = ""
    file: IO[bytes] | None = None


@transaction.atomic
def name_guardian_with_evidence(
    child: Subject,
    *,
    guardian: Subject | NewGuardian,
    relationship: str,
    may_consent: bool,
    may_receive_data: bool,
    evidence: SeenEvidence | None,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Guardianship:
    """Name a guardian from ``at``, verified by ``evidence`` if given (policy §8); all or nothing.

    Raises as ``name_guardian``, ``verify_guardian`` and ``register_guardian``.
    """
    stamp: ReasonedAuthorship = {"actor": actor, "reason": reason, "at": at}
    if isinstance(guardian, NewGuardian):
        guardian = register_guardian(guardian, client=child.client, **stamp)
    row = name_guardian(
        child,
        guardian=guardian,
        relationship=relationship,
        may_consent=may_consent,
        may_receive_data=may_receive_data,
        **stamp,
    )
    if evidence is not None:
        verify_guardian(row, method=evidence.method, evidence=evidence.reference, file=evidence.file, **stamp)
    return row


def register_guardian(
    given: NewGuardian, *, client: Client, actor: Actor, reason: Reason | str, at: datetime
) -> Subject:
    """Register a person as a guardian. Raises ValidationError naming the field, AlreadyErased, NotAllowed."""
    details = {"role": SubjectRole.GUARDIAN, "full_name": given.full_name}
    details |= {name: value for name in ("email", "phone") if (value := getattr(given, name))}
    person, is_new = register_subject(
        given.external_id, client=client, details=details, route=None, actor=actor, reason=reason, at=at
    )
    if not is_new:
        words = _("A person with this LMS id is registered already: enter the id above instead.")
        raise ValidationError({"new_id": [words]})
    return person


def choose_guardian(found: FirstRows[Subject]) -> Subject:
    """Return the only person whom a search found. Raises ValidationError if there is none or several."""
    ids = [*map(str, found), *(["…"] if found.note else [])]
    if not found:
        words = _("No person is registered with this text. Check it, or enter the person below as a new one.")
        raise ValidationError({"guardian": [words]})
    if len(found) > 1:
        words = _("Several people match: %(ids)s. Enter the LMS id of one of them.")
        raise ValidationError({"guardian": [words % {"ids": ", ".join(ids)}]})
    return found[0]
