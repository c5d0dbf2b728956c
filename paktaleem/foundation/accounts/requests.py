"""A request as the portal hands it to its views: received at a moment, from somebody or nobody."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.tenancy.context import clock_offset

if TYPE_CHECKING:
    from paktaleem.foundation.accounts.selectors import MembershipChoice

__all__ = ["ReceivedRequest", "arrived_at", "as_received", "moment_of"]


class ReceivedRequest(HttpRequest):
    """What ``RequestContextMiddleware`` makes of a request (for the type checker: Django makes the object).

    ``received_at`` is when it arrived: ``moment_of`` makes of it the one clock of everything the request does, and
    ``arrived_at`` gives it as it is, for what goes by nobody's clock. ``actor`` is who asks, None for nobody;
    ``memberships`` are those of who is signed in at the console, under one of which they act.
    """

    received_at: datetime
    actor: Actor | None
    memberships: Sequence["MembershipChoice"]


def as_received(request: HttpRequest) -> ReceivedRequest:
    """Say to the type checker that the middleware has seen this request."""
    return cast("ReceivedRequest", request)


def moment_of(request: HttpRequest) -> datetime:
    """Return when a request arrived by the clock of the client whose context is open: the ``now`` of its rules."""
    return arrived_at(request) + clock_offset()


def arrived_at(request: HttpRequest) -> datetime:
    """Return when a request arrived by the machine's clock: for keys, sessions, proofs, codes and retries."""
    return as_received(request).received_at
