"""Middleware that counts refused requests as security events, by the status of their answer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from paktaleem.directory.security.security_events.services import count_refusal
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.clock import wall_clock_now

log = structlog.stdlib.get_logger(__name__)

_API = ("/api/", "/access/")
_CONSOLE = ("/admin/",)


class _Rule(NamedTuple):
    kind: str
    status: int
    paths: tuple[str, ...] = ("/",)
    method: str = ""
    needs_actor: bool = False


_RULES = (
    _Rule("limit.reached", HTTPStatus.TOO_MANY_REQUESTS),
    _Rule("key.refused", HTTPStatus.UNAUTHORIZED, _API),
    _Rule("key.not_allowed", HTTPStatus.FORBIDDEN, _API),
    _Rule("key.not_found", HTTPStatus.NOT_FOUND, _API, needs_actor=True),
    _Rule("staff.not_allowed", HTTPStatus.FORBIDDEN, _CONSOLE, needs_actor=True),
    _Rule("staff.not_found", HTTPStatus.NOT_FOUND, _CONSOLE, needs_actor=True),
    _Rule("step_up.refused", HTTPStatus.OK, ("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/"), "POST"),
    _Rule("second_factor.refused", HTTPStatus.OK, ("/accounts/2fa/authenticate/",), "POST"),
    _Rule("sign_in.refused", HTTPStatus.OK, ("/admin/login/",), "POST"),
    _Rule("signature.refused", HTTPStatus.NOT_FOUND, ("/guardian/checks/",), "POST"),
)
"""The first rule that applies names the event. A form that is shown again (200) has refused what was sent."""


class RefusalsMiddleware:
    """Counts refusals after the request's own transaction has ended, decisions included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        actor = getattr(request, "actor", None)
        if kind := find_refusal(request, response.status_code, has_actor=actor is not None):
            try:
                count_refusal(kind, actor=actor, address=get_remote_address(request), at=wall_clock_now())
            except DatabaseError:  # does not change the answer
                log.exception("A refusal could not be counted.")
        return response


def find_refusal(request: HttpRequest, status: int, *, has_actor: bool) -> str | None:
    for rule in _RULES:
        if status != rule.status or not request.path.startswith(rule.paths):
            continue
        if rule.method in {"", request.method} and (has_actor or not rule.needs_actor):
            return rule.kind
    return None
