"""Recording answers about the service by guardians, and refusals by the child (policy §8)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import IO

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _, gettext_lazy

from children.guardians.authority import Guardian, Strength, check_evidence, require_evidence
from children.guardians.models import (
    ConflictOutcome,
    Decision,
    GuardianConflict,
    Guardianship,
    Quarantine,
    QuarantineCause,
    Route,
    ServiceAuthorisation,
    Verification,
)
from children.guardians.selectors import get_live_guardianship, load_child_facts, require_child
from paktaleem.directory.files.services import store_file
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import lock_subject, open_details
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, ReasonedAuthorship, require, require_about
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason, actor_fields
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.extensions import ExtensionPoint


def update_service_conflict(
    child: Subject, *, outcome: ConflictOutcome, actor: Actor, reason: Reason | str, at: datetime
) -> GuardianConflict | None:
    """Open a case if guardians disagree about the service at ``at``; else close one (decision 0028)."""
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
    """Open a case about a purpose (empty: the service) if the guardians ``disagree``; else close an open one.

    Follows decision 0028. Returns the case, if any. The child must be locked.
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


@act(
    "close",
    "Close case",
    Capability.APPROVE_CHANGES,
    lead="They still disagree: the refusal continues to apply. The case opens again when one of them gives a new "
    "answer.",
    done="Closed: the refusal applies.",
    check=refuse_if(lambda row: row.closed_at is not None, gettext_lazy("The case is already closed.")),
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
    """Lock the child's row until the transaction ends, and return it. Raises AlreadyErased, ErasureInProgress."""
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
    lock=as_given,
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
    """End a quarantine (policy §8). Raises Refused while an incident is open, NotInQuarantine, NotAllowed."""
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
    """End a quarantine without asking which apps need it; for the app above whose need has ended.

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


_REFERENCE = "guardians_serviceauthorisation.evidence_reference"

service_changed: ExtensionPoint[Callable[[ServiceAuthorisation, bool, datetime], None]] = ExtensionPoint(
    "guardians.service_changed",
    "Called with an answer that ends (False) or renews (True) the authorisation of the service; the child is locked.",
)
first_notices: ExtensionPoint[Callable[[Client], datetime | None]] = ExtensionPoint(
    "guardians.first_notices", "Asked when the first notice about the service took effect at a client; None: none has."
)


class ChildMayNotAuthorise(PortalError):
    """A child may refuse or withdraw, but not consent (policy §8)."""

    problem = Problem("child-may-not-give", "A child may refuse or withdraw, but not consent")
    console_message = f"{problem.title}."


class NoAuthority(PortalError):
    """The guardian is not verified, may not decide, or is barred by a court order: their consent does not count."""

    problem = Problem(
        "guardian-not-verified",
        "The guardian has no verified authority, so their consent does not count",
        "Send verification with the answer, or ask the client's staff to check the guardian's authority.",
    )
    console_message = "Verify the guardian first: until then their consent does not count."


class TooWeakToShare(PortalError):
    """The guardian's verification is not strong enough for outside recipients."""

    problem = Problem(
        "verification-too-weak",
        "The guardian's verification is too weak for outside recipients",
        "Omit shares, or verify the guardian by a stronger method.",
    )
    console_message = f"{problem.title}."


class NoConsentGiven(PortalError):
    """The guardian has given no consent that could be withdrawn."""

    problem = Problem("nothing-to-withdraw", "The guardian has given no consent that could be withdrawn")
    console_message = f"{problem.title}."


class AnswerInFuture(PortalError):
    """The claimed time of the answer lies in the future."""

    problem = Problem(
        "claimed-in-future",
        "claimed_at is in the future",
        "Send a time in the past.",
        field="claimed_at",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "The answer cannot be given in the future."


class AnswerBeforeNotice(PortalError):
    """The consent was given before the first notice about the service, or before the child was born."""

    problem = Problem(
        "claimed-before-notice",
        "claimed_at is before the notice took effect, or before the child was born",
        "A consent is not older than its notice: correct claimed_at, or ask the guardian again.",
        field="claimed_at",
    )
    console_message = (
        "The consent is dated before the first notice, or before the child was born: correct the time, or ask again."
    )


class AnswerUndated(PortalError):
    """The guardian or the child has refused before: a consent from elsewhere must say when it was given."""

    problem = Problem(
        "claimed-at-missing",
        "A consent after a refusal or withdrawal says when it was given",
        "Send claimed_at: the time of the answer.",
        field="claimed_at",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "There is a refusal or withdrawal: enter when this consent was given."


class AnswerOutdated(PortalError):
    """The consent was given before a refusal or withdrawal of the guardian or the child, which it does not override."""

    problem = Problem(
        "claimed-before-refusal",
        "The consent was given before a refusal or withdrawal",
        "An older consent does not override a later refusal: ask again.",
        field="claimed_at",
    )
    console_message = "The consent was given before a refusal or withdrawal: ask again."


@transaction.atomic
def record_service_answer(
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
    actor: Actor,
    reason: Reason | str = Reason.SUBJECT_REQUEST,
    at: datetime,
) -> ServiceAuthorisation:
    """Record a guardian's answer about the service, or the child's own refusal if ``guardian`` is None (policy §8).

    A consent needs verified authority, and evidence unless it is given on the portal's pages. ``shares`` is the
    separate answer about recipients (16 CFR 312.5(a)(2)), which needs a stronger verification.
    Raises ChildMayNotAuthorise, NoAuthority, GuardianshipUnknown, NotAChild, TooWeakToShare, EvidenceRequired,
    CardNumberFound, NoConsentGiven, AnswerInFuture, AnswerUndated, AnswerOutdated, AnswerBeforeNotice,
    FileKindNotAccepted, FileTooLarge, AlreadyErased, NotAllowed.
    """
    decision, evidence = Decision(decision), check_evidence(evidence)
    _require(actor, child, guardian)
    child = lock_child(child, during_erasure=decision != Decision.GIVEN)
    if claimed_at is not None and claimed_at > at:
        raise AnswerInFuture
    at = next_free_time(child, at)
    standing = _authority_columns(child, guardian, decision, shares=shares, at=at)
    if decision == Decision.GIVEN and Route(route) != Route.PORTAL:
        require_evidence(evidence, has_file=file is not None)
        _check_reported(child, guardian, shares=shares, claimed_at=claimed_at)
    answer = ServiceAuthorisation(
        client_id=child.client_id,
        child=child,
        decision=decision,
        route=Route(route),
        evidence_reference=sealer_of(child).seal(evidence, column=_REFERENCE) if evidence else None,
        file=store_file(child, file, at=at) if file is not None else None,
        shown_hash=shown_hash,
        language=language,
        claimed_at=claimed_at,
        recorded_at=at,
        **standing,
        **actor_fields(actor),
    )
    return _save_answer(answer, actor, reason)


def _require(actor: Actor, child: Subject, guardian: Subject | None) -> None:
    require_about(actor, Capability.MANAGE_GUARDIANS, subject_id=child.pk, client_id=child.client_id)
    answers = child if guardian is None else guardian
    if actor.kind is ByKind.SUBJECT and actor.id != answers.pk:
        raise NotAllowed("People may answer only for themselves.")


def _save_answer(answer: ServiceAuthorisation, actor: Actor, reason: Reason | str) -> ServiceAuthorisation:
    was_authorised = _is_authorised(answer)
    answer.save(force_insert=True)
    _record_answer(answer, actor)
    context: ReasonedAuthorship = {"actor": actor, "reason": reason, "at": answer.recorded_at}
    update_service_conflict(answer.child, outcome=ConflictOutcome.AGREED, **context)
    if (is_authorised := _is_authorised(answer)) != was_authorised and answer.child.counts_as_child(answer.recorded_at):
        for handler in service_changed:
            handler(answer, is_authorised, answer.recorded_at)
    return answer


def _is_authorised(answer: ServiceAuthorisation) -> bool:
    return load_child_facts(answer.child).standing(answer.recorded_at).state == Decision.GIVEN


def _authority_columns(
    child: Subject, guardian: Subject | None, decision: Decision, *, shares: bool | None, at: datetime
) -> dict[str, object]:
    if decision == Decision.GIVEN and guardian in {None, child}:
        raise ChildMayNotAuthorise
    if guardian is None:
        return {}
    row = get_live_guardianship(child, guardian, at=at)
    if decision != Decision.WITHDRAWN:
        require_child(child, at=at)
    known = next(one for one in load_child_facts(child).guardians if one.id == row.pk)
    if decision == Decision.WITHDRAWN and (known.answer is None or known.answer.is_no):
        raise NoConsentGiven
    verification = _get_verification(row, known, shares=shares, at=at) if decision == Decision.GIVEN else None
    given_shares = shares if decision == Decision.GIVEN else None
    return {"guardian": guardian, "guardianship": row, "verification": verification, "shares": given_shares}


def _check_reported(
    child: Subject, guardian: Subject | None, *, shares: bool | None, claimed_at: datetime | None
) -> None:
    """Check that a consent from elsewhere is later than its notice, and every refusal of guardian or child."""
    is_no = ~Q(decision=Decision.GIVEN) | Q(guardian=guardian, shares=False) if shares else ~Q(decision=Decision.GIVEN)
    answers = ServiceAuthorisation.objects.filter(is_no, client_id=child.client_id, child=child)
    refusals = answers.filter(Q(guardian=guardian) | Q(guardian=None)).order_by()
    refused_at = refusals.aggregate(at=Max(Coalesce("claimed_at", "recorded_at")))["at"]
    if claimed_at is not None:
        if refused_at is not None and claimed_at <= refused_at:
            raise AnswerOutdated
        client = child.client
        since = min((day for found in first_notices if (day := found(client)) is not None), default=client.created_at)
        birth_date = open_details(child, sealer_of(child)).birth_date
        claimed_on = client.day_at(claimed_at)
        if claimed_at < since or (birth_date is not None and claimed_on < birth_date):
            raise AnswerBeforeNotice
    elif refused_at is not None:
        raise AnswerUndated


def _get_verification(row: Guardianship, known: Guardian, *, shares: bool | None, at: datetime) -> Verification:
    if not known.has_authority(at):
        raise NoAuthority
    if shares and known.strength(at) < Strength.SUBSTANTIAL:
        raise TooWeakToShare
    live = Verification.objects.filter(client_id=row.client_id, guardianship=row, ended_at=None, verified_at__lte=at)
    kept = [one for one in live if one.expires_at is None or at < one.expires_at]
    return max(kept, key=lambda one: (one.strength, one.verified_at))


def _record_answer(answer: ServiceAuthorisation, actor: Actor) -> None:
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
    kind, context = f"guardian.{answer.decision}", {"actor": actor, "at": answer.recorded_at}
    record_entry(kind, client_id=answer.client_id, subject_id=answer.child_id, facts=facts, **context)
