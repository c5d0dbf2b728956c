"""Verifying that a guardian is the guardian: by the school's staff, by a provider, by a second confirmation."""

from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

from django.db import transaction

from children.guardians.evidence import check_evidence
from children.guardians.models import ConflictOutcome, Guardianship, Verification
from children.guardians.services.conflicts import follow_conflict
from children.guardians.services.guardians import AlreadyEnded
from children.guardians.services.locking import locked_child
from children.guardians.strength import STAFF_METHODS, Method, strength_of
from paktaleem.directory.files.services import store_file
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = [
    "EvidenceMissing",
    "FoundFalseBefore",
    "MayNotConsent",
    "MethodNotByHand",
    "find_false",
    "record_verification",
    "verification_found_false",
    "verify_guardian",
]

_REFERENCE = "children_verification.evidence_reference"
type FoundFalseHandler = Callable[[Verification, Actor, datetime], None]

verification_found_false: ExtensionPoint[FoundFalseHandler] = ExtensionPoint(
    "guardians.verification_found_false",
    "Called when a verification is found false, in the same transaction; the child is locked.",
)


class MayNotConsent(Exception):
    """The guardian may not decide for the child: there is nothing to verify."""


class MethodNotByHand(Exception):
    """This method is not seen by staff: a provider, or a second confirmation, shows it."""


class EvidenceMissing(Exception):
    """What staff saw needs a reference to it, or the signed form itself."""


class FoundFalseBefore(Exception):
    """The verification was found false before."""


@transaction.atomic
def verify_guardian(
    guardianship: Guardianship,
    *,
    method: Method | str,
    evidence: str = "",
    file: IO[bytes] | None = None,
    expires_at: datetime | None = None,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Verification:
    """Record what the school's staff saw for themselves: a signed form, the person, their own papers.

    ``evidence`` says where it lies and is sealed; ``file`` is the signed form, sealed for the child.
    Raises MethodNotByHand, NumberNotKept, EvidenceMissing, MayNotConsent, AlreadyEnded, FileKindRefused,
    FileTooLarge, NotAllowed.
    """
    require(actor, Capability.VERIFY_GUARDIANS, guardianship.client_id)
    if Method(method) not in STAFF_METHODS:
        raise MethodNotByHand
    evidence = check_evidence(evidence)
    if not evidence and file is None:
        raise EvidenceMissing
    child = locked_child(guardianship.child)
    kept: dict[str, Any] = {"expires_at": expires_at}
    if evidence:
        kept["evidence_reference"] = sealer_of(child).seal(evidence, column=_REFERENCE)
    if file is not None:
        kept["file"] = store_file(child, file, at=at)
    return record_verification(guardianship, method=method, kept=kept, actor=actor, reason=reason, at=at)


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
    """Record a verification, whichever way it was found; whoever calls has settled that the actor may.

    ``kept`` are columns of evidence: a reference, a file, a hash, a provider's number, when it expires.
    Raises MayNotConsent, AlreadyEnded, AlreadyErased.
    """
    locked_child(guardianship.child)
    row: Guardianship = Guardianship.objects.get(pk=guardianship.pk, client_id=guardianship.client_id)
    if row.ends_at is not None and row.ends_at <= at:
        raise AlreadyEnded
    if not row.may_consent or row.court_order:
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
    _record("guardian.verified", found, row, actor, at)
    follow_conflict(row.child, outcome=ConflictOutcome.AGREED, actor=actor, reason=reason, at=at)
    return found


@transaction.atomic
def find_false(
    verification: Verification, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime
) -> Verification:
    """Say that a verification was false: another person answered, a paper was forged, a check failed after all.

    It shows nothing any more, and no yes that stood on it counts, now or when the guardian is verified anew. One
    person suffices, for it only closes: a no of theirs stands until they are ended, which takes two. Rooms above
    close what it opened there, and see to what was collected meanwhile. The past stays as it was answered.
    Raises FoundFalseBefore, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.VERIFY_GUARDIANS, verification.client_id)
    child = locked_child(verification.guardianship.child)
    own = {"pk": verification.pk, "client_id": verification.client_id}
    found: Verification = Verification.objects.select_for_update(of=("self",)).select_related("guardianship").get(**own)
    if found.ended_at is not None:
        raise FoundFalseBefore
    found.ended_at = max(at, found.verified_at)
    save_tracked(found, actor=actor, reason=reason, at=at)
    _record("guardian.verification_false", found, found.guardianship, actor, at)
    follow_conflict(child, outcome=ConflictOutcome.AUTHORITY_CHANGED, actor=actor, reason=reason, at=at)
    for handler in verification_found_false:
        handler(found, actor, at)
    return found


def _record(kind: str, found: Verification, row: Guardianship, actor: Actor, at: datetime) -> None:
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
