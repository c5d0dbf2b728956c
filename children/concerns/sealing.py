"""Encryption of concerns under a key of their own, because the reporter has no key in the portal."""

from children.concerns.models import Concern
from paktaleem.foundation.encryption.row_keys import row_keys
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer, wrap_new_key

__all__ = ["CONCERN_KEYS", "open_text", "seal_texts"]

_TABLE = "concerns_concern"


def seal_texts(row: Concern, *, text: str, contact: str) -> None:
    """Create the key of a concern, and encrypt its text and contact with it."""
    sealer, row.epoch, row.wrapped = wrap_new_key(row.client_id, row.pk)
    row.text = sealer.seal(text, column=f"{_TABLE}.text")
    row.contact = sealer.seal(contact, column=f"{_TABLE}.contact") if contact else None


def open_text(row: Concern, field: str) -> str:
    """Return the decrypted ``text`` or ``contact``, empty if not given. Raises CannotOpen if the key is destroyed."""
    sealed: Sealed | None = getattr(row, field)
    if sealed is None:
        return ""
    if row.wrapped is None or row.epoch is None:
        raise CannotOpen("The concern's key has been destroyed.")
    sealer = Sealer.unwrapped(row.client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)
    return sealer.open(sealed, column=f"{_TABLE}.{field}")


CONCERN_KEYS = row_keys(Concern)
