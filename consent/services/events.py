"""Appending one event to a person's consents: the event, the state that follows, and the evidence of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from consent.models import ConsentEvent, ConsentState, Purpose
from consent.models.consents import GivenBy
from consent.selectors.registers import Version
from consent.states import becomes_state
from paktaleem.accounts.actors import Actor
from paktaleem.ledger.services import make_entry
from paktaleem.subjects.models import Subject
from paktaleem.subjects.services import AlreadyErased
from paktaleem.tenancy.rows import find_row, insert_together

__all__ = ["Past", "append_event", "locked", "past_of"]

_LOCKED = "r.client_id = %(client)s AND r.id = %(id)s FOR UPDATE"
_ANSWERED = """
SELECT (SELECT consent_register_version()), answered.* FROM (VALUES (1)) always LEFT JOIN (
    SELECT e.purpose_id, max(e.recorded_at), max(e.recorded_at) FILTER (WHERE e.state = ANY (%(ended)s)), min(c.state),
        min(c.given_by)
    FROM consent_consentevent e JOIN consent_consent c
        ON (c.client_id, c.subject_id, c.purpose_id) = (e.client_id, e.subject_id, e.purpose_id)
    WHERE e.client_id = %(client)s AND e.subject_id = %(subject)s GROUP BY e.purpose_id
) answered ON true
"""
_SET_STATE = """
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by,
                             guardian_id, notice_version, recorded_at, expires_at, asked_at)
VALUES (%(event)s, %(client)s, %(subject)s, %(purpose)s, %(owner)s, %(state)s, %(event)s, %(by)s, %(guardian)s,
        %(version)s, %(at)s, %(until)s, %(asked)s)
ON CONFLICT (client_id, subject_id, purpose_id) DO UPDATE SET
    state = excluded.state, event_id = excluded.event_id, given_by = excluded.given_by,
    guardian_id = excluded.guardian_id, notice_version = excluded.notice_version,
    recorded_at = excluded.recorded_at, expires_at = excluded.expires_at, asked_at = excluded.asked_at
"""
_SET_ASKED = """
UPDATE consent_consent SET asked_at = %(asked)s::timestamptz
WHERE client_id = %(client)s AND subject_id = %(subject)s AND purpose_id = %(purpose)s
    AND %(asked)s::timestamptz IS NOT NULL
"""
_ENDED = [str(state) for state in (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.INVALIDATED)]
"""What only a notice shown anew can follow with a consent."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a person answered before: the latest moment, when consent to each purpose last ended, its state, by whom.

    ``register_version`` is the client's register's, read with it: whoever answers needs both.
    """

    register_version: Version
    latest: datetime | None
    ends: Mapping[UUID, datetime | None]
    states: Mapping[UUID, str]
    givers: Mapping[UUID, str]

    def next_moment(self, at: datetime) -> datetime:
        """Return the moment, or the next one free: a request that waited is recorded after those before it.

        Otherwise the state, which the last writer leaves, and the events in order of time would tell two stories.
        """
        return at if self.latest is None or self.latest <= at else self.latest + timedelta(microseconds=1)

    def state(self, purpose: Purpose) -> str:
        """Give the state that the events left, expiry and notices not considered."""
        return self.states.get(purpose.pk, ConsentState.UNKNOWN.value)

    def is_by_guardian(self, purpose: Purpose) -> bool:
        """Say whether the answer that made the state is a guardian's."""
        return self.givers.get(purpose.pk) == GivenBy.GUARDIAN

    def ended_at(self, purpose: Purpose) -> datetime | None:
        """Give when consent was last withdrawn, revoked or invalidated."""
        return self.ends.get(purpose.pk)


def past_of(subject: Subject) -> Past:
    """Read what a person answered before; their row must be locked."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, {"client": subject.client_id, "subject": subject.pk, "ended": _ENDED})
        rows = cursor.fetchall()
    (own, shared), found = rows[0][0], [row[1:] for row in rows if row[1] is not None]
    return Past(
        (own, shared),
        max((latest for _, latest, _, _, _ in found), default=None),
        {purpose: ended_at for purpose, _, ended_at, _, _ in found},
        {purpose: state for purpose, _, _, state, _ in found},
        {purpose: given_by for purpose, _, _, _, given_by in found},
    )


def locked(subject: Subject) -> Subject:
    """Take the person's row, so that concurrent answers follow one another. Raises AlreadyErased."""
    row = find_row(Subject, _LOCKED, {"id": subject.pk, "client": subject.client_id})
    if row is None:
        raise Subject.DoesNotExist
    if row.erased_at is not None:
        raise AlreadyErased
    return row


def append_event(
    event: ConsentEvent, purpose: Purpose, *, before: str, actor: Actor, stands: bool = True
) -> ConsentEvent:
    """Append the event, move the state from ``before`` where it does that, and record the evidence: one statement.

    An answer against which another guardian's no ``stands`` moves nothing.
    """
    event.becomes_state = stands and becomes_state(before, event.state)
    event.is_renewal = before == event.state == ConsentState.GIVEN
    entry = make_entry(
        f"consent.{event.state}",
        client_id=event.client_id,
        subject_id=event.subject_id,
        facts=_facts(event, purpose),
        actor=actor,
        at=event.recorded_at,
    )
    also = _SET_STATE if event.becomes_state else _SET_ASKED
    insert_together(event, entry, also=also, values=_state_of(event))
    return event


def _facts(event: ConsentEvent, purpose: Purpose) -> dict[str, Any]:
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


def _state_of(event: ConsentEvent) -> dict[str, Any]:
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
        "asked": event.recorded_at if event.state == ConsentState.REQUESTED else None,
    }
