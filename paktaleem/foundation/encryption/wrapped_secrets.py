"""Rows that hold one key or secret each, wrapped under the keyring: ``client_id``, ``epoch``, ``wrapped``.

All kinds are counted before an epoch is destroyed, and wrapped anew with people's keys; ``tests/project`` finds
undeclared tables with such columns.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Model, QuerySet

from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.operations.extensions import ExtensionPoint

_EPOCH_BYTES = 4


class WrappedKind(NamedTuple):
    """A kind of wrapped keys of a client: their number by epoch, and wrapping anew, which returns the old epochs."""

    name: str
    counted: Callable[[UUID], Counter[int]]
    rewrap: Callable[[UUID], frozenset[int]]


wrapped_kinds: ExtensionPoint[WrappedKind] = ExtensionPoint(
    "encryption.wrapped_kinds", "Keys counted before a key epoch is destroyed, and wrapped anew when keys rotate."
)


def list_wrapped_kinds() -> list[WrappedKind]:
    return sorted(wrapped_kinds, key=lambda kind: kind.name)


@dataclass(frozen=True, slots=True)
class WrappedSecrets:
    """The secrets of one table. A secret opens only in the row of its client and its owner (``owner``: the column).

    ``purpose`` keeps the secrets of different tables apart; it is never changed, or none opens any more.
    ``wrapped`` is None once a key is destroyed.
    """

    model: type[Model]
    owner: str
    purpose: bytes = b""

    @property
    def kind(self) -> WrappedKind:
        """The handler of ``wrapped_kinds``, by which they are counted and wrapped anew."""
        return WrappedKind(self.model._meta.label_lower, self._count, self._rewrap)

    def add(self, client_id: UUID, owner_id: UUID, secret: str, **columns: object) -> None:
        """Store the secret of an owner, wrapped, with the other columns of its row."""
        epoch, wrapped = keyring().wrap(secret.encode(), binding=self._binding(client_id, owner_id))
        row = {"client_id": client_id, self.owner: owner_id, "epoch": epoch, "wrapped": wrapped, **columns}
        self.model._default_manager.create(**row)

    def open(self, row: object) -> str:
        """Return the secret of a row. Raises KeyError for a destroyed epoch, InvalidTag for a row of another place."""
        return self._unwrap(row).decode()

    def _unwrap(self, row: Any) -> bytes:
        binding = self._binding(row.client_id, getattr(row, self.owner))
        return keyring().unwrap(bytes(row.wrapped), epoch=row.epoch, binding=binding)

    def _binding(self, client_id: UUID, owner_id: UUID) -> bytes:
        return (self.purpose + b"/" if self.purpose else b"") + client_id.bytes + owner_id.bytes

    def _list(self, client_id: UUID) -> QuerySet[Any]:
        return self.model._default_manager.filter(client_id=client_id, wrapped__isnull=False).order_by()

    def _count(self, client_id: UUID) -> Counter[int]:
        return Counter(dict(self._list(client_id).values_list("epoch").annotate(count=Count("pk"))))

    def _rewrap(self, client_id: UUID) -> frozenset[int]:
        moved = set()
        rows = self._list(client_id).exclude(epoch=keyring().current_epoch).select_for_update(of=("self",))
        for row in rows.only("client_id", self.owner, "epoch", "wrapped").order_by("pk"):
            moved.add(row.epoch)
            binding = self._binding(client_id, getattr(row, self.owner))
            row.epoch, row.wrapped = keyring().wrap(self._unwrap(row), binding=binding)
            row.save(update_fields=["epoch", "wrapped"])
        return frozenset(moved)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column with secrets under the portal's own key, each with its epoch; one opens only in its own row."""

    model: type[Model]
    column: str
    purpose: bytes

    @property
    def kind(self) -> WrappedKind:
        """The handler of ``wrapped_kinds``, by which they are counted and wrapped anew."""
        return WrappedKind(self.model._meta.label_lower, self._count, self._rewrap)

    def seal(self, secret: bytes, *, client_id: UUID, row_id: UUID) -> Sealed:
        """Seal the secret of one row."""
        epoch, wrapped = keyring().wrap(secret, binding=self._binding(client_id, row_id))
        return Sealed(epoch.to_bytes(_EPOCH_BYTES) + wrapped)

    def open(self, row: Any) -> bytes:
        """Return the secret of a row. Raises KeyError for a destroyed epoch, InvalidTag for that of another row."""
        wrapped = getattr(row, self.column).ciphertext[_EPOCH_BYTES:]
        return keyring().unwrap(wrapped, epoch=self._epoch_of(row), binding=self._binding(row.client_id, row.pk))

    def _binding(self, client_id: UUID, row_id: UUID) -> bytes:
        return self.purpose + b"/" + client_id.bytes + row_id.bytes

    def _epoch_of(self, row: object) -> int:
        return int.from_bytes(getattr(row, self.column).ciphertext[:_EPOCH_BYTES])

    def _list(self, client_id: UUID) -> QuerySet[Any]:
        return self.model._default_manager.filter(client_id=client_id, **{f"{self.column}__isnull": False})

    def _count(self, client_id: UUID) -> Counter[int]:
        return Counter(map(self._epoch_of, self._list(client_id)))

    def _rewrap(self, client_id: UUID) -> frozenset[int]:
        moved = set()
        for row in self._list(client_id).select_for_update(of=("self",)):
            if (epoch := self._epoch_of(row)) != keyring().current_epoch:
                moved.add(epoch)
                setattr(row, self.column, self.seal(self.open(row), client_id=client_id, row_id=row.pk))
                row.save(update_fields=[self.column])
        return frozenset(moved)


def row_keys(model: type[Model]) -> WrappedKind:
    """Describe the keys of a client's table whose rows have one each, for data that is not one known person's."""
    return WrappedSecrets(model, "pk").kind
