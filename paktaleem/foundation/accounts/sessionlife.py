"""How long a sign-in lasts: 30 minutes idle, 12 hours in all (ASVS 7.3). A pure rule, and who applies it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.clock import real_now

__all__ = ["IDLE", "LONGEST", "SessionLifeMiddleware", "begin_session", "is_over", "is_session_over"]

log = logging.getLogger(__name__)

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(seconds=20)
"""How far behind the last request the note of it may be: it saves a write with each."""

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"


def is_over(*, signed_in_at: datetime, seen_at: datetime, at: datetime) -> bool:
    """Say whether a sign-in has ended at a moment: idle for too long, or too old."""
    return at - seen_at >= IDLE or at - signed_in_at >= LONGEST


class SessionLifeMiddleware:
    """Signs out whose session is over, before anybody asks who they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request, of somebody or of nobody."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.get(SESSION_KEY) is not None:
            _end_or_note(request, real_now())
        return self.get_response(request)


def is_session_over(request: HttpRequest, at: datetime) -> bool:
    """Say whether the session of a request has ended at a moment; one that knows no moments has."""
    signed_in_at, seen_at = _moment(request, SIGNED_IN_AT), _moment(request, SEEN_AT)
    return signed_in_at is None or seen_at is None or is_over(signed_in_at=signed_in_at, seen_at=seen_at, at=at)


def _end_or_note(request: HttpRequest, at: datetime) -> None:
    seen_at = _moment(request, SEEN_AT)
    if seen_at is None or is_session_over(request, at):
        logout(request)
    elif at - seen_at >= NOTED_EVERY:
        request.session[SEEN_AT] = at.timestamp()


def _moment(request: HttpRequest, name: str) -> datetime | None:
    kept = request.session.get(name)
    return None if kept is None else datetime.fromtimestamp(kept, tz=UTC)


def begin_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Note when somebody signed in (a receiver of Django's ``user_logged_in``)."""
    del sender
    at = real_now().timestamp()
    log.info("Signed in: user %s.", user.pk)
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = at


def connect() -> None:
    """Begin every session of whoever signs in, by whatever way."""
    user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
