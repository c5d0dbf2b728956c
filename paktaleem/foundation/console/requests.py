"""Actor and time of a console request."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from paktaleem.foundation.accounts.actors import Actor, Authorship, ReasonedAuthorship
from paktaleem.foundation.accounts.middleware import get_client_time, note_check
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.clocks import get_lead_of
from paktaleem.foundation.tenancy.rows import PAKTALEEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paktaleem.foundation.accounts.selectors import MembershipChoice


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor of the request. Raises PermissionDenied if there is none."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise PermissionDenied
    return actor


def find_membership(request: HttpRequest) -> "MembershipChoice | None":
    """Return the membership under which the user acts, or None if none is chosen."""
    actor: Actor | None = getattr(request, "actor", None)
    memberships: Sequence[MembershipChoice] = getattr(request, "memberships", [])
    return next((one for one in memberships if actor and one.actor(actor.id) == actor), None)


def get_action_time(request: HttpRequest) -> datetime:
    """Return the arrival time of the request on the clock of the row's client, also outside the client's context."""
    about: UUID | None = getattr(request, "about_client", None)
    return get_client_time(request) + (timedelta() if about is None else get_lead_of(about))


def by_user(request: HttpRequest) -> Authorship:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def by_user_for(request: HttpRequest, reason: Reason | str) -> ReasonedAuthorship:
    return {"reason": reason, **by_user(request)}


def may(request: HttpRequest, capability: Capability | None, client_id: UUID | None = None) -> bool:
    """Return True if the actor has the capability; note on the request what is refused, for the error page."""
    actor: Actor | None = getattr(request, "actor", None)
    is_allowed = actor is not None and capability is not None and actor.may(capability, client_id)
    note_check(request, capability, is_allowed=is_allowed)
    return is_allowed


def is_shared_with(request: HttpRequest, client_id: UUID) -> bool:
    """Return True if a row is PakTaleem's and read-only for the actor."""
    actor = actor_of(request)
    return client_id == PAKTALEEM and actor.client_id not in {None, PAKTALEEM}
