"""Appending a consent event: the event, the resulting state and the ledger entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from consent.consents.models.consents import ConsentEvent, ConsentState, GivenBy
from consent.decisions.states import changes_state
from consent.notices.selectors.registers import Version
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.rows import find_row, insert_rows

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

    ``register_version`` is read in the same query, because recording needs both.
    """

    register_version: Version
    latest: datetime | None
    ends: Mapping[UUID, datetime | None]
    states: Mapping[UUID, str]
    givers: Mapping[UUID, str]

    def next_moment(self, at: datetime) -> datetime:
        """Return ``at``, or the latest event time plus a microsecond if that is later.

        A request that waited for the lock is recorded after the earlier ones; otherwise the stored state and the order
        of events could disagree.
        """
        return at if self.latest is None or self.latest <= at else self.latest + timedelta(microseconds=1)

    def state(self, purpose: Purpose) -> str:
        """Return the stored state, without expiry and new notices."""
        return self.states.get(purpose.pk, ConsentState.UNKNOWN.value)

    def is_by_guardian(self, purpose: Purpose) -> bool:
        """Return True if the answer that made the state is a guardian's."""
        return self.givers.get(purpose.pk) == GivenBy.GUARDIAN

    def ended_at(self, purpose: Purpose) -> datetime | None:
        """Return when consent last ended, or was refused by the person or the guardian who answers now."""
        return self.ends.get(purpose.pk)


def load_history(subject: Subject, guardian: Subject | None = None) -> ConsentHistory:
    """Load a person's consent history; their row must be locked. ``guardian`` is the one who answers, if one does.

    Another guardian's refusal does not count as an end: it overrides earlier and later consents (decision 0028).
    """
    values: dict[str, Any] = {"client": subject.client_id, "subject": subject.pk, "ended": _ENDED}
    values["guardian"] = guardian.pk if guardian is not None else None
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
    """Lock the person's row, so that concurrent answers are serialized.

    ``during_erasure`` is for answers that only end or refuse something. Raises Subject.DoesNotExist if there is no such
    row, ErasureInProgress unless ``during_erasure`` is set, AlreadyErased.
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


def _ledger_facts(event: ConsentEvent, purpose: Purpose) -> dict[str, Any]:
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


def _state_columns(event: ConsentEvent) -> dict[str, Any]:
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
