"""Authentication strength of a session: second factor, and recent re-authentication for sensitive actions.

The records are django-allauth's: one for each accepted password, code or key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import SENSITIVE, Capability

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
    """Return True if the user has authenticated recently in this session."""
    return is_recent(_authentication_records(request), at=at)


def has_recent_own_factor(request: HttpRequest, *, at: datetime) -> bool:
    """Return True if the user has entered a second factor of the portal recently in this session."""
    own = [one for one in _authentication_records(request) if _is_own_factor(one)]
    return is_recent(own, at=at)


def _is_own_factor(record: Mapping[str, Any]) -> bool:
    return record.get("method") == "mfa" and record.get("type") != PROVIDER_FACTOR


def require_recent_authentication(request: HttpRequest, capability: Capability | None, *, at: datetime) -> None:
    """Raise ReauthenticationRequired for a sensitive capability without recent authentication.

    ``StepUpMiddleware`` turns the exception into a redirect to re-authentication.
    """
    if capability in SENSITIVE:
        refuse_old_authentication(request, at=at)


def refuse_old_authentication(request: HttpRequest, *, at: datetime) -> None:
    """Raise ReauthenticationRequired without recent authentication."""
    if settings.STEP_UP and not has_recent_authentication(request, at=at):
        raise ReauthenticationRequired


def _authentication_records(request: HttpRequest) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return records
