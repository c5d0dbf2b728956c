"""Recording what people answer. One service, used by API and console alike."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from consent.models import Basis, Consent, ConsentEvent, ConsentState, Method, Purpose
from consent.models.consents import GivenBy
from consent.register import Register
from consent.selectors.purposes import find_purposes
from consent.selectors.registers import current_register
from consent.services.grounds import Grounds, check_grounds, find_grounds
from paktaleem.accounts.actors import Actor, require_about
from paktaleem.accounts.roles import Capability
from paktaleem.ledger.services import make_entry
from paktaleem.subjects.models import GuardianClaim, Subject
from paktaleem.subjects.services import AlreadyErased
from paktaleem.tenancy.rows import find_row, insert_together

__all__ = [
    "Answer",
    "ChildMayNotGive",
    "ClaimInFuture",
    "ConsentNotBased",
    "GuardianUnknown",
    "NothingToWithdraw",
    "PurposeUnknown",
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
    """A guardian gives consent for this person."""


class GuardianUnknown(LookupError):
    """The guardian named is not one the client claims for this person."""


_LOCKED = "r.client_id = %(client)s AND r.id = %(id)s FOR UPDATE"
_ANSWERED = """
SELECT purpose_id, max(recorded_at), max(recorded_at) FILTER (WHERE state = ANY (%(ended)s))
FROM consent_consentevent WHERE client_id = %(client)s AND subject_id = %(subject)s GROUP BY purpose_id
"""
_ANSWERS = {ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.DEFERRED, ConsentState.REQUESTED}
_ENDED = [str(state) for state in (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.INVALIDATED)]
"""What only a notice shown anew can follow with a consent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about one purpose: ``given``, ``refused``, ``deferred``, ``requested`` or ``withdrawn``.

    ``shown`` is the token of the notice that was shown about it, where that differs from the other answers'.
    """

    purpose: str
    state: ConsentState
    shown: str | None = None


@transaction.atomic
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
    actor: Actor,
    at: datetime,
) -> list[ConsentEvent]:
    """Record one or several answers in one transaction, each purpose apart, all or none.

    ``given`` needs a purpose that rests on consent for the person's role, and the effective notice about it:
    ``shown`` is the token that ``sign_shown`` made when it was shown. Methods without a screen of ours (TOKENLESS)
    name the ``notice_version``. The time of recording is ``at``; a claimed time of collection is kept beside it.
    Raises PurposeUnknown, ConsentNotBased, ShownMissing, ShownForged, ShownForeign, ShownStale, NoticeStale,
    NothingToWithdraw, ClaimInFuture, GuardianUnknown, ChildMayNotGive, AlreadyErased, NotAllowed.
    """
    _require(actor, subject)
    subject = _locked(subject)
    _check_claim(claimed_at, at)
    _check_guardian(subject, given_by, guardian, at)
    _check_child(subject, answers, actor, at)
    tokens = {answer.shown or shown for answer in answers if answer.state != ConsentState.WITHDRAWN}
    register = current_register(subject.client_id)
    grounds = find_grounds(tokens, notice_version=notice_version, language=language, register=register, at=at)
    purposes = find_purposes(subject.client_id, [answer.purpose for answer in answers])
    past = _past(subject)
    recorded_at = past.next_moment(at)
    manner = {"given_by": given_by, "guardian": guardian, "method": method, "claimed_at": claimed_at}
    events = []
    for answer in answers:
        purpose, stands_on = _known(answer.purpose, purposes), Grounds()
        if answer.state == ConsentState.WITHDRAWN:
            _check_withdrawal(subject, purpose)
        else:
            _check_answer(subject, purpose, answer.state, register, at)
            stands_on = grounds[answer.shown or shown]
        if answer.state == ConsentState.GIVEN:
            ended_at = past.ended_at.get(purpose.pk)
            check_grounds(stands_on, purpose, method=method, claimed_at=claimed_at, ended_at=ended_at, at=at)
        columns = {**manner, **stands_on.columns(language, recorded_at)}
        event = _event(subject, purpose, answer.state, actor, recorded_at, columns)
        events.append(_append(event, purpose, actor))
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
    actor: Actor,
    at: datetime,
) -> ConsentEvent:
    """Withdraw a consent, as easily as it was given: no notice, no reason asked (GDPR Art. 7(3)).

    Effective on the next decision. Withdrawing again changes nothing and returns the earlier withdrawal.
    Raises PurposeUnknown, NothingToWithdraw if consent was never given, AlreadyErased, NotAllowed.
    """
    _require(actor, subject)
    subject = _locked(subject)
    found = _known(purpose, find_purposes(subject.client_id, [purpose]))
    current = Consent.objects.filter(client_id=subject.client_id, subject=subject, purpose=found).first()
    if current is not None and current.state == ConsentState.WITHDRAWN:
        return ConsentEvent.objects.get(pk=current.event_id)
    [event] = record_answers(
        subject,
        answers=[Answer(purpose, ConsentState.WITHDRAWN)],
        given_by=given_by,
        guardian=guardian,
        method=method,
        language=language,
        actor=actor,
        at=at,
    )
    return event


def _require(actor: Actor, subject: Subject) -> None:
    require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject.id, client_id=subject.client_id)


def _locked(subject: Subject) -> Subject:
    """Take the person's row, so that concurrent answers follow one another."""
    locked = find_row(Subject, _LOCKED, {"id": subject.pk, "client": subject.client_id})
    if locked is None:
        raise Subject.DoesNotExist
    if locked.erased_at is not None:
        raise AlreadyErased
    return locked


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


