"""Moving the clock of one sandbox."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import FURTHEST_CLOCK, Client
from paktaleem.foundation.audit.by import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.sandbox.services.access import lock_sandbox

__all__ = ["ClockRunsForwards", "move_clock"]


class ClockRunsForwards(ValidationError):
    """Time goes on in a sandbox as elsewhere; only starting over brings it back."""


@transaction.atomic
def move_clock(client: Client, *, to: datetime, actor: Actor, at: datetime) -> Client:
    """Move a sandbox's clock ahead, to a moment after ``at``, the client's now; it goes on from there.

    Its rules go by that clock from the next request on: ages, periods, expiry, notices, orders. Nobody else's do.
    Raises ClockRunsForwards, ValidationError if it is too far ahead, NotASandbox, NotAllowed.
    """
    client = lock_sandbox(client.pk, actor=actor)
    if to < at:
        raise ClockRunsForwards({"to": ["The clock runs forwards: choose a moment after now, or start over."]})
    ahead = client.clock_offset + (to - at)
    if ahead > FURTHEST_CLOCK:
        raise ValidationError({"to": [f"A sandbox's clock stands at most {FURTHEST_CLOCK.days:,} days ahead."]})
    return set_offset(client, ahead, kind="sandbox.clock_moved", actor=actor, at=at)


def set_offset(client: Client, ahead: timedelta, *, kind: str, actor: Actor, at: datetime) -> Client:
    """Keep how far the clock stands ahead, with its history and its evidence."""
    client.clock_offset = ahead
    save_tracked(client, actor=actor, reason=Reason.REVIEW, at=at, only=["clock_offset"])
    facts = {"ahead_seconds": int(ahead.total_seconds())}
    record_entry(kind, client_id=client.pk, facts=facts, actor=actor, at=at)
    return client
