"""Current consents and recorded answers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.http import Http404

from consent.consents.models.consents import Consent, ConsentEvent, ConsentState, GivenBy, Restriction
from consent.decisions.facts import ConsentFact
from consent.decisions.states import effective_state, renewal_is_due
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Register
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import age_is_known
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.context import in_client


def consents(actor: Actor) -> QuerySet[Consent]:
    """Select the current consents of the people that the actor may see. Raises NotAllowed."""
    require(actor, Capability.VIEW_CONSENTS)
    return Consent.objects.select_related("subject", "purpose")


def consent_events(actor: Actor) -> QuerySet[ConsentEvent]:
    """Select all recorded answers, latest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_CONSENTS)
    return ConsentEvent.objects.select_related("subject", "purpose", "notice_version").order_by("-recorded_at", "-id")


def consent_states(subject: Subject, *, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return the effective state of each purpose that a person has answered about. Raises NotAllowed."""
    rows = consents(actor).filter(client_id=subject.client_id, subject=subject).order_by("purpose__code")
    register = current_register(subject.client_id)
    states = [effective_state(register, row.purpose.code, to_consent_fact(row), at) for row in rows]
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


def current_states(client_id: UUID, rows: Iterable[Consent], *, at: datetime) -> dict[UUID, str]:
    """Map consents of one client to their effective states, after expiry, new notices and widened purposes.

    The purposes of the rows are loaded. Runs in any context that sees the client.
    """
    with in_client(client_id):
        register = current_register(client_id)
    return {row.pk: effective_state(register, row.purpose.code, to_consent_fact(row), at) for row in rows}


def is_without_effect(answer: Consent | ConsentEvent, subject: Subject, rules: Register | Client) -> bool:
    """Return True if a child gave the consent itself: no decision rests on it, and such answers are refused now.

    ``rules`` are the client's age rules: its row, or its compiled register.
    """
    if answer.state != ConsentState.GIVEN or answer.given_by == GivenBy.GUARDIAN:
        return False
    at = answer.recorded_at
    return subject.is_child(at, thresholds=rules.thresholds, serves_minors=rules.serves_minors)


_KEPT: dict[str, None] = {"subject__erased_at": None, "subject__erasure_started_at": None}
"""Filter of consents whose person is neither erased nor being erased."""


def select_due_for_renewal(client_id: UUID, *, at: datetime) -> QuerySet[Consent]:
    """Select consents that expire within their purpose's lead time and were not yet requested again."""
    lead = ExpressionWrapper(
        Value(at) + F("purpose__renew_days") * Value(timedelta(days=1)), output_field=DateTimeField()
    )
    given = Consent.objects.filter(client_id=client_id, state=ConsentState.GIVEN, asked_at=None)
    due = given.filter(expires_at__gt=at, expires_at__lte=lead, **_KEPT)
    return due.select_related("subject", "purpose").order_by("expires_at", "pk")


def select_due_by_age(client: Client, *, at: datetime) -> QuerySet[Consent]:
    """Select consents by a guardian for a person now of age, whose own consent was not yet requested.

    They no longer count (the decision's rule 9): the person must answer for themselves.
    """
    given = Consent.objects.filter(client_id=client.pk, state=ConsentState.GIVEN, given_by=GivenBy.GUARDIAN, **_KEPT)
    known = age_is_known(client, of="subject__")
    unasked = Q(asked_at=None) | Q(asked_at__lt=F("subject__of_age_at"))
    due = given.filter(known, unasked, subject__of_age_at__lte=at)
    return due.select_related("subject", "purpose").order_by("subject__of_age_at", "pk")


def to_consent_fact(row: Consent) -> ConsentFact:
    """Convert a row to the value that `effective_state` needs."""
    return ConsentFact(
        event_id=row.event_id,
        state=row.state,
        recorded_at=row.recorded_at,
        expires_at=row.expires_at,
        notice_version=row.notice_version,
        by=row.given_by,
        informed_at=row.informed_at,
    )


def get_event(event_id: UUID, *, actor: Actor) -> ConsentEvent:
    """Return one event with its purpose.

    Raises Http404 if it does not exist or belongs to another client, NotAllowed.
    """
    require(actor, Capability.VIEW_CONSENTS)
    found = ConsentEvent.objects.select_related("purpose").filter(pk=event_id)
    if actor.client_id is not None:
        found = found.filter(client_id=actor.client_id)
    event: ConsentEvent | None = found.first()
    if event is None:
        raise Http404
    return event


def find_restrictions(subject: Subject, *, at: datetime) -> QuerySet[Restriction]:
    """Find the restrictions in force for a person, in any of their records: restricted data must be kept."""
    records = Subject.objects.filter(client_id=subject.client_id, same_person=subject.same_person).values("pk")
    own = {"subject": subject} if subject.same_person is None else {"subject__in": records}
    found: QuerySet[Restriction] = Restriction.objects.active(at).filter(client_id=subject.client_id, **own)
    return found
