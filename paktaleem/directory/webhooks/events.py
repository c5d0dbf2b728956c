"""The catalogue of webhook events, their data, and the meaning of a subscription. Pure.

An event corresponds to a kind of ledger entry. Its data are ids and codes of the entry's facts, never a name, an
address or a text, because receivers may log payloads. Two types have no entry: ``decision.invalidated`` follows from
changes on which decisions depend, and ``webhook.test`` is sent on request.
"""

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["EVENTS", "INVALIDATED", "TEST", "Event", "EventUnknown", "check_patterns", "is_subscribed", "patterns"]

INVALIDATED = "decision.invalidated"
TEST = "webhook.test"


class Event(NamedTuple):
    """One event type: its kind of ledger entry (for the register, of which kind of row), and the facts it repeats.

    ``is_shared`` events happen at PakTaleem and concern every client.
    """

    type: str
    kind: str
    row: str = ""
    facts: tuple[str, ...] = ()
    is_shared: bool = False


_CONSENT = ("event", "purpose", "expires_at")
_NOTICE = ("notice", "number", "material")
_RECIPIENT, _APPROVAL = "consent.recipient", "consent.recipientapproval"
_APPROVED = ("id", "recipient", "objection_until")
_GUARDIAN = ("guardianship", "guardian")
_CHECK = ("check", *_GUARDIAN, "method", "state")
_INVITATION = ("invitation", "guardian", "state", "channel", "problem")
_CASE = ("kind", "due_at", "outcome")
_INCIDENT = ("incident", "cause", "due_at")
_ORDER = ("order", "kind", "system")

EVENTS = (
    *(
        Event(f"consent.{state}", f"consent.{state}", facts=_CONSENT)
        for state in ("requested", "deferred", "given", "refused", "withdrawn", "revoked", "invalidated")
    ),
    Event("notice.announced", "notice.announced", facts=(*_NOTICE, "effective_at"), is_shared=True),
    Event("notice.published", "notice.published", facts=(*_NOTICE, "effective_at"), is_shared=True),
    Event("notice.dispatched", "notice.dispatched", facts=(*_NOTICE, "takes_effect_at")),
    Event("notice.took_effect", "notice.took_effect", facts=(*_NOTICE, "took_effect_at")),
    Event("recipient.added", "register.added", _RECIPIENT, facts=("id",), is_shared=True),
    Event("recipient.changed", "register.changed", _RECIPIENT, facts=("id",), is_shared=True),
    Event("recipient.approved", "register.added", _APPROVAL, facts=_APPROVED, is_shared=True),
    Event("recipient.approval_changed", "register.changed", _APPROVAL, facts=_APPROVED, is_shared=True),
    Event("guardian.claimed", "guardian.claimed", facts=("guardian",)),
    Event("guardian.claim_ended", "guardian.claim_ended", facts=("guardian",)),
    Event("guardian.named", "guardian.named", facts=_GUARDIAN),
    Event("guardian.verified", "guardian.verified", facts=(*_GUARDIAN, "method", "strength", "expires_at")),
    Event("guardian.verification_false", "guardian.verification_false", facts=(*_GUARDIAN, "method")),
    *(Event(f"guardian.check_{step}", f"guardian.check_{step}", facts=_CHECK) for step in ("started", "settled")),
    Event("guardian.changed", "guardian.changed", facts=_GUARDIAN),
    Event("guardian.ended", "guardian.ended", facts=_GUARDIAN),
    *(
        Event(f"guardian.change_{state}", f"guardian.change_{state}", facts=("change", "guardianship", "state"))
        for state in ("waiting", "settled")
    ),
    *(
        Event(f"guardian.{answer}", f"guardian.{answer}", facts=("authorisation", "guardian", "shares", "expires_at"))
        for answer in ("given", "refused", "withdrawn")
    ),
    *(
        Event(f"guardian.conflict_{state}", f"guardian.conflict_{state}", facts=("case", "purpose", "outcome"))
        for state in ("opened", "closed")
    ),
    *(
        Event(f"guardian.{what}", f"guardian.{what}", facts=("school_authorisation", "contract"))
        for what in ("school_authorised", "school_authorisation_ended")
    ),
    *(
        Event(f"guardian.{told}", f"guardian.{kind}", facts=_INVITATION)
        for told, kind in (
            ("invited", "invited"),
            ("invitation_refused", "not_invited"),
            ("invitation_sent", "written_to"),
            ("invitation_reminded", "reminded"),
            ("invitation_delivered", "reached"),
            ("invitation_failed", "not_reached"),
            ("invitation_viewed", "viewed"),
            ("invitation_waits", "said_yes"),
            ("invitation_answered", "invitation_answered"),
            ("invitation_answered", "answered_elsewhere"),
            ("invitation_expired", "invitation_expired"),
        )
    ),
    Event("guardian.data_kept", "guardian.data_kept", facts=("guardian",)),
    *(Event(f"concern.{step}", f"concern.{step}", facts=("concern", *_CASE)) for step in ("received", "closed")),
    *(
        Event(f"rights_request.{step}", f"rights_request.{step}", facts=("rights_request", *_CASE))
        for step in ("received", "ordered", "orders_answered", "closed")
    ),
    Event("subject.comes_of_age", "subject.age_notice", facts=("notice",)),
    *(
        Event(f"{limit}.{step}", f"{limit}.{step}", facts=("id", "purpose"))
        for limit in ("restriction", "objection")
        for step in ("opened", "lifted")
    ),
    Event("subject.quarantined", "subject.quarantined", facts=("cause",)),
    Event("subject.released", "subject.released", facts=("cause",)),
    *(Event(f"incident.{step}", f"incident.{step}", facts=_INCIDENT) for step in ("opened", "widened", "closed")),
    Event("incident.overdue", "incident.overdue", facts=_INCIDENT),
    Event("subject.erasure_started", "subject.erasure_started", facts=("erasure",)),
    Event("subject.erased", "subject.erased", facts=("erasure",)),
    Event("subject.readmitted", "readmission.approved"),
    Event("order.set_created", "order.set_created", facts=("set", "kind", "count")),
    *(
        Event(f"order.{state}", f"order.{state}", facts=_ORDER)
        for state in ("created", "accepted", "confirmed", "not_found", "failed", "not_applicable", "waived")
    ),
)
"""Every event type that corresponds to a ledger entry."""


class EventUnknown(ValueError):
    """There is no such event; the argument names it."""


def patterns() -> list[str]:
    """List what can be subscribed to: every type, and every family as ``family.*``."""
    types = [*(event.type for event in EVENTS), INVALIDATED]
    return sorted({*types, *(_family(name) for name in types)})


def check_patterns(subscribed: Iterable[str]) -> list[str]:
    """Return a subscription sorted and without duplicates. Raises EventUnknown."""
    known = set(patterns())
    for one in subscribed:
        if one not in known:
            raise EventUnknown(one)
    return sorted(set(subscribed))


def is_subscribed(event: str, subscribed: Iterable[str]) -> bool:
    """Return True if a subscription includes an event."""
    return bool({event, _family(event)} & set(subscribed))


def _family(event: str) -> str:
    return f"{event.partition('.')[0]}.*"
