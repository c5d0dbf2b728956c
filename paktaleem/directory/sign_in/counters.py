"""Django cache backend in PostgreSQL for sign-in counters, shared by all nodes and unaffected by rollbacks.

Values are JSON, never pickles, so that write access to the table does not allow code execution. Keys are stored as
keyed hashes, because they contain email addresses.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connections
from django.utils.crypto import salted_hmac

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import autonomous_transaction

_ADD = """
INSERT INTO signin_counter (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
    WHERE signin_counter.expires_at <= %s
"""
_SET = """
INSERT INTO signin_counter (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_INCREASE = """
UPDATE signin_counter SET value = to_jsonb((value #>> '{}')::bigint + %s)
WHERE key = %s AND (expires_at IS NULL OR expires_at > %s) RETURNING value::text
"""
_GET = "SELECT value::text FROM signin_counter WHERE key = %s AND (expires_at IS NULL OR expires_at > %s)"


class DatabaseCounters(BaseCache):
    """Cache with an atomic ``add``: of several simultaneous calls, exactly one succeeds."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        """Accept the usual parameters; the location is ignored."""
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store the value if the key is not set; return True if it was stored."""
        row = [self._hashed_key(key, version), json.dumps(value), self._ends_at(timeout)]
        return self._execute(_ADD, [*row, _now()]) == 1

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the stored value, or ``default``."""
        with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
            cursor.execute(_GET, [self._hashed_key(key, version), _now()])
            row = cursor.fetchone()
        return json.loads(row[0]) if row else default

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a stored number in one statement and return the sum. Raises ValueError if the key is not set."""
        with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
            cursor.execute(_INCREASE, [delta, self._hashed_key(key, version), _now()])
            row = cursor.fetchone()
        if row is None:
            raise ValueError("The key is not set.")
        return int(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store the value."""
        self._execute(_SET, [self._hashed_key(key, version), json.dumps(value), self._ends_at(timeout)])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Extend the expiry of a key; return True if it exists."""
        sql = "UPDATE signin_counter SET expires_at = %s WHERE key = %s AND (expires_at IS NULL OR expires_at > %s)"
        return self._execute(sql, [self._ends_at(timeout), self._hashed_key(key, version), _now()]) == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete a key; return True if it existed."""
        return self._execute("DELETE FROM signin_counter WHERE key = %s", [self._hashed_key(key, version)]) == 1

    def clear(self) -> None:
        """Delete all keys."""
        self._execute("DELETE FROM signin_counter", [])

    def forget_expired(self, at: datetime) -> int:
        """Delete expired rows and return their number."""
        return self._execute("DELETE FROM signin_counter WHERE expires_at <= %s", [at])

    def _execute(self, sql: str, values: list[Any]) -> int:
        with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)

    def _hashed_key(self, key: str, version: int | None) -> str:
        full_key = self.make_and_validate_key(key, version=version)
        return salted_hmac("paktaleem.directory.sign_in.counters", full_key, algorithm="sha256").hexdigest()

    def _ends_at(self, timeout: Any) -> datetime | None:
        moment = self.get_backend_timeout(timeout)
        return None if moment is None else datetime.fromtimestamp(moment, tz=UTC)


def _now() -> datetime:
    return wall_clock_now()
