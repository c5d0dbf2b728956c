"""Who tries too often is locked out: django-axes, its rows committed on their own, whatever becomes of the request.

Failures count for an address and a name together, so nobody can lock a colleague out from elsewhere (ASVS 6.1.1),
and, with a higher limit, for an address alone, so that trying one password on many names ends too.
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

from paktaleem.directory.sign_in.evidence import record_lock_out
from paktaleem.foundation.tenancy.context import aside

__all__ = ["AsideHandler", "locked_out", "name_tried"]


def name_tried(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the mail address somebody tries to sign in with, in its one form (a callable of axes)."""
    given = credentials or request.POST
    return str(given.get("email") or given.get("username") or "").strip().lower()[:254]


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """Answer that it was tried too often (429), without saying whether the name exists."""
    response = render(request, "signin/too_many.html", status=429)
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response


def _aside[**P, R](method: Callable[P, R]) -> Callable[P, R]:
    @wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with aside():
            return method(*args, **kwargs)

    return run


class AsideHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes' own bookkeeping, aside from the request's transaction, with a limit for an address alone."""

    user_logged_in = _aside(AxesDatabaseHandler.user_logged_in)
    user_logged_out = _aside(AxesDatabaseHandler.user_logged_out)
    get_failures = _aside(AxesDatabaseHandler.get_failures)
    reset_attempts = _aside(AxesDatabaseHandler.reset_attempts)
    clean_expired_user_attempts = _aside(AxesDatabaseHandler.clean_expired_user_attempts)

    @_aside
    def user_login_failed(self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
        """Count the failure; where it closes a name or an address, record that it did."""
        was_locked = request is None or request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if was_locked:
            return
        name, address, at = name_tried(request, credentials), request.axes_ip_address, request.axes_attempt_time
        if request.axes_locked_out:
            record_lock_out(closed="name", name=name, address=address, at=at)
        if self._address_is_locked(request):
            record_lock_out(closed="address", name=name, address=address, at=at)

    def is_locked(self, request: Any, credentials: Any = None) -> bool:
        """Say whether this name from this address, or this address altogether, has failed too often."""
        return bool(super().is_locked(request, credentials)) or self._address_is_locked(request)

    @_aside
    def _address_is_locked(self, request: Any) -> bool:
        if request.axes_ip_address is None:
            return False
        since = request.axes_attempt_time - settings.AXES_COOLOFF_TIME
        tried = AccessAttempt.objects.filter(ip_address=request.axes_ip_address, attempt_time__gte=since)
        failed = tried.aggregate(all=Sum("failures_since_start"))["all"] or 0
        return int(failed) >= settings.FAILURES_OF_AN_ADDRESS
