"""What somebody has proved in this session, and how long ago: the second factor, and step-up for sensitive acts.

The records are django-allauth's: one for each password, code or key that was accepted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import SENSITIVE, Capability

__all__ = ["FRESH", "demand_fresh_proof", "has_fresh_proof", "has_proved_enough", "is_fresh"]

FRESH = timedelta(minutes=5)
"""How recent a proof a sensitive act needs (ASVS 7.5.3)."""


def has_proved_enough(request: HttpRequest) -> bool:
    """Say whether who is signed in may be given a role: with a second factor, where one is demanded."""
    return not settings.DEMAND_SECOND_FACTOR or any(one.get("method") == "mfa" for one in _records(request))


def is_fresh(records: Sequence[Mapping[str, Any]], *, at: datetime) -> bool:
    """Say whether the latest proof is recent enough for a sensitive act."""
    return bool(records) and at.timestamp() - float(records[-1]["at"]) < FRESH.total_seconds()


def has_fresh_proof(request: HttpRequest, *, at: datetime) -> bool:
    """Say whether who is signed in has proved lately who they are."""
    return is_fresh(_records(request), at=at)


def demand_fresh_proof(request: HttpRequest, capability: Capability | None, *, at: datetime) -> None:
    """Go on if the capability is not sensitive, or the one who asks has proved lately who they are.

    Raises ReauthenticationRequired, which a middleware turns into the way there and back.
    """
    if settings.STEP_UP and capability in SENSITIVE and not has_fresh_proof(request, at=at):
        raise ReauthenticationRequired


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return records
