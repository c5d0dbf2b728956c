"""Who asks, and when, as the request context middleware found out."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.requests import arrived_at, moment_of
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["actor_of", "arrived_at", "is_shared_with", "may", "received_at"]


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks. Raises PermissionDenied for nobody."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise PermissionDenied
    return actor


def received_at(request: HttpRequest) -> datetime:
    """Return the moment of the request by the clock of the client whose row is meant: the only clock of the console."""
    return moment_of(request)


def may(request: HttpRequest, capability: Capability | None, client_id: UUID | None = None) -> bool:
    """Say whether the one who asks has a capability, and for this client; nobody has one that is not named."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor is not None and capability is not None and actor.may(capability, client_id)


def is_shared_with(request: HttpRequest, client_id: UUID) -> bool:
    """Say whether a row is PakTaleem's, and so only to be read by the one who asks."""
    actor = actor_of(request)
    return client_id == PAKTALEEM and actor.client_id not in {None, PAKTALEEM}
