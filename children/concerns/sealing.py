"""The key of one concern: whoever reports it is nobody we know, so the text cannot lie under a person's key."""

from children.concerns.models import Concern
from paktaleem.foundation.encryption.rowkeys import row_keys
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer, wrap_new_key

__all__ = ["CONCERN_KEYS", "open_text", "seal_texts"]

_TABLE = "concerns_concern"


def seal_texts(row: Concern, *, text: str, contact: str) -> None:
    """Draw the row's key, and seal what was written under it."""
    sealer, row.epoch, row.wrapped = wrap_new_key(row.client_id, row.pk)
    row.text = sealer.seal(text, column=f"{_TABLE}.text")
    row.contact = sealer.seal(contact, column=f"{_TABLE}.contact") if contact else None


def open_text(row: Concern, field: str) -> str:
    """Open one sealed text; empty where nothing was written. Raises CannotOpen once the key is gone."""
    sealed: Sealed | None = getattr(row, field)
    if sealed is None:
        return ""
    if row.wrapped is None or row.epoch is None:
        raise CannotOpen("The concern's key is gone.")
    sealer = Sealer.unwrapped(row.client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)
    return sealer.open(sealed, column=f"{_TABLE}.{field}")


CONCERN_KEYS = row_keys(Concern)
