"""Lockout after failed sign-ins: django-axes, with counts in autonomous transactions.

Failures count per user name and IP address together, so a colleague cannot be locked out from elsewhere (ASVS 6.1.1),
and per IP address with a higher limit. Values are JSON, as pickles could run code; keys hold addresses, so are hashed.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connections
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from paktaleem.directory.staff.sign_in.evidence import record_lockout
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import autonomous_transaction


def get_attempted_username(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the normalized email address of a sign-in attempt (``AXES_USERNAME_CALLABLE``)."""
    given = credentials or request.POST
    return str(given.get("email") or given.get("username") or "").strip().lower()[:254]


def lockout_response(request: HttpRequest, *_: object) -> HttpResponse:
    """Return 429 with Retry-After in seconds (RFC 6585 §4), without revealing if the account exists (ASVS 6.3.8)."""
    response = render(request, "signin/too_many.html", status=429)
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response


def _autonomous[**P, R](method: Callable[P, R]) -> Callable[P, R]:
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
        was_locked = request is None or request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if was_locked:
            return
        name, address = get_attempted_username(request, credentials), request.axes_ip_address
        at = request.axes_attempt_time
        if request.axes_locked_out:
            record_lockout(closed="name", name=name, address=address, at=at)
        if self._address_is_locked(request):
            record_lockout(closed="address", name=name, address=address, at=at)

    def is_locked(self, request: object, credentials: object = None) -> bool:
        return bool(super().is_locked(request, credentials)) or self._address_is_locked(request)

    @_autonomous
    def _address_is_locked(self, request: Any) -> bool:
        if request.axes_ip_address is None:
            return False
        since = request.axes_attempt_time - settings.AXES_COOLOFF_TIME
        tried = AccessAttempt.objects.filter(ip_address=request.axes_ip_address, attempt_time__gte=since)
        failed = tried.aggregate(all=Sum("failures_since_start"))["all"] or 0
        return int(failed) >= settings.FAILURES_OF_AN_ADDRESS


_ADD = """
INSERT INTO staff_counter (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
    WHERE staff_counter.expires_at <= %s
"""
_SET = """
INSERT INTO staff_counter (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_INCREASE = """
UPDATE staff_counter SET value = to_jsonb((value #>> '{}')::bigint + %s)
WHERE key = %s AND (expires_at IS NULL OR expires_at > %s) RETURNING value::text
"""
_GET = "SELECT value::text FROM staff_counter WHERE key = %s AND (expires_at IS NULL OR expires_at > %s)"


class DatabaseCounters(BaseCache):
    """Cache with an atomic ``add``: of several simultaneous calls, exactly one succeeds."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        row = [self._hashed_key(key, version), json.dumps(value), self._ends_at(timeout)]
        return self._execute(_ADD, [*row, wall_clock_now()]) == 1

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
            cursor.execute(_GET, [self._hashed_key(key, version), wall_clock_now()])
            row = cursor.fetchone()
        return json.loads(row[0]) if row else default

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
            cursor.execute(_INCREASE, [delta, self._hashed_key(key, version), wall_clock_now()])
            row = cursor.fetchone()
        if row is None:
            raise ValueError("The key is not set.")
        return int(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._execute(_SET, [self._hashed_key(key, version), json.dumps(value), self._ends_at(timeout)])

    def touch(self, key: str, timeout: object = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        sql = "UPDATE staff_counter SET expires_at = %s WHERE key = %s AND (expires_at IS NULL OR expires_at > %s)"
        return self._execute(sql, [self._ends_at(timeout), self._hashed_key(key, version), wall_clock_now()]) == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._execute("DELETE FROM staff_counter WHERE key = %s", [self._hashed_key(key, version)]) == 1

    def clear(self) -> None:
        self._execute("DELETE FROM staff_counter", [])

    def forget_expired(self, at: datetime) -> int:
        return self._execute("DELETE FROM staff_counter WHERE expires_at <= %s", [at])

    def _execute(self, sql: str, values: list[Any]) -> int:
        with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)

    def _hashed_key(self, key: str, version: int | None) -> str:
        full_key = self.make_and_validate_key(key, version=version)
        return salted_hmac("paktaleem.directory.staff.sign_in.lockout", full_key, algorithm="sha256").hexdigest()

    def _ends_at(self, timeout: Any) -> datetime | None:
        moment = self.get_backend_timeout(timeout)
        return None if moment is None else datetime.fromtimestamp(moment, tz=UTC)
