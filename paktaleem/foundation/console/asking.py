"""Actor and time of a console request."""

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
    """Return the actor of the request.

    Raises PermissionDenied if there is none.
    """
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise PermissionDenied
    return actor


def received_at(request: HttpRequest) -> datetime:
    """Return the arrival time of the request on the clock of the row's client."""
    return moment_of(request)


def may(request: HttpRequest, capability: Capability | None, client_id: UUID | None = None) -> bool:
    """Return True if the actor has the capability, for this client if one is given; False for None."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor is not None and capability is not None and actor.may(capability, client_id)


def is_shared_with(request: HttpRequest, client_id: UUID) -> bool:
    """Return True if a row is PakTaleem's and read-only for the actor."""
    actor = actor_of(request)
    return client_id == PAKTALEEM and actor.client_id not in {None, PAKTALEEM}
