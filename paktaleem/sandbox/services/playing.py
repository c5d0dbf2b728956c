"""What each forcing is told: in which sandbox, about whom, by whom, when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from consent.register.models import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

__all__ = ["MOMENT", "Playing"]

MOMENT = timedelta(microseconds=1)
"""The shortest time: what is ended in the moment in which it began would have no period."""


@dataclass(frozen=True, slots=True)
class Playing:
    """One forcing. ``actor`` is the sandbox itself, ``player`` who asked for it."""

    client: Client
    subject: Subject
    purpose: Purpose
    actor: Actor
    player: Actor
    at: datetime

    @property
    def told(self) -> dict[str, Any]:
        """Who acts, and when, as services take it."""
        return {"actor": self.actor, "at": self.at}

    @property
    def about(self) -> dict[str, Any]:
        """Who acts, when, and for which purpose."""
        return {**self.told, "purpose": self.purpose.code}


def years_before(at: datetime, years: int) -> date:
    """Give the day of birth of somebody who is so many years old, and some months."""
    return at.date() - timedelta(days=years * 365 + 180)
