"""Django's cache, kept in PostgreSQL: what sign-in counts holds on every node and survives a rolled-back request.

Values are JSON, never pickles, so that who can write the table cannot run code. Keys are keyed hashes: they
would name mail addresses.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connections
from django.utils.crypto import salted_hmac

from paktaleem.foundation.clock import real_now
from paktaleem.foundation.tenancy.context import aside

__all__ = ["DatabaseCounters"]

_ADD = """
INSERT INTO signin_counter (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
    WHERE signin_counter.expires_at <= %s
"""
_SET = """
INSERT INTO signin_counter (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_GET = "SELECT value::text FROM signin_counter WHERE key = %s AND (expires_at IS NULL OR expires_at > %s)"


class DatabaseCounters(BaseCache):
    """A cache whose ``add`` is one atomic statement: of any number at once, one succeeds."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        """Take the usual parameters; there is nowhere to point to but the database."""
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep the value unless one is kept; say whether it was this one."""
        row = [self._name(key, version), json.dumps(value), self._ends_at(timeout)]
        return self._execute(_ADD, [*row, _now()]) == 1

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value that is kept."""
        with aside() as alias, connections[alias].cursor() as cursor:
            cursor.execute(_GET, [self._name(key, version), _now()])
            row = cursor.fetchone()
        return json.loads(row[0]) if row else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep the value."""
        self._execute(_SET, [self._name(key, version), json.dumps(value), self._ends_at(timeout)])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep it longer; say whether there was one."""
        sql = "UPDATE signin_counter SET expires_at = %s WHERE key = %s AND (expires_at IS NULL OR expires_at > %s)"
        return self._execute(sql, [self._ends_at(timeout), self._name(key, version), _now()]) == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget it; say whether there was one."""
        return self._execute("DELETE FROM signin_counter WHERE key = %s", [self._name(key, version)]) == 1

    def clear(self) -> None:
        """Forget everything."""
        self._execute("DELETE FROM signin_counter", [])

    def forget_expired(self, at: datetime) -> int:
        """Delete what has expired; returns how many rows."""
        return self._execute("DELETE FROM signin_counter WHERE expires_at <= %s", [at])

    def _execute(self, sql: str, values: list[Any]) -> int:
        with aside() as alias, connections[alias].cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)

    def _name(self, key: str, version: int | None) -> str:
        named = self.make_and_validate_key(key, version=version)
        return salted_hmac("paktaleem.directory.sign_in.counters", named, algorithm="sha256").hexdigest()

    def _ends_at(self, timeout: Any) -> datetime | None:
        moment = self.get_backend_timeout(timeout)
        return None if moment is None else datetime.fromtimestamp(moment, tz=UTC)


def _now() -> datetime:
    return real_now()
