"""Rows that hold one secret each, wrapped under the keyring: ``client_id``, ``epoch``, ``wrapped`` and their owner."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Model, QuerySet

from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.operations.extensions.points import ExtensionPoint


class WrappedKind(NamedTuple):
    """One kind of wrapped key: how many of a client's are under which epoch, and wrapping them under the current one.

    ``rewrap`` returns the epochs it took some from.
    """

    name: str
    counted: Callable[[UUID], Counter[int]]
    rewrap: Callable[[UUID], frozenset[int]]


wrapped_kinds: ExtensionPoint[WrappedKind] = ExtensionPoint(
    "encryption.wrapped_kinds", "Keys counted before a key epoch is destroyed, and wrapped anew when keys rotate."
)


def list_wrapped_kinds() -> list[WrappedKind]:
    """List the kinds that were declared, by name."""
    return sorted(wrapped_kinds, key=lambda kind: kind.name)


@dataclass(frozen=True, slots=True)
class WrappedSecrets:
    """The secrets of one table. A secret opens only in the row of its client and its owner (``owner``: the column).

    ``purpose`` keeps the secrets of different tables apart; it is never changed, or none opens any more.
    """

    model: type[Model]
    owner: str
    purpose: bytes

    @property
    def kind(self) -> WrappedKind:
        """The handler of ``wrapped_kinds``, by which they are counted and wrapped anew."""
        return WrappedKind(self.model._meta.label_lower, self._count, self._rewrap)

    def add(self, client_id: UUID, owner_id: UUID, secret: str, **columns: Any) -> None:
        """Store the secret of an owner, wrapped, with the other columns of its row."""
        epoch, wrapped = keyring().wrap(secret.encode(), binding=self._binding(client_id, owner_id))
        row = {"client_id": client_id, self.owner: owner_id, "epoch": epoch, "wrapped": wrapped, **columns}
        self.model._default_manager.create(**row)

    def open(self, row: Any) -> str:
        """Return the secret of a row.

        Raises KeyError for a destroyed epoch, InvalidTag for a row copied from elsewhere.
        """
        return self._unwrap(row).decode()

    def _unwrap(self, row: Any) -> bytes:
        binding = self._binding(row.client_id, getattr(row, self.owner))
        return keyring().unwrap(bytes(row.wrapped), epoch=row.epoch, binding=binding)

    def _binding(self, client_id: UUID, owner_id: UUID) -> bytes:
        return self.purpose + b"/" + client_id.bytes + owner_id.bytes

    def _count(self, client_id: UUID) -> Counter[int]:
        own = self.model._default_manager.filter(client_id=client_id).order_by()
        return Counter(dict(own.values_list("epoch").annotate(count=Count("pk"))))

    def _rewrap(self, client_id: UUID) -> frozenset[int]:
        old: QuerySet[Any] = self.model._default_manager.select_for_update().filter(client_id=client_id)
        moved = set()
        for row in old.exclude(epoch=keyring().current_epoch):
            moved.add(row.epoch)
            binding = self._binding(client_id, getattr(row, self.owner))
            row.epoch, row.wrapped = keyring().wrap(self._unwrap(row), binding=binding)
            row.save(update_fields=["epoch", "wrapped"])
        return frozenset(moved)
