"""Sessions in the database: always read and written in a global context, whatever the request's own is."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from paktaleem.foundation.tenancy.context import in_global

__all__ = ["SessionStore"]


class SessionStore(DatabaseSessionStore):
    """Django's database sessions behind the wall's guard."""

    def load(self) -> Any:
        """Read the session."""
        with in_global():
            return super().load()

    def exists(self, session_key: str) -> bool:
        """Say whether the key is taken."""
        with in_global():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 -- Django's signature
        """Write the session."""
        with in_global():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """Forget the session."""
        with in_global():
            super().delete(session_key)
