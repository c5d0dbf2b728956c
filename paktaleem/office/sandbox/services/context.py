"""The context of forcing a state: sandbox, person, actor, time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act
from paktaleem.foundation.accounts.models import MAX_CLOCK_OFFSET, Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem

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


class NotASandbox(PortalError, PermissionError):
    """The client is not a sandbox and cannot become one: its clock and states are not changed."""

    problem = Problem(
        "not-a-sandbox",
        HTTPStatus.FORBIDDEN,
        "This client is not a sandbox",
        "Ask PakTaleem for a sandbox: a separate client with test keys that begin with ptk_test_.",
    )
    console_message = "This client is no sandbox."


def lock_sandbox(client: Client) -> Client:
    """Return the stored client, locked until the end of the transaction."""
    return Client.objects.select_for_update().get(pk=client.pk)


def check_sandbox(client: Client, _actor: Actor, _at: datetime) -> None:
    """Raise NotASandbox unless the client is one."""
    if not client.is_sandbox:
        raise NotASandbox


def get_sandbox(client_id: UUID, *, actor: Actor) -> Client:
    """Return the sandbox if the actor may use it. Raises NotASandbox, NotAllowed."""
    require(actor, Capability.USE_SANDBOX, client_id)
    client = Client.objects.get(pk=client_id)
    check_sandbox(client, actor, client.created_at)
    return client


@act(
    "move-clock",
    "Move the clock",
    Capability.USE_SANDBOX,
    lead="The clock of this sandbox jumps to the time you choose: people reach the age of consent, consents expire, "
    "orders get stuck. It can only move forward; starting over resets it.",
    done="The clock has been moved.",
    lock=lock_sandbox,
    check=check_sandbox,
)
def move_clock(client: Client, *, to: datetime, actor: Actor, at: datetime) -> Client:
    """Move a sandbox's clock ahead to a time after ``at``, its current time; it continues from there (decision 0023).

    From the next request on, the sandbox's rules use this clock: ages, periods, expiry, notices, orders. Other clients
    are not affected. Raises ValidationError if it is earlier or too far ahead, NotASandbox, NotAllowed.
    """
    if to < at:
        raise ValidationError({"to": ["The clock only moves forward: choose a later time, or start over."]})
    ahead = client.clock_offset + (to - at)
    if ahead > MAX_CLOCK_OFFSET:
        raise ValidationError({"to": [f"A sandbox's clock can be at most {MAX_CLOCK_OFFSET.days:,} days ahead."]})
    return set_offset(client, ahead, kind="sandbox.clock_moved", actor=actor, at=at)


def set_offset(client: Client, ahead: timedelta, *, kind: str, actor: Actor, at: datetime) -> Client:
    """Store how far the clock is ahead, with history and ledger entry (decision 0023)."""
    client.clock_offset = ahead
    save_tracked(client, actor=actor, reason=Reason.REVIEW, at=at, only=["clock_offset"])
    facts = {"ahead_seconds": int(ahead.total_seconds())}
    record_entry(kind, client_id=client.pk, facts=facts, actor=actor, at=at)
    return client
