"""Lifting a restriction as in practice: one person requests it, a second one approves."""

from datetime import datetime
from typing import Any

from consent.consents.models import Restriction
from consent.consents.services import request_lift
from consent.register.services import decide_safeguard_change
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id


def lift_by_two(restriction: Restriction, *, actor: Any, reason: Any, at: datetime) -> Restriction:
    """Have another officer request it and the actor approve it; lifting it again changes nothing."""
    row: Restriction = Restriction.objects.get(pk=restriction.pk)
    if row.ends_at is None:
        other = user_actor(new_id(), "privacy_officer", PAKTALEEM)
        change = request_lift(row, ground="The dispute is settled.", actor=other, at=at)
        decide_safeguard_change(change, approve=True, actor=actor, reason=reason, at=at)
        row.refresh_from_db()
    return row
