"""The release of a child's data from quarantine: one officer requests it, another approves it (decision 0053)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from children.guardians.models.mechanisms import Quarantine
from children.guardians.services.conflicts import release
from consent.register.models.purposes import SafeguardChange, SafeguardKind
from consent.register.services.safeguards import store_safeguard_change
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from retention.holdings.models import Incident
from retention.holdings.services.incidents import close_manually


@transaction.atomic
def request_release(row: Any, *, ground: str, actor: Actor, at: datetime) -> SafeguardChange:
    """Request that a quarantine ends, or an incident without open orders, with which its quarantine ends.

    Nothing ends before a second officer approves it. Raises ValidationError without a ground, NotAllowed.
    """
    require(actor, Capability.QUARANTINE_SUBJECTS, row.client_id)
    return store_safeguard_change(
        row, SafeguardKind.QUARANTINE, purpose="", values={}, ground=ground, actor=actor, at=at
    )


def apply_approved_release(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """End the quarantine or the incident of an approved change; False for another kind. Connected to ``weaker_rows``.

    Raises QuarantineNeeded, NotInQuarantine, OrdersOpen, DataOnHold.
    """
    if change.kind != SafeguardKind.QUARANTINE:
        return False
    own = {"pk": change.row, "client_id": change.client_id}
    if change.table == Incident._meta.label_lower:
        close_manually(Incident.objects.get(**own), actor=actor, at=at)
    else:
        release(Quarantine.objects.get(**own).subject, actor=actor, reason=reason, at=at)
    return True
