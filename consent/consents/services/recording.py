"""Recording and withdrawing consents, for API and console alike."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.db import transaction

from consent.consents.models.consents import Consent, ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.services.consent_basis import CollectionMethod, ConsentBasis, check_consent_basis, resolve_notices
from consent.consents.services.events import ConsentHistory, append_event, load_history, lock_subject
from consent.consents.services.evidence import add_evidence_reference
from consent.consents.services.givers import check_giver, check_guardian
from consent.consents.services.guardians import is_refused_by_another_guardian, update_purpose_conflict
from consent.decisions.states import ANSWER_STATES
from consent.notices.selectors.purposes import to_purpose
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Register
from consent.register.models.purposes import Basis, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem

_ENDING = frozenset({ConsentState.REFUSED, ConsentState.WITHDRAWN})
"""Answers that permit nothing; they are recorded also while the person is being erased."""


class PurposeUnknown(PortalError, LookupError):
    """The client has no active purpose with this code; the argument is the code."""

    problem = Problem(
        "purpose-unknown",
        HTTPStatus.NOT_FOUND,
        "No such active purpose",
        "GET /api/v1/purposes lists them.",
    )
    console_message = "There is no such active purpose for this client."


class ConsentNotBased(PortalError):
    """The lawful basis of the purpose is not consent for any of this person's roles."""

    problem = Problem(
        "not-based-on-consent",
        HTTPStatus.CONFLICT,
        "Consent is not the lawful basis of this purpose for this person",
        "There is nothing to consent to; GET /api/v1/purposes lists the lawful basis.",
    )
    console_message = "For the person's role, the lawful basis of this purpose is not consent."


class NothingToWithdraw(PortalError):
    """There is no consent in force to withdraw."""

    problem = Problem("nothing-to-withdraw", HTTPStatus.CONFLICT, "There is no consent in force to withdraw")
    console_message = f"{problem.title}."


