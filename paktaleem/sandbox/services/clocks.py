"""Move the clock of one sandbox (decision 0023)."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import MAX_CLOCK_OFFSET, Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.sandbox.services.access import lock_sandbox


class ClockRunsForwards(ValidationError):
    """The clock can only move forward; a reset sets it back to real time."""


@transaction.atomic
def move_clock(client: Client, *, to: datetime, actor: Actor, at: datetime) -> Client:
    """Move a sandbox's clock ahead to a time after ``at``, its current time; it continues from there (decision 0023).

    From the next request on, the sandbox's rules use this clock: ages, periods, expiry, notices, orders. Other clients
    are not affected. Raises ClockRunsForwards, ValidationError if it is too far ahead, NotASandbox, NotAllowed.
    """
    client = lock_sandbox(client.pk, actor=actor)
    if to < at:
        raise ClockRunsForwards({"to": ["The clock only moves forward: choose a later time, or start over."]})
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
