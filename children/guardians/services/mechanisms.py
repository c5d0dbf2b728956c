"""Clients' declarations of how they verify ages and obtain guardians' consent (policy §8)."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from children.guardians.models.mechanisms import ChildMechanism, MechanismKind
from children.guardians.providers import check_providers
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.locks import advisory_lock


@transaction.atomic
def declare_mechanism(
    client_id: UUID,
    *,
    kind: MechanismKind | str,
    description: str,
    description_ur: str = "",
    reference: str,
    provider: str = "",
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> ChildMechanism:
    """Record a client's declaration from ``at`` on; its previous declaration of this kind ends (policy §8).

    The description is shown with the decisions it concerns. ``provider`` lets guardians request this provider's check
    on their own page.

    Raises ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.DECLARE_MECHANISMS, client_id)
    advisory_lock(f"mechanism/{client_id}/{kind}")
    row = ChildMechanism(
        client_id=client_id,
        kind=MechanismKind(kind),
        description=description.strip(),
        description_ur=description_ur.strip(),
        reference=reference.strip(),
        provider=provider,
        starts_at=at,
    )
    row.full_clean(exclude=["client"], validate_constraints=False)
    if provider and (kind != MechanismKind.CONSENT or provider not in check_providers()):
        raise ValidationError({"provider": _("No provider of guardian checks is configured under this code.")})
    for earlier in ChildMechanism.objects.select_for_update().filter(client_id=client_id, kind=kind, ends_at=None):
        earlier.ends_at = max(at, earlier.starts_at)
        save_tracked(earlier, actor=actor, reason=reason, at=at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    facts = {"mechanism": str(row.pk), "kind": str(row.kind)}
    record_entry("client.mechanism_declared", client_id=client_id, facts=facts, actor=actor, at=at)
    return row
