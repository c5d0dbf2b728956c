"""The key of one concern: whoever reports it is nobody we know, so the text cannot lie under a person's key."""

from collections import Counter
from uuid import UUID

from children.concerns.models import Concern
from paktaleem.subjects.keyring import keyring
from paktaleem.subjects.sealing import CannotOpen, Sealed, Sealer, rewrapped, wrap_new_key
from paktaleem.subjects.wrapped import Wrapped, declare_wrapped

__all__ = ["open_text", "seal_texts"]

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


def _count(client_id: UUID) -> Counter[int]:
    epochs = Concern.objects.filter(client_id=client_id, epoch__isnull=False).values_list("epoch", flat=True)
    return Counter(one for one in epochs if one is not None)


def _rewrap(client_id: UUID) -> frozenset[int]:
    moved = set()
    current = keyring().current_epoch
    rows = Concern.objects.select_for_update().filter(client_id=client_id, epoch__isnull=False)
    for row in rows.exclude(epoch=current):
        if row.wrapped is None or row.epoch is None:
            continue
        moved.add(row.epoch)
        row.epoch, row.wrapped = rewrapped(client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)
        row.save(update_fields=["epoch", "wrapped"])
    return frozenset(moved)


declare_wrapped(Wrapped("concerns.concern", _count, _rewrap))
