"""What people have answered."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from consent.facts import ConsentFact
from consent.models import Consent, ConsentEvent
from consent.selectors.registers import current_register
from consent.states import effective_state
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.roles import Capability
from paktaleem.subjects.models import Subject

__all__ = ["consent_events", "consent_states", "consents", "fact_of"]


def consents(actor: Actor) -> QuerySet[Consent]:
    """List current consents of every person the actor may see."""
    require(actor, Capability.VIEW_CONSENTS)
    return Consent.objects.select_related("subject", "purpose")


def consent_events(actor: Actor) -> QuerySet[ConsentEvent]:
    """List all answers ever recorded, latest first."""
    require(actor, Capability.VIEW_CONSENTS)
    return ConsentEvent.objects.select_related("subject", "purpose", "notice_version").order_by("-recorded_at", "-id")


def consent_states(subject: Subject, *, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Give each purpose a person answered about its state at ``at``, expiry and notices considered."""
    rows = consents(actor).filter(client_id=subject.client_id, subject=subject).order_by("purpose__code")
    register = current_register(subject.client_id)
    return [
        {
            "purpose": row.purpose.code,
            "state": effective_state(register, row.purpose.code, fact_of(row), at),
            "recorded_at": row.recorded_at,
            "expires_at": row.expires_at,
            "by": row.given_by,
            "event": row.event_id,
        }
        for row in rows
    ]


def fact_of(row: Consent) -> ConsentFact:
    """Give the plain values that time and notices are applied to."""
    return ConsentFact(
        event_id=row.event_id,
        state=row.state,
        recorded_at=row.recorded_at,
        expires_at=row.expires_at,
        notice_version=row.notice_version,
        by=row.given_by,
    )
