"""Lockout after failed sign-ins: django-axes, with counts in autonomous transactions.

Failures count per user name and IP address together, so a colleague cannot be locked out from elsewhere (ASVS 6.1.1),
and per IP address with a higher limit, against trying one password on many names.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from paktaleem.directory.sign_in.evidence import record_lockout
from paktaleem.foundation.tenancy.context import autonomous_transaction


def get_attempted_username(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the normalized email address of a sign-in attempt (``AXES_USERNAME_CALLABLE``)."""
    given = credentials or request.POST
    return str(given.get("email") or given.get("username") or "").strip().lower()[:254]


def lockout_response(request: HttpRequest, *_: Any) -> HttpResponse:
    """Return 429 with Retry-After in seconds (RFC 6585 §4), without revealing if the account exists (ASVS 6.3.8)."""
    response = render(request, "signin/too_many.html", status=429)
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response


def _autonomous[**P, R](method: Callable[P, R]) -> Callable[P, R]:
    """Run a method in an autonomous transaction."""

    @wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with autonomous_transaction():
            return method(*args, **kwargs)

    return run


class AutonomousHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes handler that counts in autonomous transactions and also limits failures per IP address."""

    user_logged_in = _autonomous(AxesDatabaseHandler.user_logged_in)
    user_logged_out = _autonomous(AxesDatabaseHandler.user_logged_out)
    get_failures = _autonomous(AxesDatabaseHandler.get_failures)
    reset_attempts = _autonomous(AxesDatabaseHandler.reset_attempts)
    clean_expired_user_attempts = _autonomous(AxesDatabaseHandler.clean_expired_user_attempts)

    @_autonomous
    def user_login_failed(self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
        """Record a failed login; on lockout, record it in the ledger."""
        was_locked = request is None or request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if was_locked:
            return
        name, address, at = (
            get_attempted_username(request, credentials),
            request.axes_ip_address,
            request.axes_attempt_time,
        )
        if request.axes_locked_out:
            record_lockout(closed="name", name=name, address=address, at=at)
        if self._address_is_locked(request):
            record_lockout(closed="address", name=name, address=address, at=at)

    def is_locked(self, request: Any, credentials: Any = None) -> bool:
        """Return True if the name and IP address together, or the IP address alone, have too many failures."""
        return bool(super().is_locked(request, credentials)) or self._address_is_locked(request)

    @_autonomous
    def _address_is_locked(self, request: Any) -> bool:
        if request.axes_ip_address is None:
            return False
        since = request.axes_attempt_time - settings.AXES_COOLOFF_TIME
        tried = AccessAttempt.objects.filter(ip_address=request.axes_ip_address, attempt_time__gte=since)
        failed = tried.aggregate(all=Sum("failures_since_start"))["all"] or 0
        return int(failed) >= settings.FAILURES_OF_AN_ADDRESS
