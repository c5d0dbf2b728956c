"""Recording what guardians answer about the service; a child may say no, never yes."""

from datetime import datetime
from typing import IO, Any

from django.db import transaction

from children.guardians.authority import Guardian
from children.guardians.evidence import check_evidence
from children.guardians.models import (
    ConflictOutcome,
    Decision,
    Guardianship,
    Route,
    ServiceAuthorisation,
    Verification,
)
from children.guardians.models.rows import by_columns
from children.guardians.selectors import child_facts, live_guardianship
from children.guardians.services.conflicts import follow_conflict
from children.guardians.services.locking import locked_child, next_moment
from children.guardians.services.verifying import EvidenceMissing
from children.guardians.strength import Strength
from paktaleem.directory.files.services import store_file
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry

__all__ = ["AnswerInFuture", "ChildMayNotAuthorise", "NoAuthority", "NothingGiven", "TooWeakToShare", "answer_service"]

_REFERENCE = "children_serviceauthorisation.evidence_reference"


class ChildMayNotAuthorise(Exception):
    """A child may refuse or withdraw, never give (policy §8)."""


class NoAuthority(Exception):
    """The guardian is not verified, may not decide, or a court order stands against it: their yes does not count."""


class TooWeakToShare(Exception):
    """The way in which the guardian was verified is not strong enough for recipients outside."""


class NothingGiven(Exception):
    """There is no yes of theirs to withdraw."""


class AnswerInFuture(Exception):
    """The claimed time of the answer lies in the future."""


@transaction.atomic
def answer_service(
    child: Subject,
    *,
    guardian: Subject | None,
    decision: Decision | str,
    shares: bool | None = None,
    route: Route | str,
    evidence: str = "",
    file: IO[bytes] | None = None,
    shown_hash: str = "",
    language: str = "",
    claimed_at: datetime | None = None,
    expires_at: datetime | None = None,
    actor: Actor,
    reason: Reason | str = Reason.SUBJECT_REQUEST,
    at: datetime,
) -> ServiceAuthorisation:
    """Record one answer about the service: a guardian's, or without one the child's own no.

    A yes needs verified authority, and ``shares`` (recipients outside, always asked apart) a strong enough one; what
    did not pass this portal's own pages needs evidence too. A no or a withdrawal needs nothing, and stops at once.
    Raises ChildMayNotAuthorise, GuardianshipUnknown, NoAuthority, TooWeakToShare, EvidenceMissing, NumberNotKept,
    NothingGiven, AnswerInFuture, AlreadyErased, NotAllowed.
    """
    decision, evidence = Decision(decision), check_evidence(evidence)
    _require(actor, child, guardian)
    child = locked_child(child)
    if claimed_at is not None and claimed_at > at:
        raise AnswerInFuture
    at = next_moment(child, at)
    standing = _standing(child, guardian, decision, shares=shares, at=at)
    if decision == Decision.GIVEN and Route(route) != Route.PORTAL and not evidence and file is None:
        raise EvidenceMissing
    answer = ServiceAuthorisation(
        client_id=child.client_id,
        child=child,
        decision=decision,
        route=Route(route),
        evidence_reference=_sealed(child, evidence),
        file=store_file(child, file, at=at) if file is not None else None,
        shown_hash=shown_hash,
        language=language,
        claimed_at=claimed_at,
        recorded_at=at,
        expires_at=expires_at,
        **standing,
        **by_columns(actor),
    )
    return _append(answer, actor, reason)


def _require(actor: Actor, child: Subject, guardian: Subject | None) -> None:
    """Let staff and keys record answers, and people on their own pages answer for themselves only."""
    require_about(actor, Capability.RECORD_GUARDIANS, subject_id=child.pk, client_id=child.client_id)
    answers = child if guardian is None else guardian
    if actor.kind is ByKind.SUBJECT and actor.id != answers.pk:
        raise NotAllowed("Nobody answers in another's name.")


def _append(answer: ServiceAuthorisation, actor: Actor, reason: Reason | str) -> ServiceAuthorisation:
    answer.save(force_insert=True)
    _record(answer, actor)
    told: dict[str, Any] = {"actor": actor, "reason": reason, "at": answer.recorded_at}
    follow_conflict(answer.child, outcome=ConflictOutcome.AGREED, **told)
    return answer


def _standing(
    child: Subject, guardian: Subject | None, decision: Decision, *, shares: bool | None, at: datetime
) -> dict[str, Any]:
    """Give the columns that say whose answer it is and on what it stands, as far as it needs to."""
    if decision == Decision.GIVEN and guardian in {None, child}:
        raise ChildMayNotAuthorise
    if guardian is None:
        return {}
    row = live_guardianship(child, guardian, at=at)
    known = next(one for one in child_facts(child).guardians if one.id == row.pk)
    if decision == Decision.WITHDRAWN and (known.answer is None or known.answer.is_no):
        raise NothingGiven
    verification = _standing_on(row, known, shares=shares, at=at) if decision == Decision.GIVEN else None
    told = shares if decision == Decision.GIVEN else None
    return {"guardian": guardian, "guardianship": row, "verification": verification, "shares": told}


def _standing_on(row: Guardianship, known: Guardian, *, shares: bool | None, at: datetime) -> Verification:
    """Return the strongest verification on which a yes stands."""
    if not known.has_authority(at):
        raise NoAuthority
    if shares and known.strength(at) < Strength.SUBSTANTIAL:
        raise TooWeakToShare
    live = Verification.objects.filter(client_id=row.client_id, guardianship=row, ended_at=None, verified_at__lte=at)
    kept = [one for one in live if one.expires_at is None or at < one.expires_at]
    return max(kept, key=lambda one: (one.strength, one.verified_at))


def _sealed(child: Subject, evidence: str) -> Any:
    return sealer_of(child).seal(evidence, column=_REFERENCE) if evidence else None


def _record(answer: ServiceAuthorisation, actor: Actor) -> None:
    facts = {
        "authorisation": str(answer.pk),
        "guardian": str(answer.guardian_id) if answer.guardian_id else None,
        "guardianship": str(answer.guardianship_id) if answer.guardianship_id else None,
        "verification": str(answer.verification_id) if answer.verification_id else None,
        "shares": answer.shares,
        "route": str(answer.route),
        "file": answer.file.sealed_hash if answer.file else None,
        "shown_hash": answer.shown_hash or None,
        "claimed_at": answer.claimed_at.isoformat() if answer.claimed_at else None,
        "expires_at": answer.expires_at.isoformat() if answer.expires_at else None,
    }
    kind, told = f"guardian.{answer.decision}", {"actor": actor, "at": answer.recorded_at}
    record_entry(kind, client_id=answer.client_id, subject_id=answer.child_id, facts=facts, **told)