class ClaimInFuture(PortalError):
    """The claimed time of collection is in the future."""

    problem = Problem(
        "claimed-in-future",
        HTTPStatus.BAD_REQUEST,
        "claimed_at is in the future",
        "Send a past time.",
        field="claimed_at",
    )
    console_message = "The answer cannot be given in the future."


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about one purpose: ``given``, ``refused``, ``deferred``, ``requested`` or ``withdrawn``.

    ``shown`` is the token of the notice for this purpose, if it differs from that of the other answers.
    """

    purpose: str
    state: ConsentState
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """Facts shared by all answers of one request: the person, who answered, how, and when."""

    subject: Subject
    given_by: GivenBy
    guardian: Subject | None
    language: str | None
    collected: CollectionMethod
    actor: Actor
    recorded_at: datetime

    def build_event(self, purpose: Purpose, state: ConsentState, basis: ConsentBasis) -> ConsentEvent:
        version = basis.version
        return ConsentEvent(
            client_id=self.subject.client_id,
            subject=self.subject,
            purpose=purpose,
            purpose_owner=purpose.client_id,
            state=state,
            given_by=self.given_by,
            guardian=self.guardian,
            notice_version_id=version.id if version else None,
            notice_version_owner=version.owner if version else None,
            shown_hash=version.content_hash if version else "",
            shown_at=basis.shown_at(self.recorded_at),
            language=basis.language(self.language),
            method=self.collected.method,
            claimed_at=self.collected.claimed_at,
            actor_kind=self.actor.kind.value,
            actor_id=self.actor.id,
            actor_role=self.actor.role,
            recorded_at=self.recorded_at,
            expires_at=_expiry_time(purpose, state, self.recorded_at),
        )


def record_answers(
    subject: Subject,
    *,
    answers: Sequence[Answer],
    shown: str | None = None,
    notice_version: UUID | None = None,
    given_by: GivenBy = GivenBy.SELF,
    guardian: Subject | None = None,
    language: str | None = None,
    method: Method = Method.LMS,
    claimed_at: datetime | None = None,
    evidence: str = "",
    actor: Actor,
    at: datetime,
) -> list[ConsentEvent]:
    """Record one or several answers, one event per purpose, all or none (policy §3; GDPR Art. 7).

    Runs in the caller's transaction. All checks come before the first write, so that a refusal needs no savepoint.
    ``given`` requires consent as lawful basis for one of the person's roles, and the notice in effect: ``shown`` is the
    token that ``sign_notice_token`` made when the notice was shown. Methods without a portal screen (TOKENLESS) give
    ``notice_version`` and ``evidence`` (the location of the form, or a note of the call) instead; evidence is sealed.

    Raises PurposeUnknown, ConsentNotBased, NothingToWithdraw or ValueError if a purpose or state cannot be answered;
    TokenMissing, TokenForged, TokenForeign, TokenExpired, NoticeNotInEffect, EvidenceMissing if no notice is proven;
    ClaimInFuture, ClaimBeforeNotice, GuardianUnknown, ChildMayNotGive, StillAChild, AlreadyErased, NotAllowed.
    ErasureInProgress unless all refuse.
    """
    _require_capability(actor, subject)
    subject = lock_subject(subject, during_erasure=all(answer.state in _ENDING for answer in answers))
    _check_claim(claimed_at, at)
    check_guardian(subject, given_by, guardian, at)
    tokens = {answer.shown or shown for answer in answers if answer.state != ConsentState.WITHDRAWN}
    past = load_history(subject, guardian)
    register = current_register(subject.client_id, past.register_version)
    by_child = check_giver(subject, guardian, {one.state for one in answers}, register, at=at, claimed_at=claimed_at)
    grounds = resolve_notices(tokens, notice_version=notice_version, language=language, register=register, at=at)
    recorded_at = past.next_moment(at)
    collected, events = CollectionMethod(method, bool(evidence), claimed_at), []
    circumstances = _Circumstances(subject, given_by, guardian, language, collected, actor, recorded_at)
    for answer in answers:
        purpose, is_withdrawal = _get_purpose(answer.purpose, register), answer.state == ConsentState.WITHDRAWN
        _check_answer(subject, purpose, answer.state, register, past, at)
        basis = ConsentBasis() if is_withdrawal else grounds[answer.shown or shown]
        if answer.state == ConsentState.GIVEN:
            _check_given(basis, purpose, collected, past, register, at)
        events.append(circumstances.build_event(purpose, answer.state, basis))
    with transaction.atomic(savepoint=False):
        for event in events:
            _append_answer(event, past=past, by_child=by_child, evidence=evidence, actor=actor)
    return events


@transaction.atomic
def withdraw_consent(
    subject: Subject,
    *,
    purpose: str,
    given_by: GivenBy = GivenBy.SELF,
    guardian: Subject | None = None,
    method: Method = Method.LMS,
    language: str | None = None,
    evidence: str = "",
    actor: Actor,
    at: datetime,
) -> ConsentEvent:
    """Withdraw a consent; requires no notice, reason or evidence (GDPR Art. 7(3)).

    In effect from the next decision. Withdrawing again returns the earlier withdrawal. ``evidence`` (the location of a
    letter, or a note of a call) is sealed and stored if given.

    Raises PurposeUnknown, NothingToWithdraw if no consent is in force, GuardianUnknown, AlreadyErased, NotAllowed.
    """
    _require_capability(actor, subject)
    subject = lock_subject(subject, during_erasure=True)
    found = _get_purpose(purpose, current_register(subject.client_id))
    current = Consent.objects.filter(client_id=subject.client_id, subject=subject, purpose=found).first()
    if current is not None and current.state == ConsentState.WITHDRAWN:
        earlier = ConsentEvent.objects.get(pk=current.event_id)
        if evidence:
            add_evidence_reference(earlier, evidence, actor=actor, at=at)
        return earlier
    [event] = record_answers(
        subject,
        answers=[Answer(purpose, ConsentState.WITHDRAWN)],
        given_by=given_by,
        guardian=guardian,
        method=method,
        language=language,
        evidence=evidence,
        actor=actor,
        at=at,
    )
    return event


def _require_capability(actor: Actor, subject: Subject) -> None:
    require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject.id, client_id=subject.client_id)


def _append_answer(event: ConsentEvent, *, past: ConsentHistory, by_child: bool, evidence: str, actor: Actor) -> None:
    """Append an answer; a guardian's consent has no effect while another guardian's refusal is in effect.

    An answer of a child has no effect on a guardian's answer, unless it is a refusal or a withdrawal.
    """
    purpose, guardian, gives = event.purpose, event.guardian_id, event.state == ConsentState.GIVEN
    before, is_refusal = past.state(purpose), event.state in {ConsentState.REFUSED, ConsentState.WITHDRAWN}
    against = (
        guardian is not None
        and gives
        and is_refused_by_another_guardian(event.subject, purpose, guardian, at=event.recorded_at)
    )
    against = against or (by_child and not is_refusal and past.is_by_guardian(purpose))
    append_event(event, purpose, before=before, actor=actor, is_in_effect=not against)
    if guardian is not None:
        update_purpose_conflict(event, purpose, actor=actor)
    if evidence:
        add_evidence_reference(event, evidence, actor=actor, at=event.recorded_at)


def _get_purpose(code: str, register: Register) -> Purpose:
    if code not in register.purposes:
        raise PurposeUnknown(code)
    return to_purpose(register.purposes[code])


def _check_claim(claimed_at: datetime | None, at: datetime) -> None:
    if claimed_at is not None and claimed_at > at:
        raise ClaimInFuture


def _check_answer(  # noqa: PLR0917 -- the answer, then the facts it is checked against
    subject: Subject, purpose: Purpose, state: ConsentState, register: Register, past: ConsentHistory, at: datetime
) -> None:
    if state == ConsentState.WITHDRAWN:
        if past.state(purpose) != ConsentState.GIVEN:
            raise NothingToWithdraw(purpose.code)
        return
    if not purpose.is_active:
        raise PurposeUnknown(purpose.code)
    if state not in ANSWER_STATES:
        raise ValueError(f"{state} is not an answer: it follows from time or a notice.")
    if all(rule.basis != Basis.CONSENT for rule in register.bases_for(purpose.code, subject.roles, at)):
        raise ConsentNotBased(purpose.code)


def _check_given(  # noqa: PLR0917 -- the answer, then the facts it is checked against
    basis: ConsentBasis,
    purpose: Purpose,
    collected: CollectionMethod,
    past: ConsentHistory,
    register: Register,
    at: datetime,
) -> None:
    check_consent_basis(
        basis,
        purpose,
        collected=collected,
        ended_at=past.ended_at(purpose),
        widened_at=register.purposes[purpose.code].last_widened_at(at),
        at=at,
    )


def _expiry_time(purpose: Purpose, state: ConsentState, at: datetime) -> datetime | None:
    if state != ConsentState.GIVEN or purpose.consent_months is None:
        return None
    years, month = divmod(at.month - 1 + purpose.consent_months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
