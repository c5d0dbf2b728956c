"""Database sessions, read and written in a global context; django-allauth records each password, code or key there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.accounts.roles import SENSITIVE, Capability
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_global


class SessionStore(DatabaseSessionStore):
    """Django's database session store, each query in a global context."""

    def load(self) -> Any:
        with in_global():
            return super().load()

    def exists(self, session_key: str) -> bool:
        with in_global():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 -- Django's signature
        with in_global():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        with in_global():
            super().delete(session_key)


log = structlog.stdlib.get_logger(__name__)

IDLE_TIMEOUT = timedelta(minutes=30)
MAX_SESSION_AGE = timedelta(hours=12)
UPDATE_INTERVAL = timedelta(seconds=20)
"""Smallest interval between updates of the last-seen time, to avoid a write with every request."""

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"


def is_session_expired(*, signed_in_at: datetime, seen_at: datetime, at: datetime) -> bool:
    return at - seen_at >= IDLE_TIMEOUT or at - signed_in_at >= MAX_SESSION_AGE


class SessionLifeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.get(SESSION_KEY) is not None:
            at, seen_at = wall_clock_now(), _stored_time(request, SEEN_AT)
            if seen_at is None or has_session_expired(request, at):
                logout(request)
            elif at - seen_at >= UPDATE_INTERVAL:
                request.session[SEEN_AT] = at.timestamp()
        return self.get_response(request)


def has_session_expired(request: HttpRequest, at: datetime) -> bool:
    """Return True if the request's session has ended, or has no stored times."""
    signed_in_at, seen_at = _stored_time(request, SIGNED_IN_AT), _stored_time(request, SEEN_AT)
    return (
        signed_in_at is None or seen_at is None or is_session_expired(signed_in_at=signed_in_at, seen_at=seen_at, at=at)
    )


def _stored_time(request: HttpRequest, name: str) -> datetime | None:
    stored = request.session.get(name)
    return None if stored is None else datetime.fromtimestamp(stored, tz=UTC)


@receiver(user_logged_in, dispatch_uid="accounts.begin_session")
def record_session_start(request: HttpRequest, user: AbstractBaseUser, **_: object) -> None:
    log.info("A member of staff signed in", user_id=str(user.pk))
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = wall_clock_now().timestamp()


REAUTHENTICATION_AGE = timedelta(minutes=5)
"""How recent the authentication for a sensitive action must be (ASVS 7.5.3)."""
SINGLE_SIGN_ON, PROVIDER_FACTOR = "single_sign_on", "provider"
"""Method of the record of a single sign-on, and type of the record of its provider's second factor."""


@dataclass(frozen=True, slots=True)
class SignOn:
    """A session that began by single sign-on: the client, and its provider that vouched for the user."""

    client_id: UUID
    provider_id: UUID


def find_sign_on(request: HttpRequest) -> SignOn | None:
    """Return the single sign-on of this session, or None for a session that began with a password."""
    found = [one for one in _authentication_records(request) if one.get("method") == SINGLE_SIGN_ON]
    return SignOn(UUID(found[-1]["client"]), UUID(found[-1]["provider"])) if found else None


def has_provider_factor(request: HttpRequest, user: AbstractBaseUser) -> bool:
    """Return True if the provider's second factor counts in this sign-in of a user, which may not be complete yet."""
    return any(one.get("type") == PROVIDER_FACTOR for one in get_authentication_records(request, user))


def has_required_factors(request: HttpRequest) -> bool:
    """Return True if the user signed in with a second factor, or none is required."""
    return not settings.DEMAND_SECOND_FACTOR or any(
        one.get("method") == "mfa" for one in _authentication_records(request)
    )


def is_recent(records: Sequence[Mapping[str, Any]], *, at: datetime) -> bool:
    """Return True if the latest authentication is recent enough for a sensitive action: five minutes (ASVS 7.5.3)."""
    return bool(records) and at.timestamp() - float(records[-1]["at"]) < REAUTHENTICATION_AGE.total_seconds()


def has_recent_authentication(request: HttpRequest, *, at: datetime) -> bool:
    return is_recent(_authentication_records(request), at=at)


def has_recent_own_factor(request: HttpRequest, *, at: datetime) -> bool:
    """Return True if the user has entered a second factor of the portal recently in this session."""
    factors = [one for one in _authentication_records(request) if one.get("method") == "mfa"]
    return is_recent([one for one in factors if one.get("type") != PROVIDER_FACTOR], at=at)


def require_recent_authentication(request: HttpRequest, capability: Capability | None, *, at: datetime) -> None:
    """Refuse a sensitive capability without recent authentication; ``StepUpMiddleware`` redirects to it."""
    if capability in SENSITIVE:
        refuse_old_authentication(request, at=at)


def refuse_old_authentication(request: HttpRequest, *, at: datetime) -> None:
    if settings.STEP_UP and not has_recent_authentication(request, at=at):
        raise ReauthenticationRequired


def _authentication_records(request: HttpRequest) -> list[dict[str, Any]]:
    return list(get_authentication_records(request, request.user))
