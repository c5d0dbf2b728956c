"""Recording and withdrawing consents, for API and console alike."""

# Every answer is validated before the first write, so no savepoint is needed: two statements for each consent took a
# tenth of a web process's time.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction

from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.services.consent_basis import (
    CollectionMethod,
    ConsentBasis,
    add_evidence_reference,
    check_age_then,
    check_consent_basis,
    check_giver,
    check_guardian,
    is_refused_by_another_guardian,
    require_guardian_decides,
    resolve_notices,
    update_purpose_conflict,
)
from consent.decisions.facts import ANSWER_STATES, changes_state
from consent.notices.selectors.notices import NoticeOutdated
from consent.notices.selectors.registers import Version, current_register, to_purpose
from consent.register.compiled import Basis, Register
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor, Authorship, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.rows import SqlValues, find_row, insert_rows

_SUBJECT_FOR_UPDATE = "r.client_id = %(client)s AND r.id = %(id)s FOR UPDATE"
_HISTORY = """
SELECT (SELECT consent_register_version()), answered.* FROM (VALUES (1)) always LEFT JOIN (
    SELECT e.purpose_id, max(e.recorded_at), greatest(
            max(e.recorded_at) FILTER (WHERE e.state = ANY (%(ended)s)),
            max(coalesce(e.claimed_at, e.recorded_at)) FILTER (
                WHERE e.state = 'refused' AND (e.guardian_id IS NULL OR e.guardian_id = %(guardian)s)
            )
        ), min(c.state), min(c.given_by)
    FROM consent_consentevent e JOIN consent_consent c
        ON (c.client_id, c.subject_id, c.purpose_id) = (e.client_id, e.subject_id, e.purpose_id)
    WHERE e.client_id = %(client)s AND e.subject_id = %(subject)s GROUP BY e.purpose_id
) answered ON true
"""
_SET_STATE = """
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by,
                             guardian_id, notice_version, recorded_at, expires_at, asked_at, informed_at)
VALUES (%(event)s, %(client)s, %(subject)s, %(purpose)s, %(owner)s, %(state)s, %(event)s, %(by)s, %(guardian)s,
        %(version)s, %(at)s, %(until)s, %(asked)s, %(informed)s)
ON CONFLICT (client_id, subject_id, purpose_id) DO UPDATE SET
    state = excluded.state, event_id = excluded.event_id, given_by = excluded.given_by,
    guardian_id = excluded.guardian_id, notice_version = excluded.notice_version,
    recorded_at = excluded.recorded_at, expires_at = excluded.expires_at, asked_at = excluded.asked_at,
    informed_at = excluded.informed_at
"""
_SET_ASKED = """
UPDATE consent_consent SET asked_at = %(asked)s::timestamptz
WHERE client_id = %(client)s AND subject_id = %(subject)s AND purpose_id = %(purpose)s
    AND %(asked)s::timestamptz IS NOT NULL
"""
_ENDED = [str(state) for state in (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.INVALIDATED)]
"""States after which a new consent needs a notice that is shown again."""

consent_ended: ExtensionPoint[Callable[[ConsentEvent, Actor], None]] = ExtensionPoint(
    "consents.consent_ended",
    "Called with the event by which a consent in force was withdrawn, revoked or invalidated, in the same transaction.",
)


@dataclass(frozen=True, slots=True)
class ConsentHistory:
    """A person's consent history: latest event, when each purpose was last ended or refused, its state, and by whom.

    ``ends`` counts refusals of the person and of the guardian who answers now.
    """

    register_version: Version
    latest: datetime | None
    ends: Mapping[UUID, datetime | None]
    states: Mapping[UUID, str]
    givers: Mapping[UUID, str]

    def next_moment(self, at: datetime) -> datetime:
        """Return ``at``, or a microsecond after the latest event, so that the order of events and the state agree."""
        return at if self.latest is None or self.latest <= at else self.latest + timedelta(microseconds=1)

    def state(self, purpose: Purpose) -> str:
        """Return the stored state, without expiry and new notices."""
        return self.states.get(purpose.pk, ConsentState.UNKNOWN.value)

    def is_by_guardian(self, purpose: Purpose) -> bool:
        """Return True if the answer that made the state is a guardian's."""
        return self.givers.get(purpose.pk) == GivenBy.GUARDIAN


def load_history(subject: Subject, guardian: Subject | None = None) -> ConsentHistory:
    """Load a person's consent history; their row must be locked. ``guardian`` is the one who answers, if one does.

    Another guardian's refusal does not count as an end: it overrides earlier and later consents (decision 0028).
    """
    values: SqlValues = {"client": subject.client_id, "subject": subject.pk, "ended": _ENDED}
    values["guardian"] = guardian and guardian.pk
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, values)
        rows = cursor.fetchall()
    (own, shared), found = rows[0][0], [row[1:] for row in rows if row[1] is not None]
    return ConsentHistory(
        (own, shared),
        max((latest for _, latest, _, _, _ in found), default=None),
        {purpose: ended_at for purpose, _, ended_at, _, _ in found},
        {purpose: state for purpose, _, _, state, _ in found},
        {purpose: given_by for purpose, _, _, _, given_by in found},
    )


