"""Verifying that a guardian is the guardian: by the school's staff, by a provider, by a second confirmation."""

from datetime import datetime
from typing import IO, Any

from django.db import transaction

from children.models import ConflictOutcome, Guardianship, Verification
from children.services.conflicts import follow_conflict
from children.services.guardians import AlreadyEnded
from children.services.locking import locked_child
from children.strength import STAFF_METHODS, Method, strength_of
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.roles import Capability
from paktaleem.files.services import store_file
from paktaleem.ledger.by import Reason
from paktaleem.ledger.history import save_tracked
from paktaleem.ledger.services import record_entry
from paktaleem.subjects.selectors import sealer_of

__all__ = ["EvidenceMissing", "MayNotConsent", "MethodNotByHand", "record_verification", "verify_guardian"]

_REFERENCE = "children_verification.evidence_reference"


class MayNotConsent(Exception):
    """The guardian may not decide for the child: there is nothing to verify."""


class MethodNotByHand(Exception):
    """This method is not seen by staff: a provider, or a second confirmation, shows it."""


class EvidenceMissing(Exception):
    """What staff saw needs a reference to it, or the signed form itself."""


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
    Raises MethodNotByHand, EvidenceMissing, MayNotConsent, AlreadyEnded, FileKindRefused, FileTooLarge, NotAllowed.
    """
    require(actor, Capability.VERIFY_GUARDIANS, guardianship.client_id)
    if Method(method) not in STAFF_METHODS:
        raise MethodNotByHand
    if not evidence.strip() and file is None:
        raise EvidenceMissing
    child = locked_child(guardianship.child)
    kept: dict[str, Any] = {"expires_at": expires_at}
    if evidence.strip():
        kept["evidence_reference"] = sealer_of(child).seal(evidence.strip(), column=_REFERENCE)
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
