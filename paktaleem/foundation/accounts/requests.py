"""Requests with the attributes that the portal's middleware adds: arrival time, actor, memberships."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from paktaleem.foundation.accounts.actors import Actor, is_closed_by_limit
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.context import clock_offset

if TYPE_CHECKING:
    from paktaleem.foundation.accounts.selectors import MembershipChoice


class ReceivedRequest(HttpRequest):
    """A request after ``RequestContextMiddleware`` (a type for the type checker; Django creates the object).

    ``get_action_time`` is the arrival time on the system clock (``get_arrival_time``); ``moment_of`` converts it to the
    clock of the current client. ``actor`` is None for an anonymous request. ``memberships`` are those of the signed-in
    user, of which one is in use. ``refused`` are the capabilities that were refused since one was last allowed.
    """

    received_at: datetime
    actor: Actor | None
    memberships: Sequence["MembershipChoice"]
    refused: list[Capability | None]


def as_received(request: HttpRequest) -> ReceivedRequest:
    """Cast a request to ReceivedRequest."""
    return cast("ReceivedRequest", request)


def get_client_time(request: HttpRequest) -> datetime:
    """Return the arrival time of a request on the clock of the current client, for the client's rules."""
    return get_arrival_time(request) + clock_offset()


def get_arrival_time(request: HttpRequest) -> datetime:
    """Return the arrival time of a request on the system clock, for keys, sessions, codes and retries."""
    return as_received(request).received_at


def note_check(request: HttpRequest, capability: Capability | None, *, is_allowed: bool) -> None:
    """Note on the request that a capability was refused; forget earlier refusals if it was allowed."""
    as_received(request).refused = [] if is_allowed else [*getattr(request, "refused", []), capability]


def is_refused_by_limit(request: HttpRequest) -> bool:
    """Return True if a capability was just refused that the actor's role has, but not with a limit to schools."""
    actor: Actor | None = getattr(request, "actor", None)
    refused: list[Capability | None] = getattr(request, "refused", [])
    return actor is not None and any(one is not None and is_closed_by_limit(actor, one) for one in refused)
