"""The context of forcing a state: sandbox, person, actor, time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

MOMENT = timedelta(microseconds=1)
"""Shortest duration, since a period cannot end at the time it starts."""


@dataclass(frozen=True, slots=True)
class ForcingContext:
    """The context of forcing one state. ``actor`` is the sandbox itself, ``player`` the user or key that asked."""

    client: Client
    subject: Subject
    purpose: Purpose
    actor: Actor
    player: Actor
    at: datetime

    @property
    def audit(self) -> dict[str, Any]:
        """Actor and time, as services expect them."""
        return {"actor": self.actor, "at": self.at}

    @property
    def about(self) -> dict[str, Any]:
        """Actor, time and purpose."""
        return {**self.audit, "purpose": self.purpose.code}


def years_before(at: datetime, years: int) -> date:
    """Return the birth date of a person who is ``years`` and some months old."""
    return at.date() - timedelta(days=years * 365 + 180)
