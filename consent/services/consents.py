"""Recording what people answer. One service, used by API and console alike."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from children.models import Guardianship
from consent.models import Basis, Consent, ConsentEvent, ConsentState, Method, Purpose
from consent.models.consents import GivenBy
from consent.register import Register
from consent.selectors.purposes import purpose_of_rule
from consent.selectors.registers import current_register
from consent.services.events import Past, append_event, locked, past_of
from consent.services.evidence import add_evidence_reference
from consent.services.grounds import Collected, Grounds, check_grounds, find_grounds
from consent.services.guardians import another_says_no, follow_purpose
from consent.states import ANSWERS
from paktaleem.accounts.actors import Actor, require_about
from paktaleem.accounts.roles import Capability
from paktaleem.subjects.models import GuardianClaim, Subject

__all__ = [
    "Answer",
    "ChildMayNotGive",
    "ClaimInFuture",
    "ConsentNotBased",
    "GuardianUnknown",
    "NothingToWithdraw",
    "PurposeUnknown",
    "UnknownAgeMayNotGive",
    "record_answers",
    "withdraw_consent",
]


class PurposeUnknown(LookupError):
    """No such active purpose for this client; its argument is the code."""


class ConsentNotBased(Exception):
    """The purpose does not rest on consent for this person's role, so there is nothing to consent to."""


class NothingToWithdraw(Exception):
    """There is no consent in force to withdraw."""


class ClaimInFuture(Exception):
    """The claimed time of collection lies in the future."""


class ChildMayNotGive(Exception):
    """The person is a child: a guardian gives consent for them."""


class UnknownAgeMayNotGive(ChildMayNotGive):
    """The person's age is unknown where minors are served: a guardian gives consent, until the age is registered."""


class GuardianUnknown(LookupError):
    """The guardian named is not one the client claims for this person."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about one purpose: ``given``, ``refused``, ``deferred``, ``requested`` or ``withdrawn``.

    ``shown`` is the token of the notice that was shown about it, where that differs from the other answers'.
    """

    purpose: str
    state: ConsentState
    shown: str | None = None


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
    """Record one or several answers in the open transaction, each purpose apart, all or none.

    Everything is checked before the first write, so that a refusal leaves nothing behind and needs no savepoint.
    ``given`` needs a purpose that rests on consent for the person's role, and the effective notice about it:
    ``shown`` is the token that ``sign_shown`` made when it was shown. Methods without a screen of ours (TOKENLESS)
    name the ``notice_version`` and the ``evidence`` (where it lies, or what was said), which is sealed. The time of
    recording is ``at``; a claimed time of collection is kept beside it.
    Raises PurposeUnknown, ConsentNotBased, ShownMissing, EvidenceMissing, ShownForged, ShownForeign, ShownStale,
    NoticeStale, NothingToWithdraw, ClaimInFuture, GuardianUnknown, ChildMayNotGive, AlreadyErased, NotAllowed.
    """
    _require(actor, subject)
    subject = locked(subject)
    _check_claim(claimed_at, at)
    _check_guardian(subject, given_by, guardian, at)
    tokens = {answer.shown or shown for answer in answers if answer.state != ConsentState.WITHDRAWN}
    past = past_of(subject)
    register = current_register(subject.client_id, past.register_version)
    by_child = _check_child(subject, answers, given_by, register, at)
    grounds = find_grounds(tokens, notice_version=notice_version, language=language, register=register, at=at)
    recorded_at = past.next_moment(at)
    manner = {"given_by": given_by, "guardian": guardian, "method": method, "claimed_at": claimed_at}
    collected, events = Collected(method, bool(evidence), claimed_at), []
    for answer in answers:
        purpose, is_taken_back = _known(answer.purpose, register), answer.state == ConsentState.WITHDRAWN
        _check_answer(subject, purpose, answer.state, register, past, at)
        stands_on = Grounds() if is_taken_back else grounds[answer.shown or shown]
        if answer.state == ConsentState.GIVEN:
            check_grounds(stands_on, purpose, collected=collected, ended_at=past.ended_at(purpose), at=at)
        columns = manner | stands_on.columns(language, recorded_at)
        events.append(_event(subject, purpose, answer.state, actor, recorded_at, columns))
    with transaction.atomic(savepoint=False):
        for event in events:
            _append(event, past=past, by_child=by_child, evidence=evidence, actor=actor)
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
    """Withdraw a consent, as easily as it was given: no notice, no reason and no evidence asked (GDPR Art. 7(3)).

    Effective on the next decision. Withdrawing again changes nothing and returns the earlier withdrawal. ``evidence``
    (where a letter lies, or who called when) is kept with it, sealed, where there is any.
    Raises PurposeUnknown, NothingToWithdraw if consent was never given, AlreadyErased, NotAllowed.
    """
    _require(actor, subject)
    subject = locked(subject)
    found = _known(purpose, current_register(subject.client_id))
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


