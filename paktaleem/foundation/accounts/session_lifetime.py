"""Session lifetime: 30 minutes idle, 12 hours in total (ASVS 7.3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.clock import wall_clock_now

log = structlog.stdlib.get_logger(__name__)

IDLE_TIMEOUT = timedelta(minutes=30)
MAX_SESSION_AGE = timedelta(hours=12)
UPDATE_INTERVAL = timedelta(seconds=20)
"""Smallest interval between updates of the last-seen time, to avoid a write with every request."""

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"


def is_session_expired(*, signed_in_at: datetime, seen_at: datetime, at: datetime) -> bool:
    """Return True if a session has ended at ``at``: idle for too long or too old."""
    return at - seen_at >= IDLE_TIMEOUT or at - signed_in_at >= MAX_SESSION_AGE


class SessionLifeMiddleware:
    """Sign out users whose session has ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End or refresh the session, then serve the request."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.get(SESSION_KEY) is not None:
            _end_or_refresh(request, wall_clock_now())
        return self.get_response(request)


def has_session_expired(request: HttpRequest, at: datetime) -> bool:
    """Return True if the request's session has ended at ``at``, or has no stored times."""
    signed_in_at, seen_at = _stored_time(request, SIGNED_IN_AT), _stored_time(request, SEEN_AT)
    return (
        signed_in_at is None or seen_at is None or is_session_expired(signed_in_at=signed_in_at, seen_at=seen_at, at=at)
    )


def _end_or_refresh(request: HttpRequest, at: datetime) -> None:
    seen_at = _stored_time(request, SEEN_AT)
    if seen_at is None or has_session_expired(request, at):
        logout(request)
    elif at - seen_at >= UPDATE_INTERVAL:
        request.session[SEEN_AT] = at.timestamp()


def _stored_time(request: HttpRequest, name: str) -> datetime | None:
    stored = request.session.get(name)
    return None if stored is None else datetime.fromtimestamp(stored, tz=UTC)


def record_session_start(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Store the sign-in time in the session (a receiver of Django's ``user_logged_in``)."""
    del sender
    at = wall_clock_now().timestamp()
    log.info("A member of staff signed in", user_id=str(user.pk))
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = at


def connect() -> None:
    """Connect the receiver of ``user_logged_in``."""
    user_logged_in.connect(record_session_start, dispatch_uid="accounts.begin_session")
