"""Access of a client after the end of its agreement: staff at once, systems with the last answered order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from children.invitations.services.processing import close_invitations
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.directory.webhooks.services.endpoints import change_endpoint, remove_endpoint
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.colleagues import end_all_memberships
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.services import narrow_api_key, revoke_api_key
from paktaleem.foundation.audit.actors import Reason

_SCOPES = frozenset({"orders", "decisions:ask"})
"""The scopes that keys keep: orders, and decisions, of which only ``store`` and ``delete`` are permitted."""
_EVENTS = ("order.*",)
_WHY = Reason.AGREEMENT_CHANGE


def narrow_access(client_id: UUID, *, actor: Actor, at: datetime) -> dict[str, int]:
    """End memberships and invitations; narrow keys and webhooks to orders; return the counts (decision 0079).

    A key or webhook that has nothing to do with orders ends. Raises NotAllowed.
    """
    by: dict[str, Any] = {"actor": actor, "reason": _WHY, "at": at}
    members = end_all_memberships(client_id, **by)
    keys = _live_keys(client_id)
    for key in keys:
        kept = sorted(_SCOPES & set(key.scopes))
        if "orders" in kept:
            narrow_api_key(key, scopes=kept, **by)
        else:
            revoke_api_key(key, **by)
    invitations = close_invitations(client_id, actor=actor, at=at)
    webhooks = _endpoints(client_id)
    for endpoint in webhooks:
        _narrow_webhook(endpoint, by)
    return {"memberships": members, "keys": len(keys), "webhooks": len(webhooks), "invitations": invitations}


def _narrow_webhook(endpoint: Endpoint, by: dict[str, Any]) -> None:
    """Send only events of orders; an endpoint whose address is no longer allowed ends."""
    endpoint.events = list(_EVENTS)
    try:
        change_endpoint(endpoint, **by)
    except ValidationError:
        remove_endpoint(endpoint, **by)


def end_access(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Revoke the remaining keys and remove the webhooks: the last order is answered or waived (decision 0079).

    Raises NotAllowed.
    """
    by: dict[str, Any] = {"actor": actor, "reason": _WHY, "at": at}
    for key in _live_keys(client_id):
        revoke_api_key(key, **by)
    for endpoint in _endpoints(client_id):
        remove_endpoint(endpoint, **by)


def _live_keys(client_id: UUID) -> list[ApiKey]:
    return list(ApiKey.objects.filter(client_id=client_id, revoked_at=None).order_by("pk"))


def _endpoints(client_id: UUID) -> list[Endpoint]:
    return list(Endpoint.objects.filter(client_id=client_id, removed_at=None).order_by("pk"))
