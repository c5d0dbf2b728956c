"""Cases of guardians who disagree. While a case is open, the refusal takes precedence (decision 0028)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from children.guardians.models.guardians import ServiceAuthorisation
from children.guardians.models.mechanisms import ConflictOutcome, GuardianConflict, Quarantine, QuarantineCause
from children.guardians.selectors import load_child_facts
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.extensions import ExtensionPoint


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


def _check_open(case: GuardianConflict, _actor: Actor, _at: datetime) -> None:
    if case.closed_at is not None:
        raise Refused(_("The case is already closed."))


@act(
    "close",
    "Close case",
    Capability.APPROVE_CHILD_CHANGES,
    lead="They still disagree: the refusal continues to apply. The case opens again when one of them gives a new "
    "answer.",
    done="Closed: the refusal applies.",
    lock=lock_row,
    check=_check_open,
)
def close_conflict(
    case: GuardianConflict, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> GuardianConflict:
    """Close a case although the guardians still disagree: the refusal applies (decision 0028)."""
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


def lock_child(child: Subject, *, during_erasure: bool = False) -> Subject:
    """Lock the child's row until the end of the transaction and return it; see ``lock_subject``.

    Raises AlreadyErased, ErasureInProgress.
    """
    return lock_subject(child.pk, client_id=child.client_id, during_erasure=during_erasure)


def next_free_time(child: Subject, at: datetime) -> datetime:
    """Return ``at``, or a microsecond after the child's latest answer if that is not earlier than ``at``."""
    answers = ServiceAuthorisation.objects.filter(client_id=child.client_id, child=child)
    latest = answers.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    return at if latest is None or latest < at else latest + timedelta(microseconds=1)


type QuarantineNeed = Callable[[Subject], bool]

quarantine_needs: ExtensionPoint[QuarantineNeed] = ExtensionPoint(
    "guardians.quarantine_needs", "Asked whether a person's quarantine is still needed, such as by an open incident."
)


class NotInQuarantine(PortalError):
    """The person's data is not in quarantine."""

    console_message = "The data is no longer in quarantine."


@act(
    "hold-back",
    "Quarantine the data",
    Capability.QUARANTINE_SUBJECTS,
    lead="From now on this person's data may only be deleted.",
    done="The data is in quarantine.",
    danger=True,
)
def quarantine(
    subject: Subject,
    *,
    cause: QuarantineCause | str = QuarantineCause.REPORT,
    actor: Actor,
    reason: Reason | str = Reason.INCIDENT,
    at: datetime,
) -> Quarantine:
    """Put a person's data in quarantine, or return the open quarantine (policy §8). Raises AlreadyErased."""
    subject = lock_child(subject, during_erasure=True)
    held = Quarantine.objects.filter(client_id=subject.client_id, subject=subject, ends_at=None).first()
    if held is not None:
        return held
    held = Quarantine(client_id=subject.client_id, subject=subject, cause=QuarantineCause(cause), starts_at=at)
    save_tracked(held, actor=actor, reason=reason, at=at)
    _record_quarantine("subject.quarantined", held, actor, at)
    return held


@transaction.atomic
def release(subject: Subject, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime) -> Quarantine:
    """End the quarantine of a person's data, also of an erased person (policy §8).

    Raises Refused while it is still needed, as by an open incident, NotInQuarantine, NotAllowed.
    """
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    with suppress(AlreadyErased):  # locked all the same, so that no incident opens meanwhile
        lock_child(subject, during_erasure=True)
    if any(is_needed(subject) for is_needed in quarantine_needs):
        raise Refused(_("An incident of this person is open: the quarantine ends when every system has answered."))
    return end_quarantine(subject, actor=actor, reason=reason, at=at)


@transaction.atomic
def end_quarantine(
    subject: Subject, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime
) -> Quarantine:
    """End the quarantine without asking who needs it, for the app above whose need has ended.

    Raises NotInQuarantine, NotAllowed.
    """
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    rows = Quarantine.objects.select_for_update().filter(client_id=subject.client_id, subject=subject)
    held = rows.filter(ends_at=None).first()
    if held is None:
        raise NotInQuarantine
    held.ends_at = max(at, held.starts_at)
    save_tracked(held, actor=actor, reason=reason, at=at)
    _record_quarantine("subject.released", held, actor, at)
    return held


def _record_quarantine(kind: str, held: Quarantine, actor: Actor, at: datetime) -> None:
    facts = {"quarantine": str(held.pk), "cause": str(held.cause)}
    record_entry(kind, client_id=held.client_id, subject_id=held.subject_id, facts=facts, actor=actor, at=at)
