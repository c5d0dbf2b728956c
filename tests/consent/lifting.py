"""Ending a restriction or an objection as in practice: one officer requests it, a second one approves."""

from datetime import datetime, timedelta
from typing import Any

from consent.consents.models import Objection, Restriction
from consent.register.services.safeguards import decide_safeguard_change
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.desk.limits import inform_before_lift, propose_overruling, request_lift_after_notice, settle_overruling


def lift_by_two(restriction: Restriction, *, actor: Any, reason: Any, at: datetime) -> Restriction:
    """Inform the person, have another officer request it and the actor approve it; once lifted, change nothing."""
    row: Restriction = Restriction.objects.get(pk=restriction.pk)
    if row.ends_at is None:
        other = user_actor(new_id(), "privacy_officer", PAKTALEEM)
        inform_before_lift(row, way="by_hand", actor=other, at=at - timedelta(microseconds=1))
        change = request_lift_after_notice(row, ground="The dispute is settled.", actor=other, at=at)
        decide_safeguard_change(change, approve=True, actor=actor, reason=reason, at=at)
        row.refresh_from_db()
    return row


def overrule_by_two(objection: Objection, *, actor: Any, reason: Any, at: datetime) -> Objection:
    """Have another officer propose to overrule the objection, and the actor agree; once ended, change nothing."""
    del reason
    row: Objection = Objection.objects.get(pk=objection.pk)
    if row.ends_at is None:
        other = user_actor(new_id(), "privacy_officer", PAKTALEEM)
        propose_overruling(row, grounds="Court order 17/2026", actor=other, at=at)
        row = settle_overruling(row, approve=True, actor=actor, at=at)
    return row