def lock_subject(subject: Subject, *, during_erasure: bool = False) -> Subject:
    """Lock the person's row, so that concurrent answers are serialized; ``during_erasure`` if they only end or refuse.

    Raises Subject.DoesNotExist if there is no such row, ErasureInProgress unless ``during_erasure``, AlreadyErased.
    """
    row = find_row(Subject, _SUBJECT_FOR_UPDATE, {"id": subject.pk, "client": subject.client_id})
    if row is None:
        raise Subject.DoesNotExist
    if row.erased_at is not None:
        raise AlreadyErased
    if row.is_being_erased and not during_erasure:
        raise ErasureInProgress
    return row


def append_event(
    event: ConsentEvent, purpose: Purpose, *, before: str, actor: Actor, is_in_effect: bool = True
) -> ConsentEvent:
    """Insert the event, the state it changes from ``before``, and the ledger entry in one statement.

    With ``is_in_effect`` False, because of another guardian's refusal, the state is not changed.
    """
    event.becomes_state = is_in_effect and changes_state(before, event.state)
    event.is_renewal = before == event.state == ConsentState.GIVEN
    entry = make_entry(
        f"consent.{event.state}",
        client_id=event.client_id,
        subject_id=event.subject_id,
        facts=_ledger_facts(event, purpose),
        actor=actor,
        at=event.recorded_at,
    )
    also = _SET_STATE if event.becomes_state else _SET_ASKED
    insert_rows(event, entry, also=also, values=_state_columns(event))
    if event.becomes_state and before == ConsentState.GIVEN and event.state in _ENDED:
        for handler in consent_ended:
            handler(event, actor)
    return event


def _ledger_facts(event: ConsentEvent, purpose: Purpose) -> dict[str, object]:
    return {
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
        **({"reason": str(event.reason)} if event.reason else {}),
        **({"renewal": True} if event.is_renewal else {}),
        **({} if event.becomes_state else {"becomes_state": False}),
    }


def _state_columns(event: ConsentEvent) -> dict[str, object]:
    return {
        "event": event.pk,
        "client": event.client_id,
        "subject": event.subject_id,
        "purpose": event.purpose_id,
        "owner": event.purpose_owner,
        "state": str(event.state),
        "by": str(event.given_by),
        "guardian": event.guardian_id,
        "version": event.notice_version_id,
        "at": event.recorded_at,
        "until": event.expires_at,
        "informed": event.informed_at,
        "asked": event.recorded_at if event.state == ConsentState.REQUESTED else None,
    }


_ENDING = frozenset({ConsentState.REFUSED, ConsentState.WITHDRAWN})
"""Answers that permit nothing; they are recorded also while the person is being erased."""


class PurposeUnknown(PortalError, LookupError):
    """The client has no active purpose with this code; the argument is the code."""

    problem = Problem(
        "purpose-unknown", "No such active purpose", "GET /api/v1/purposes lists them.", status=HTTPStatus.NOT_FOUND
    )
    console_message = "There is no such active purpose for this client."


class ConsentNotBased(PortalError):
    """The lawful basis of the purpose is not consent for any of this person's roles."""

    problem = Problem(
        "not-based-on-consent",
        "Consent is not the lawful basis of this purpose for this person",
        "There is nothing to consent to; GET /api/v1/purposes lists the lawful basis.",
    )
    console_message = "For the person's role, the lawful basis of this purpose is not consent."


class NothingToWithdraw(PortalError):
    """There is no consent in force to withdraw."""

    problem = Problem("nothing-to-withdraw", "There is no consent in force to withdraw")
    console_message = f"{problem.title}."


