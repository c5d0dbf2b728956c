"""Encrypted sessions: the key as a digest, the data under the keyring, bound to its row."""

import base64
import hashlib
from typing import Any

from cryptography.exceptions import InvalidTag

from paktaleem.foundation.accounts.sessions import SessionStore as GlobalSessionStore
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.context import in_global

DIGEST_BYTES = 20
"""Digest length whose hexadecimal form fits Django's column."""


class SessionStore(GlobalSessionStore):
    def load(self) -> dict[str, object]:
        digest = _digest(self.session_key or "")
        with in_global():
            row = self.model.objects.filter(session_key=digest, expire_date__gt=wall_clock_now()).first()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def encode(self, session_dict: dict[str, Any]) -> str:
        plain: bytes = self.serializer().dumps(session_dict)
        epoch, sealed = keyring().wrap(plain, binding=self._binding())
        return f"{epoch}.{base64.b64encode(sealed).decode()}"

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        epoch, _, sealed = str(session_data).partition(".")
        try:
            plain = keyring().unwrap(base64.b64decode(sealed), epoch=int(epoch), binding=self._binding())
        except (ValueError, KeyError, InvalidTag):
            return {}
        found: dict[str, Any] = self.serializer().loads(plain)
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(_digest(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(_digest(key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def _binding(self) -> bytes:
        return b"session/" + _digest(self._get_or_create_session_key()).encode()  # type: ignore[attr-defined]


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=DIGEST_BYTES).hexdigest()