def _require(actor: Actor, subject: Subject) -> None:
    require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject.id, client_id=subject.client_id)


def _event(  # noqa: PLR0917 -- what it is about, then its columns
    subject: Subject, purpose: Purpose, state: ConsentState, actor: Actor, at: datetime, columns: Mapping[str, Any]
) -> ConsentEvent:
    return ConsentEvent(
        client_id=subject.client_id,
        subject=subject,
        purpose=purpose,
        purpose_owner=purpose.client_id,
        state=state,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        recorded_at=at,
        expires_at=_expiry(purpose, state, at),
        **columns,
    )


def _append(event: ConsentEvent, *, past: Past, by_child: bool, evidence: str, actor: Actor) -> None:
    """Append an answer. A guardian's yes has no effect against another guardian's no.

    Nor has anything of a child against a guardian's answer, but a refusal or a withdrawal.
    """
    purpose, guardian, gives = event.purpose, event.guardian_id, event.state == ConsentState.GIVEN
    before, is_no = past.state(purpose), event.state in {ConsentState.REFUSED, ConsentState.WITHDRAWN}
    against = guardian is not None and gives and another_says_no(event.subject, purpose, guardian, at=event.recorded_at)
    against = against or (by_child and not is_no and past.is_by_guardian(purpose))
    append_event(event, purpose, before=before, actor=actor, stands=not against)
    if guardian is not None:
        follow_purpose(event, purpose, actor=actor)
    if evidence:
        add_evidence_reference(event, evidence, actor=actor, at=event.recorded_at)


def _known(code: str, register: Register) -> Purpose:
    if code not in register.purposes:
        raise PurposeUnknown(code)
    return purpose_of_rule(register.purposes[code])


def _check_claim(claimed_at: datetime | None, at: datetime) -> None:
    if claimed_at is not None and claimed_at > at:
        raise ClaimInFuture


def _check_guardian(subject: Subject, given_by: GivenBy, guardian: Subject | None, at: datetime) -> None:
    if given_by != GivenBy.GUARDIAN:
        if guardian is not None:
            raise GuardianUnknown("An answer of someone else names no guardian.")
        return
    pair: dict[str, Any] = {"client_id": subject.client_id, "child": subject, "guardian": guardian}
    named = Guardianship.objects.filter(**pair)
    claimed = GuardianClaim.objects.filter(**pair, starts_at__lte=at, ends_at=None)
    if guardian is None or not (named.live(at).exists() or (claimed.exists() and not named.exists())):
        raise GuardianUnknown


def _check_child(
    subject: Subject, answers: Sequence[Answer], given_by: GivenBy, register: Register, at: datetime
) -> bool:
    """Refuse a yes that a child says itself: it may see, say no and take back. Return whether a child answers."""
    thresholds = register.thresholds
    if given_by == GivenBy.GUARDIAN or not subject.is_child(
        at, thresholds=thresholds, serves_minors=register.serves_minors
    ):
        return False
    if any(answer.state == ConsentState.GIVEN for answer in answers):
        raise UnknownAgeMayNotGive if subject.of_age_for(thresholds) is None else ChildMayNotGive
    return True


def _check_answer(  # noqa: PLR0917 -- whose answer, about what, and by what it is judged
    subject: Subject, purpose: Purpose, state: ConsentState, register: Register, past: Past, at: datetime
) -> None:
    if state == ConsentState.WITHDRAWN:
        if past.state(purpose) != ConsentState.GIVEN:
            raise NothingToWithdraw(purpose.code)
        return
    if not purpose.is_active:
        raise PurposeUnknown(purpose.code)
    if state not in ANSWERS:
        raise ValueError(f"{state} follows from time or from a notice: nobody answers it.")
    basis = register.basis_in_force(purpose.code, subject.role, at)
    if basis is None or basis.basis != Basis.CONSENT:
        raise ConsentNotBased(purpose.code)


def _expiry(purpose: Purpose, state: ConsentState, at: datetime) -> datetime | None:
    if state != ConsentState.GIVEN or purpose.consent_months is None:
        return None
    years, month = divmod(at.month - 1 + purpose.consent_months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
