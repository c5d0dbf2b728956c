"""The wrapping keys: outside the database, by epoch, behind an interface that a KMS can serve (DESIGN §4)."""

import base64
import binascii
import json
import secrets
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

__all__ = ["KEY_BYTES", "KeyProvider", "LocalKeyring", "keyring", "new_keyring_text"]

KEY_BYTES = 32
_NONCE_BYTES = 12


class KeyProvider(Protocol):
    """What a key-management service must offer: wrapping by epoch, and a secret per client for blind indexes."""

    @property
    def current_epoch(self) -> int:
        """The epoch under which new keys are wrapped."""

    def wrap(self, key: bytes, *, binding: bytes) -> tuple[int, bytes]:
        """Wrap a data key under the current epoch; returns the epoch and the wrapped bytes."""

    def unwrap(self, wrapped: bytes, *, epoch: int, binding: bytes) -> bytes:
        """Unwrap a data key. Raises KeyError for an epoch that was destroyed."""

    def index_key(self, binding: bytes) -> bytes:
        """Derive the secret of one client's blind indexes."""


class LocalKeyring:
    """Wrapping keys from the environment or a 0600 file: ``{"current": 1, "epochs": {"1": "…"}, "index": "…"}``."""

    def __init__(self, text: str) -> None:
        """Parse the keyring; raises ImproperlyConfigured when it is not one, without showing it."""
        try:
            parsed = json.loads(text)
            self._epochs = {int(number): _key(value) for number, value in parsed["epochs"].items()}
            self._index = _key(parsed["index"])
            self.current_epoch = int(parsed["current"])
            self._epochs[self.current_epoch]
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise ImproperlyConfigured(
                "The keyring is not valid: it is JSON with 'current', 'epochs' and 'index', keys of 32 bytes in base64."
            ) from error

    def wrap(self, key: bytes, *, binding: bytes) -> tuple[int, bytes]:
        """Wrap a data key with AES-256-GCM under the current epoch."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self.current_epoch, nonce + AESGCM(self._epochs[self.current_epoch]).encrypt(nonce, key, binding)

    def unwrap(self, wrapped: bytes, *, epoch: int, binding: bytes) -> bytes:
        """Unwrap a data key; raises KeyError for a destroyed epoch, InvalidTag for another binding."""
        return AESGCM(self._epochs[epoch]).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], binding)

    def index_key(self, binding: bytes) -> bytes:
        """Derive a client's index secret from the keyring's (HKDF-SHA-256, RFC 5869)."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"blind-index/" + binding).derive(self._index)


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def new_keyring_text() -> str:
    """Make a fresh keyring with one epoch, as text for the environment or a file."""

    def fresh() -> str:
        return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    return json.dumps({"current": 1, "epochs": {"1": fresh()}, "index": fresh()})


@cache
def keyring() -> KeyProvider:
    """Return the process's key provider, read once from PAKTALEEM_KEYS or the file PAKTALEEM_KEYS_FILE names."""
    text = settings.KEYRING
    if not text and settings.KEYRING_FILE:
        try:
            text = Path(settings.KEYRING_FILE).read_text()
        except OSError as error:
            raise ImproperlyConfigured(f"PAKTALEEM_KEYS_FILE cannot be read: {error.strerror}.") from error
    if not text:
        raise ImproperlyConfigured("No wrapping keys: set PAKTALEEM_KEYS_FILE (or PAKTALEEM_KEYS).")
    return LocalKeyring(text)