class ClaimInFuture(PortalError):
    """The claimed time of collection is in the future."""

    problem = Problem(
        "claimed-in-future",
        "claimed_at is in the future",
        "Send a past time.",
        field="claimed_at",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "The answer cannot be given in the future."


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about one purpose; ``shown`` is the token of its notice, if it differs from the other answers'."""

    purpose: str
    state: ConsentState
    shown: str | None = None


class AnswerArguments(Authorship, total=False):
    """The person who answers, the way and the language; and the author and time of the record."""

    given_by: GivenBy
    guardian: Subject | None
    method: Method
    language: str | None


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

    Runs in the caller's transaction. ``given`` requires consent as lawful basis for one of the person's roles, and the
    notice in effect: ``shown`` is the token of ``sign_notice_token``. Methods without a portal screen give
    ``notice_version`` and ``evidence`` (the location of the form, or a note of the call) instead; evidence is sealed.
    Raises PurposeUnknown, ConsentNotBased, NothingToWithdraw or ValueError if a purpose or state cannot be answered;
    TokenMissing, TokenForged, TokenForeign, TokenExpired, NoticeNotInEffect, NoticeOutdated, EvidenceMissing,
    ClaimInFuture, ClaimBeforeNotice; GuardianUnknown, OfFullAge, ChildMayNotGive, GuardianMayNotAnswer, StillAChild,
    AlreadyErased, NotAllowed, and ErasureInProgress unless all refuse.
    """
    _require_capability(actor, subject)
    subject = lock_subject(subject, during_erasure=all(answer.state in _ENDING for answer in answers))
    if claimed_at is not None and claimed_at > at:
        raise ClaimInFuture
    check_guardian(subject, given_by, guardian, at)
    states = {answer.state for answer in answers}
    tokens = {answer.shown or shown for answer in answers if answer.state != ConsentState.WITHDRAWN}
    past = load_history(subject, guardian)
    register = current_register(subject.client_id, past.register_version)
    by_child = check_giver(subject, guardian, states, register, at=at)
    grounds = resolve_notices(tokens, notice_version=notice_version, language=language, register=register, at=at)
    collected, events = CollectionMethod(method, bool(evidence), claimed_at), []
    shared = {"client_id": subject.client_id, "subject": subject, "given_by": given_by, "guardian": guardian}
    shared |= {"method": method, "claimed_at": claimed_at, "recorded_at": past.next_moment(at)}
    shared |= {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_role": actor.role}
    for answer in answers:
        purpose, is_withdrawal = _get_purpose(answer.purpose, register), answer.state == ConsentState.WITHDRAWN
        _check_answer(subject, guardian, purpose, answer.state, register, past, at)
        basis = ConsentBasis() if is_withdrawal else grounds[answer.shown or shown]
        if answer.state == ConsentState.GIVEN:
            _check_given(basis, purpose, collected, past, register, at)
        events.append(_build_event(shared, purpose, answer.state, basis, language))
    by_child = by_child or check_age_then(subject, guardian, states, register, at=at, claimed_at=claimed_at)
    with transaction.atomic(savepoint=False):
        return [_append_answer(event, past=past, by_child=by_child, evidence=evidence, actor=actor) for event in events]


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

    Withdrawing again returns the earlier withdrawal. ``evidence`` (the location of a letter, or a note of a call) is
    sealed. Raises PurposeUnknown, NothingToWithdraw, GuardianUnknown, GuardianMayNotAnswer if a guardian withdraws what
    a person of age gave, AlreadyErased, NotAllowed.
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


def _append_answer(
    event: ConsentEvent, *, past: ConsentHistory, by_child: bool, evidence: str, actor: Actor
) -> ConsentEvent:
    """Append an answer; it has no effect against another guardian's refusal, nor a child's against a consent."""
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
    return event


def _get_purpose(code: str, register: Register) -> Purpose:
    if code not in register.purposes:
        raise PurposeUnknown(code)
    return to_purpose(register.purposes[code])


def _check_answer(  # noqa: PLR0917 -- the answer, then the facts it is checked against
    subject: Subject,
    guardian: Subject | None,
    purpose: Purpose,
    state: ConsentState,
    register: Register,
    past: ConsentHistory,
    at: datetime,
) -> None:
    if state == ConsentState.WITHDRAWN:
        if past.state(purpose) != ConsentState.GIVEN:
            raise NothingToWithdraw(purpose.code)
        if guardian is not None and not past.is_by_guardian(purpose):
            require_guardian_decides(subject, register, at)
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
    rule = register.purposes[purpose.code]
    check_consent_basis(
        basis,
        purpose,
        collected=collected,
        ended_at=past.ends.get(purpose.pk),
        widened_at=rule.last_widened_at(at),
        at=at,
    )
    if basis.version is not None and not rule.is_described_by(basis.version.announced_at, at):
        raise NoticeOutdated(purpose.code)


def _build_event(
    shared: dict[str, object], purpose: Purpose, state: ConsentState, basis: ConsentBasis, language: str | None
) -> ConsentEvent:
    event = ConsentEvent(**shared, purpose=purpose, purpose_owner=purpose.client_id, state=state)
    if basis.version is not None:
        event.notice_version_id, event.notice_version_owner = basis.version.id, basis.version.owner
        event.shown_hash = basis.version.content_hash
    event.shown_at, event.language = basis.shown_at(event.recorded_at), basis.language(language)
    if state == ConsentState.GIVEN and purpose.consent_months is not None:
        event.expires_at = event.recorded_at + relativedelta(months=purpose.consent_months)
    return event
