"""What people have answered."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value

from consent.facts import ConsentFact
from consent.models import Consent, ConsentEvent, ConsentState
from consent.models.consents import GivenBy
from consent.register import Register
from consent.selectors.registers import current_register
from consent.states import effective_state, renewal_is_due
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.models import Client
from paktaleem.accounts.roles import Capability
from paktaleem.subjects.models import Subject
from paktaleem.subjects.selectors import age_is_known

__all__ = [
    "consent_events",
    "consent_states",
    "consents",
    "due_by_age",
    "due_for_renewal",
    "fact_of",
    "is_without_effect",
]


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
    states = [effective_state(register, row.purpose.code, fact_of(row), at) for row in rows]
    return [
        {
            "purpose": row.purpose.code,
            "state": state,
            "recorded_at": row.recorded_at,
            "expires_at": row.expires_at,
            "renewal_due": renewal_is_due(state, expires_at=row.expires_at, renew_days=row.purpose.renew_days, at=at),
            "asked_at": row.asked_at,
            "by": row.given_by,
            "event": row.event_id,
            "without_effect": is_without_effect(row, subject, register),
        }
        for row, state in zip(rows, states, strict=True)
    ]


def is_without_effect(answer: Consent | ConsentEvent, subject: Subject, register: Register) -> bool:
    """Say whether a child gave a consent itself, so that no decision rests on it; such answers are refused by now."""
    if answer.state != ConsentState.GIVEN or answer.given_by == GivenBy.GUARDIAN:
        return False
    at = answer.recorded_at
    return subject.is_child(at, thresholds=register.thresholds, serves_minors=register.serves_minors)


def due_for_renewal(client_id: UUID, *, at: datetime) -> QuerySet[Consent]:
    """List the consents that will expire within their purpose's lead time and were not asked about since."""
    lead = ExpressionWrapper(
        Value(at) + F("purpose__renew_days") * Value(timedelta(days=1)), output_field=DateTimeField()
    )
    given = Consent.objects.filter(client_id=client_id, state=ConsentState.GIVEN, asked_at=None)
    due = given.filter(expires_at__gt=at, expires_at__lte=lead, subject__erased_at=None)
    return due.select_related("subject", "purpose").order_by("expires_at", "pk")


def due_by_age(client: Client, *, at: datetime) -> QuerySet[Consent]:
    """List what a guardian allowed for somebody who has come of age and was not asked themselves since.

    It no longer counts (the decision's rule 9): the young person answers afresh.
    """
    given = Consent.objects.filter(
        client_id=client.pk, state=ConsentState.GIVEN, given_by=GivenBy.GUARDIAN, subject__erased_at=None
    )
    known = age_is_known(client, of="subject__")
    unasked = Q(asked_at=None) | Q(asked_at__lt=F("subject__of_age_at"))
    due = given.filter(known, unasked, subject__of_age_at__lte=at)
    return due.select_related("subject", "purpose").order_by("subject__of_age_at", "pk")


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
