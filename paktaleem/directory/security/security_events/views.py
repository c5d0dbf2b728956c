"""``/security-events``: the feed for a system that collects logs, closed unless a token is configured."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from rest_framework import exceptions

from paktaleem.directory.security.security_events.services import serialize_events_after
from paktaleem.foundation.accounts.middleware import bearer_token
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer
from paktaleem.foundation.web.api.problems import DRF_PROBLEMS, error_response, problem_response

_MEDIA_TYPE = "application/x-ndjson"
_MOST, _USUAL = 10_000, 1_000
_BEHIND = 120
"""Seconds after which an event is in the feed: until then one with an earlier id may still be committed."""
_LONGEST_BEHIND = 86_400
_HOW_TO_SIGN_IN = "Send Authorization: Bearer SECURITY_FEED_TOKEN."


class _Page(NamedTuple):
    after: UUID | None
    most: int
    behind: int


@never_cache
def list_security_events(request: HttpRequest) -> HttpResponse:
    """Return the events after a cursor as JSON lines, oldest first, to the holder of SECURITY_FEED_TOKEN.

    Errors are problem details (RFC 9457): 404 if no token is configured, 401 without it, 405, 400 for a parameter.
    """
    if not settings.SECURITY_FEED_TOKEN:
        return error_response(Http404())
    if not constant_time_compare(bearer_token(request), settings.SECURITY_FEED_TOKEN):
        refused = replace(DRF_PROBLEMS[exceptions.NotAuthenticated], detail=_HOW_TO_SIGN_IN)
        response = problem_response(refused, request)
        response["WWW-Authenticate"] = 'Bearer realm="security-events"'
        return response
    if request.method not in {"GET", "HEAD"}:
        response = problem_response(DRF_PROBLEMS[exceptions.MethodNotAllowed], request)
        response["Allow"] = "GET, HEAD"
        return response
    try:
        page = _read_page(request)
    except ValidationError as error:
        return error_response(error)
    until = wall_clock_now() - timedelta(seconds=page.behind)
    with as_officer():
        events = serialize_events_after(page.after, most=page.most, recorded_before=until)
        return HttpResponse("".join(f"{json.dumps(event)}\n" for event in events), content_type=_MEDIA_TYPE)


def _read_page(request: HttpRequest) -> _Page:
    if unknown := sorted(set(request.GET) - set(_Page._fields)):
        raise ValidationError({unknown[0]: [f"Unknown parameter; allowed are {', '.join(_Page._fields)}."]})
    try:
        after = UUID(request.GET["after"]) if "after" in request.GET else None
    except ValueError:
        raise ValidationError({"after": ["Give the id of the last event that you have, a UUID."]}) from None
    most = _read_number(request, "most", usual=_USUAL, least=1, largest=_MOST)
    behind = _read_number(request, "behind", usual=_BEHIND, least=_BEHIND, largest=_LONGEST_BEHIND)
    return _Page(after, most, behind)


def _read_number(request: HttpRequest, name: str, *, usual: int, least: int, largest: int) -> int:
    text = request.GET.get(name, str(usual))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(largest))
    if not is_number or not least <= int(text) <= largest:
        raise ValidationError({name: [f"Give a whole number from {least} to {largest}."]})
    return int(text)
