"""The wrapping keys: outside the database, by epoch (decision 0002). Only ``keyring`` chooses where they come from."""

import base64
import binascii
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paktaleem.foundation.embedded.layout import write_atomically

KEY_BYTES = 32
_NONCE_BYTES = 12


class EpochUnknown(LookupError):
    """The keyring has no key of this epoch."""


class EpochInUse(Exception):
    """New keys are wrapped under this epoch, so it cannot be destroyed."""


class KeyringNotAFile(ImproperlyConfigured):
    """The keyring comes from the environment, which a command cannot change."""


class LocalKeyring:
    """Wrapping keys from the environment or a 0600 file: ``{"current": 1, "epochs": {"1": "…"}, "index": "…"}``.

    ``current_epoch`` is the one under which new keys are wrapped, ``epochs`` are those that can be unwrapped.
    """

    def __init__(self, text: str) -> None:
        """Parse the keyring. Raises ImproperlyConfigured, without showing its content, if it is invalid."""
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

    @property
    def epochs(self) -> frozenset[int]:
        return frozenset(self._epochs)

    def wrap(self, key: bytes, *, binding: bytes) -> tuple[int, bytes]:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self.current_epoch, nonce + AESGCM(self._epochs[self.current_epoch]).encrypt(nonce, key, binding)

    def unwrap(self, wrapped: bytes, *, epoch: int, binding: bytes) -> bytes:
        """Unwrap a data key. Raises KeyError for a destroyed epoch, InvalidTag for another binding."""
        return AESGCM(self._epochs[epoch]).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], binding)

    def index_key(self, binding: bytes) -> bytes:
        """Derive a client's index secret from the keyring's index key (HKDF-SHA-256, RFC 5869)."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"blind-index/" + binding).derive(self._index)


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def _fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def new_keyring_text() -> str:
    """Return a new keyring with one epoch and random keys of 256 bits, as text for the environment or a file."""
    return json.dumps({"current": 1, "epochs": {"1": _fresh_key()}, "index": _fresh_key()})


def with_new_epoch(text: str, *, becomes_current: bool = True) -> str:
    """Return the keyring with the next epoch, if none is prepared, which becomes current now or later."""
    LocalKeyring(text)
    parsed = json.loads(text)
    newest = max(int(number) for number in parsed["epochs"])
    if newest == parsed["current"]:
        newest += 1
        parsed["epochs"][str(newest)] = _fresh_key()
    if becomes_current:
        parsed["current"] = newest
    return json.dumps(parsed)


def without_epoch(text: str, epoch: int) -> str:
    """Return the keyring without an epoch. Raises EpochUnknown, or EpochInUse for the current epoch or a newer one."""
    known = LocalKeyring(text)
    if epoch not in known.epochs:
        raise EpochUnknown(epoch)
    if epoch >= known.current_epoch:
        raise EpochInUse(epoch)
    parsed = json.loads(text)
    del parsed["epochs"][str(epoch)]
    return json.dumps(parsed)


def change_keyring_file(change: Callable[[str], str]) -> LocalKeyring:
    """Rewrite the keyring file atomically and durably, mode 0600, under an exclusive lock.

    Every process on this host reads the new file at its next use of a key. Raises KeyringNotAFile.
    """
    if settings.KEYRING or not settings.KEYRING_FILE:
        raise KeyringNotAFile("The keyring is in PAKTALEEM_KEYS: put it into a file (PAKTALEEM_KEYS_FILE) first.")
    path = Path(settings.KEYRING_FILE).resolve()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        text = change(_text_of(path))
        changed = LocalKeyring(text)
        status = path.stat()
        write_atomically(path, text, owner=(status.st_uid, status.st_gid) if os.geteuid() == 0 else None)
    finally:
        os.close(folder)
    return changed


def keyring() -> LocalKeyring:
    """Return the wrapping keys, read again if their file was replaced. Raises ImproperlyConfigured."""
    if settings.KEYRING:
        return _parsed(settings.KEYRING)
    if not settings.KEYRING_FILE:
        raise ImproperlyConfigured("No wrapping keys: set PAKTALEEM_KEYS_FILE (or PAKTALEEM_KEYS).")
    try:
        status = os.stat(settings.KEYRING_FILE)  # noqa: PTH116 -- called for every key: Path is slower
    except OSError as error:
        raise _unreadable(error) from error
    return _read(settings.KEYRING_FILE, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _parsed(text: str) -> LocalKeyring:
    return LocalKeyring(text)


@lru_cache(maxsize=1)
def _read(path: str, *_version: int) -> LocalKeyring:
    return LocalKeyring(_text_of(Path(path)))


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"PAKTALEEM_KEYS_FILE cannot be read: {error.strerror}.")
