"""Encryption of personal values: the database holds only ciphertext under the person's own key.

A ``Sealed`` value is opaque: it prints as dots, compares by ciphertext, and is opened only by a ``Sealer`` that holds
the person's key. Associated data binds it to client, person, table and column, so a ciphertext copied elsewhere does
not open.
"""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ValidationError
from django.db import models

from paktaleem.foundation.encryption.keyring import KEY_BYTES, keyring
from paktaleem.foundation.tenancy.rows import MigratesAs

DOTS = "•••"
_FORMAT = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """A sealed value cannot be opened: its key is destroyed, or it was sealed for another place."""


class KeyDestroyed(CannotOpen):
    """The person was erased: the key no longer exists."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An opaque sealed value; ``str`` and ``repr`` never show its content."""

    ciphertext: bytes

    def __str__(self) -> str:
        return DOTS

    __repr__ = __str__


class SealedField(MigratesAs, models.BinaryField):  # type: ignore[type-arg]
    """A column of sealed values. Saving anything but ``Sealed`` or None is refused."""

    migrates_as = "django.db.models.BinaryField"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("null", True)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, *_: object) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def to_python(self, value: object) -> Any:
        if value is None or isinstance(value, Sealed):
            return value
        raise ValidationError("This field takes sealed values only.")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError(f"{self.name} takes sealed values only: plaintext is never stored.")
        return super().get_db_prep_value(value.ciphertext, connection, prepared)

    def value_to_string(self, obj: Any) -> str:
        return DOTS if self.value_from_object(obj) is not None else ""


def _binding(client_id: UUID, subject_id: UUID) -> bytes:
    return client_id.bytes + subject_id.bytes


def wrap_new_key(client_id: UUID, subject_id: UUID) -> tuple["Sealer", int, bytes]:
    """Generate a person's data key (AES-256-GCM); return the sealer, the number of the epoch and the wrapped key."""
    key = secrets.token_bytes(KEY_BYTES)
    epoch, wrapped = keyring().wrap(key, binding=_binding(client_id, subject_id))
    return Sealer(client_id, subject_id, key), epoch, wrapped


def rewrap_key(client_id: UUID, subject_id: UUID, *, wrapped: bytes, epoch: int) -> tuple[int, bytes]:
    """Wrap a person's key under the current epoch, whose number is returned. Raises CannotOpen."""
    binding = _binding(client_id, subject_id)
    return keyring().wrap(_unwrapped(wrapped, epoch, binding), binding=binding)


def _unwrapped(wrapped: bytes, epoch: int, binding: bytes) -> bytes:
    try:
        return keyring().unwrap(wrapped, epoch=epoch, binding=binding)
    except (KeyError, InvalidTag) as error:
        raise CannotOpen("The person's key cannot be unwrapped.") from error


class Sealer:
    __slots__ = ("_aead", "_bound_to")

    def __init__(self, client_id: UUID, subject_id: UUID, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._bound_to = _binding(client_id, subject_id)

    @classmethod
    def unwrapped(cls, client_id: UUID, subject_id: UUID, *, wrapped: bytes, epoch: int) -> "Sealer":
        """Unwrap a person's key. Raises CannotOpen if the epoch was destroyed or the key is another person's."""
        return cls(client_id, subject_id, _unwrapped(wrapped, epoch, _binding(client_id, subject_id)))

    @classmethod
    def of_row(cls, row: Any) -> "Sealer":
        """Unwrap the key that a row has for itself. Raises CannotOpen as ``unwrapped``, or if it was destroyed."""
        if row.wrapped is None or row.epoch is None:
            raise CannotOpen("The key of the row has been destroyed.")
        return cls.unwrapped(row.client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)

    def seal(self, text: str, *, column: str) -> Sealed:  # of the form ``table.column``
        return self.seal_bytes(text.encode(), column=column)

    def seal_bytes(self, content: bytes, *, column: str) -> Sealed:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return Sealed(_FORMAT + nonce + self._aead.encrypt(nonce, content, self._bound_to + column.encode()))

    def open(self, sealed: Sealed, *, column: str) -> str:
        """Open a text. Raises CannotOpen if it was sealed for another person, client or column."""
        return self.open_bytes(sealed, column=column).decode()

    def open_bytes(self, sealed: Sealed, *, column: str) -> bytes:
        """Open bytes. Raises CannotOpen if they were sealed for another person, client or column."""
        nonce, content = sealed.ciphertext[1 : 1 + _NONCE_BYTES], sealed.ciphertext[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, content, self._bound_to + column.encode())
        except InvalidTag as error:
            raise CannotOpen("The value cannot be opened here.") from error


def normalize_lookup_text(text: str) -> str:
    """Return a look-up text in normal form: NFKC (UAX #15), case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def blind_index(client_id: UUID, kind: str, text: str) -> bytes | None:
    """Hash a look-up text with the client's secret (HMAC-SHA-256, RFC 2104); None for an empty text.

    The key is outside the database, so that hashes cannot be guessed from a dictionary of names.
    """
    value = normalize_lookup_text(text)
    if not value:
        return None
    if client_id not in _INDEX_KEYS:
        _INDEX_KEYS[client_id] = keyring().index_key(client_id.bytes)
    return hmac.new(_INDEX_KEYS[client_id], f"{kind}\x00{value}".encode(), hashlib.sha256).digest()


_INDEX_KEYS: dict[UUID, bytes] = {}
