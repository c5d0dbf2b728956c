"""Authentication strength of a session: second factor, and recent re-authentication for sensitive actions.

The records are django-allauth's: one for each accepted password, code or key.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import SENSITIVE, Capability

__all__ = [
    "REAUTHENTICATION_AGE",
    "has_recent_authentication",
    "has_required_factors",
    "is_recent",
    "require_recent_authentication",
]

REAUTHENTICATION_AGE = timedelta(minutes=5)
"""How recent the authentication for a sensitive action must be (ASVS 7.5.3)."""


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


def require_recent_authentication(request: HttpRequest, capability: Capability | None, *, at: datetime) -> None:
    """Raise ReauthenticationRequired for a sensitive capability without recent authentication.

    ``StepUpMiddleware`` turns the exception into a redirect to re-authentication.
    """
    if settings.STEP_UP and capability in SENSITIVE and not has_recent_authentication(request, at=at):
        raise ReauthenticationRequired


def _authentication_records(request: HttpRequest) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return records
