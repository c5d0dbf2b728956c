"""Database sessions, always read and written in a global context."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from paktaleem.foundation.tenancy.context import in_global


class SessionStore(DatabaseSessionStore):
    """Django's database session store, each query in a global context."""

    def load(self) -> Any:
        """Return the session data."""
        with in_global():
            return super().load()

    def exists(self, session_key: str) -> bool:
        """Return True if the session key exists."""
        with in_global():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 -- Django's signature
        """Save the session."""
        with in_global():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session."""
        with in_global():
            super().delete(session_key)
