"""Sessions as they are kept: the key as a digest, the content as ciphertext under the keyring.

A copy of the table opens no session and tells nothing: neither who is signed in, nor an authenticator's secret that
is about to be enrolled. The content is bound to its row, so it cannot be moved to another.
"""

import base64
import hashlib
from typing import Any

from cryptography.exceptions import InvalidTag

from paktaleem.foundation.accounts.sessions import SessionStore as GlobalSessionStore
from paktaleem.foundation.clock import real_now
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.context import in_global

__all__ = ["SessionStore"]

DIGEST_BYTES = 20
"""As many as Django's column holds in hexadecimal digits."""


class SessionStore(GlobalSessionStore):
    """The accounts' sessions, sealed."""

    def load(self) -> dict[str, Any]:
        """Read the session, found by its key's digest."""
        named = _digest(self.session_key or "")
        with in_global():
            row = self.model.objects.filter(session_key=named, expire_date__gt=real_now()).first()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Seal the content."""
        plain: bytes = self.serializer().dumps(session_dict)
        epoch, sealed = keyring().wrap(plain, binding=self._binding())
        return f"{epoch}.{base64.b64encode(sealed).decode()}"

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Unseal the content; one that cannot be, or is not of this row, is no session."""
        epoch, _, sealed = str(session_data).partition(".")
        try:
            plain = keyring().unwrap(base64.b64decode(sealed), epoch=int(epoch), binding=self._binding())
        except (ValueError, KeyError, InvalidTag):
            return {}
        found: dict[str, Any] = self.serializer().loads(plain)
        return found

    def exists(self, session_key: str) -> bool:
        """Say whether the key is taken."""
        return super().exists(_digest(session_key))

    def delete(self, session_key: str | None = None) -> None:
        """Forget the session."""
        key = session_key or self.session_key
        if key is not None:
            super().delete(_digest(key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Make the row, named by the digest."""
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def _binding(self) -> bytes:
        return b"session/" + _digest(self._get_or_create_session_key()).encode()  # type: ignore[attr-defined]


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=DIGEST_BYTES).hexdigest()
