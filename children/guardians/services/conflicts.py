"""Cases of guardians who disagree. While a case is open, the refusal takes precedence (decision 0028)."""

from datetime import datetime

from children.guardians.models.cases import ConflictOutcome, GuardianConflict
from children.guardians.selectors.guardians import load_child_facts
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError


class AlreadyClosed(PortalError):
    """The case is already closed."""

    console_message = "The case is already closed."


def update_service_conflict(
    child: Subject, *, outcome: ConflictOutcome, actor: Actor, reason: Reason | str, at: datetime
) -> GuardianConflict | None:
    """Open a case if the guardians disagree about the service at ``at``; else close an open one with ``outcome``.

    Follows decision 0028.
    """
    disagree = load_child_facts(child).standing(at).in_conflict
    return update_conflict(child, "", disagree=disagree, outcome=outcome, actor=actor, reason=reason, at=at)


def update_conflict(
    child: Subject,
    purpose: str,
    *,
    disagree: bool,
    outcome: ConflictOutcome = ConflictOutcome.AGREED,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> GuardianConflict | None:
    """Open a case about one purpose if the guardians ``disagree`` and none is open; else close an open one.

    Follows decision 0028. ``purpose`` is a code, or empty for the service as a whole. Returns the case, if any. The
    child must be locked.
    """
    cases = GuardianConflict.objects.select_for_update().filter(client_id=child.client_id, child=child)
    case = cases.filter(purpose_code=purpose, closed_at=None).first()
    if disagree and case is None:
        case = GuardianConflict(client_id=child.client_id, child=child, purpose_code=purpose, opened_at=at)
        save_tracked(case, actor=actor, reason=reason, at=at)
        _record_conflict("guardian.conflict_opened", case, actor, at)
    elif not disagree and case is not None:
        _close(case, outcome, actor, reason, at)
    return case


def close_conflict(
    case: GuardianConflict, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> GuardianConflict:
    """Close a case although the guardians still disagree: the refusal applies (decision 0028).

    Raises AlreadyClosed, NotAllowed.
    """
    require(actor, Capability.APPROVE_CHILD_CHANGES, case.client_id)
    case = GuardianConflict.objects.select_for_update().get(pk=case.pk, client_id=case.client_id)
    if case.closed_at is not None:
        raise AlreadyClosed
    return _close(case, ConflictOutcome.REFUSAL_APPLIES, actor, reason, at)


def _close(
    case: GuardianConflict, outcome: ConflictOutcome, actor: Actor, reason: Reason | str, at: datetime
) -> GuardianConflict:
    case.closed_at, case.outcome = max(at, case.opened_at), outcome
    save_tracked(case, actor=actor, reason=reason, at=at)
    _record_conflict("guardian.conflict_closed", case, actor, at)
    return case


def _record_conflict(kind: str, case: GuardianConflict, actor: Actor, at: datetime) -> None:
    facts = {"case": str(case.pk), "purpose": case.purpose_code, "outcome": str(case.outcome)}
    record_entry(kind, client_id=case.client_id, subject_id=case.child_id, facts=facts, actor=actor, at=at)
