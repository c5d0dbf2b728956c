"""A request as the portal hands it to its views: received at a moment, from somebody or nobody."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from paktaleem.accounts.actors import Actor

if TYPE_CHECKING:
    from paktaleem.accounts.selectors import MembershipChoice

__all__ = ["ReceivedRequest", "as_received"]


class ReceivedRequest(HttpRequest):
    """What ``RequestContextMiddleware`` makes of a request (for the type checker: Django makes the object).

    ``received_at`` is the one clock of everything the request does; ``actor`` is who asks, None for nobody;
    ``memberships`` are those of who is signed in at the console, under one of which they act.
    """

    received_at: datetime
    actor: Actor | None
    memberships: Sequence["MembershipChoice"]


def as_received(request: HttpRequest) -> ReceivedRequest:
    """Say to the type checker that the middleware has seen this request."""
    return cast("ReceivedRequest", request)