def _known(code: str, purposes: dict[str, Purpose]) -> Purpose:
    if code not in purposes:
        raise PurposeUnknown(code)
    return purposes[code]


def _check_claim(claimed_at: datetime | None, at: datetime) -> None:
    if claimed_at is not None and claimed_at > at:
        raise ClaimInFuture


@dataclass(frozen=True, slots=True)
class _Past:
    """When the person last answered anything, and when consent to each purpose last ended by an act."""

    latest: datetime | None
    ended_at: Mapping[UUID, datetime]

    def next_moment(self, at: datetime) -> datetime:
        """Return the moment, or the next one free: a request that waited is recorded after those before it.

        Otherwise the state, which the last writer leaves, and the events in order of time would tell two stories.
        """
        return at if self.latest is None or self.latest <= at else self.latest + timedelta(microseconds=1)


def _past(subject: Subject) -> _Past:
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, {"client": subject.client_id, "subject": subject.pk, "ended": _ENDED})
        found = cursor.fetchall()
    return _Past(
        max((latest for _, latest, _ in found), default=None),
        {purpose: ended_at for purpose, _, ended_at in found if ended_at is not None},
    )


def _check_guardian(subject: Subject, given_by: GivenBy, guardian: Subject | None, at: datetime) -> None:
    if given_by != GivenBy.GUARDIAN:
        if guardian is not None:
            raise GuardianUnknown("An answer of someone else names no guardian.")
        return
    claims = GuardianClaim.objects.filter(
        client_id=subject.client_id, child=subject, guardian=guardian, starts_at__lte=at
    )
    if guardian is None or not claims.filter(ends_at=None).exists():
        raise GuardianUnknown


def _check_child(subject: Subject, answers: Sequence[Answer], actor: Actor, at: datetime) -> None:
    """Refuse a yes that a child says alone on a page of its own: it may see, say no and take back."""
    gives = any(answer.state == ConsentState.GIVEN for answer in answers)
    if not gives or actor.acts_for != actor.id:
        return
    client = subject.client
    if subject.is_child(at, threshold=client.age_threshold, serves_minors=client.serves_minors):
        raise ChildMayNotGive


def _check_withdrawal(subject: Subject, purpose: Purpose) -> None:
    if not _was_given(subject, purpose):
        raise NothingToWithdraw(purpose.code)


def _check_answer(subject: Subject, purpose: Purpose, state: ConsentState, register: Register, at: datetime) -> None:
    if not purpose.is_active:
        raise PurposeUnknown(purpose.code)
    if state not in _ANSWERS:
        raise ValueError(f"{state} follows from time or from a notice: nobody answers it.")
    basis = register.basis_in_force(purpose.code, subject.role, at)
    if basis is None or basis.basis != Basis.CONSENT:
        raise ConsentNotBased(purpose.code)


def _was_given(subject: Subject, purpose: Purpose) -> bool:
    return Consent.objects.filter(
        client_id=subject.client_id, subject=subject, purpose=purpose, state=ConsentState.GIVEN
    ).exists()


def _expiry(purpose: Purpose, state: ConsentState, at: datetime) -> datetime | None:
    if state != ConsentState.GIVEN or purpose.consent_months is None:
        return None
    years, month = divmod(at.month - 1 + purpose.consent_months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


_SET_STATE = """
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by,
                             notice_version, recorded_at, expires_at)
VALUES (%(event)s, %(client)s, %(subject)s, %(purpose)s, %(owner)s, %(state)s, %(event)s, %(by)s, %(version)s, %(at)s,
        %(until)s)
ON CONFLICT (client_id, subject_id, purpose_id) DO UPDATE SET
    state = excluded.state, event_id = excluded.event_id, given_by = excluded.given_by,
    notice_version = excluded.notice_version, recorded_at = excluded.recorded_at, expires_at = excluded.expires_at
"""


def _append(event: ConsentEvent, purpose: Purpose, actor: Actor) -> ConsentEvent:
    """Append the event, move the current state, and record the evidence, in one statement."""
    facts = {
        "event": str(event.pk),
        "purpose": purpose.code,
        "state": str(event.state),
        "given_by": str(event.given_by),
        "guardian": str(event.guardian_id) if event.guardian_id else None,
        "notice_version": str(event.notice_version_id) if event.notice_version_id else None,
        "shown_hash": event.shown_hash or None,
        "shown_at": event.shown_at.isoformat() if event.shown_at else None,
        "language": event.language,
        "method": str(event.method),
        "claimed_at": event.claimed_at.isoformat() if event.claimed_at else None,
        "expires_at": event.expires_at.isoformat() if event.expires_at else None,
    }
    entry = make_entry(
        f"consent.{event.state}",
        client_id=event.client_id,
        subject_id=event.subject_id,
        facts=facts,
        actor=actor,
        at=event.recorded_at,
    )
    insert_together(event, entry, also=_SET_STATE, values=_state_of(event))
    return event


def _state_of(event: ConsentEvent) -> dict[str, Any]:
    return {
        "event": event.pk,
        "client": event.client_id,
        "subject": event.subject_id,
        "purpose": event.purpose_id,
        "owner": event.purpose_owner,
        "state": str(event.state),
        "by": str(event.given_by),
        "version": event.notice_version_id,
        "at": event.recorded_at,
        "until": event.expires_at,
    }
