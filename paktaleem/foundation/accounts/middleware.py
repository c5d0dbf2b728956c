"""Middleware that opens one transaction and one database context per request, according to the actor."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import LIMITED_CAPABILITIES, Capability, capabilities_of
from paktaleem.foundation.accounts.selectors import (
    MembershipChoice,
    find_client_by_code,
    find_key_actor,
    list_memberships,
)
from paktaleem.foundation.accounts.sessions import has_required_factors
from paktaleem.foundation.accounts.sign_in_rules import membership_rules
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, clock_offset, in_client, in_global, is_outside_limit

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
METADATA = "/.well-known/authzen-configuration"


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
    return cast("ReceivedRequest", request)


def get_client_time(request: HttpRequest) -> datetime:
    """Return the arrival time on the clock of the current client, for the client's rules."""
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
    if actor is None or actor.schools is None:
        return False
    return bool({*getattr(request, "refused", [])} & (capabilities_of(actor.role) - LIMITED_CAPABILITIES))


CHOSEN_MEMBERSHIP = "membership"
FIRST_ERROR = 400
_SELF_CONTAINED = (
    EVALUATION,
    EVALUATIONS,
    METADATA,
    "/api/schema/",
    "/api/docs/",
    "/ns/consent/v1",
    "/healthz",
    "/readyz",
    "/metrics",
    "/security-events",
)
_KEY_PATHS = ("/api/", "/access/")
_SIGNED_IN_PATHS = ("/admin/",)
_OWN_CONTEXT_PATHS = (
    "/choices/",
    "/guardian/",
    "/g/",
    "/concern/",
    "/requests/",
    "/cookies/",
    "/accounts/single-sign-on/",
)
"""Views that open the client's context themselves, by a link, a code or the URL
(``paktaleem.directory.access_links.sessions``)."""
_PUBLISHED = re.compile(r"/privacy/(?:([a-z][a-z0-9_]{1,62})/.*)?")
"""Public pages of a client, identified by the URL; read only."""


class RequestContextMiddleware:
    """Open a transaction and the actor's context, run the view and its rendering, then commit.

    The client follows from the credential only. A 4xx or 5xx response rolls back all writes. The decision endpoints
    are exempt: their single SQL statement sets its own context.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        received = as_received(request)
        received.received_at = wall_clock_now()
        if request.path in _SELF_CONTAINED or request.path.startswith(_OWN_CONTEXT_PATHS):
            return self.get_response(received)
        received.actor = _find_actor(received)
        if received.actor is not None:
            context = open_context_of(received.actor)
        else:
            match = _PUBLISHED.fullmatch(received.path)
            publisher = find_client_by_code(match[1] or "paktaleem") if match else None
            context = in_global() if publisher is None else in_client(publisher)
        with context:
            response = self.get_response(received)
            if response.status_code >= FIRST_ERROR:
                transaction.set_rollback(True)
        return response

    def process_exception(self, _request: HttpRequest, exception: Exception) -> None:
        if is_outside_limit(exception):
            raise PermissionDenied from exception


def _find_actor(request: ReceivedRequest) -> Actor | None:
    if request.path.startswith(_KEY_PATHS):
        return find_key_actor(bearer_token(request), at=request.received_at)
    user = request.user
    if not request.path.startswith(_SIGNED_IN_PATHS) or not user.is_authenticated or not has_required_factors(request):
        return None
    request.memberships = list_memberships(user.pk, at=request.received_at)
    for rule in membership_rules:
        request.memberships = rule(request, request.memberships)
    wanted = request.session.get(CHOSEN_MEMBERSHIP)
    chosen = [one for one in request.memberships if not wanted or str(one.id) == wanted]
    return chosen[0].actor(user.pk) if len(chosen) == 1 else None


def bearer_token(request: HttpRequest) -> str:
    """Return the credential of ``Authorization: Bearer …`` (RFC 6750 §2.1), or an empty string."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def open_context_of(actor: Actor) -> AbstractContextManager[None]:
    """Open the context in which a person or key reads: all clients, or their client with the limit to schools."""
    if actor.client_id is None:
        return as_officer()
    return in_client(actor.client_id, schools=actor.schools)
