"""Breaches for tests."""

from datetime import datetime, timedelta
from typing import Any

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import letter_outcomes
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from retention.breaches.models import Breach, BreachAssessment
from retention.breaches.services import assess_breach, notify_authority, record_breach, record_measures, write_to_client
from tests.factories import SETTING_UP


def make_breach(client: Client, *, actor: Actor, at: datetime, **values: Any) -> Breach:
    facts = {
        "happened_from": at - timedelta(days=2),
        "known_at": at - timedelta(hours=1),
        "reported_by": "staff",
        "what": "A backup was readable from outside.",
        "consequences": "Unwanted messages.",
    }
    return record_breach(Breach(client=client, **{**facts, **values}), actor=actor, at=at)


def assess(breach: Breach, outcome: str = "people", *, actor: Actor, at: datetime) -> BreachAssessment:
    risk: dict[str, Any] = {"likelihood": "likely", "severity": "serious", "outcome": outcome}
    return assess_breach(breach, **risk, reasons="Contacts were readable.", number=1, actor=actor, at=at)


def send_letters(breach: Breach, *, at: datetime) -> None:
    """Record every email about a breach to its client as sent."""
    for message in Letter.objects.filter(client_id=breach.client_id, kind="breach_letter", state="queued"):
        message.state = "sent"
        for record in letter_outcomes:
            record(message, SETTING_UP, at)


def add_measures(breach: Breach, *, actor: Actor, at: datetime) -> Breach:
    words = {"measures": "The backup is closed.", "lessons": "Check every new backup."}
    return record_measures(breach, **words, reason="review", actor=actor, at=at)


def complete(breach: Breach, *, actor: Actor, at: datetime) -> Breach:
    assess(breach, "authority", actor=actor, at=at)
    write_to_client(breach, text="Text.", language="en", actor=actor, at=at)
    send_letters(breach, at=at)
    notify_authority(breach, authority="BfDI", text="Text.", language="en", actor=actor, at=at)
    return add_measures(breach, actor=actor, at=at)
