"""The LMS id on an open order about an erased person, sealed under the portal's own key.

It exists only from the person's erasure to the system's answer, and is bound to its order.
"""

from collections import Counter
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.encryption.wrapped_secrets import WrappedKind

_EPOCH_BYTES = 4


def seal_name(external_id: str, *, client_id: UUID, order_id: UUID) -> Sealed:
    """Seal an LMS id for one order."""
    epoch, wrapped = keyring().wrap(external_id.encode(), binding=_binding(client_id, order_id))
    return Sealed(epoch.to_bytes(_EPOCH_BYTES) + wrapped)


def name_of(order: Order) -> str | None:
    """Return the LMS id by which the system knows the person; None if the order is answered and they are erased.

    Raises KeyError if the epoch of the sealed id is destroyed, InvalidTag if it was sealed for another order.
    """
    if order.named is None:
        return order.subject.external_id
    binding, wrapped = _binding(order.client_id, order.pk), order.named.ciphertext[_EPOCH_BYTES:]
    return keyring().unwrap(wrapped, epoch=_epoch_of(order.named), binding=binding).decode()


def _binding(client_id: UUID, order_id: UUID) -> bytes:
    return b"order/" + client_id.bytes + order_id.bytes


def _epoch_of(named: Sealed) -> int:
    return int.from_bytes(named.ciphertext[:_EPOCH_BYTES])


def _orders_with_name(client_id: UUID) -> QuerySet[Order]:
    return Order.objects.filter(client_id=client_id, named__isnull=False)


def _count(client_id: UUID) -> Counter[int]:
    return Counter(_epoch_of(order.named) for order in _orders_with_name(client_id) if order.named is not None)


def _rewrap(client_id: UUID) -> frozenset[int]:
    moved = set()
    for order in _orders_with_name(client_id).select_for_update(of=("self",)):
        name = name_of(order)
        if order.named is not None and name is not None and _epoch_of(order.named) != keyring().current_epoch:
            moved.add(_epoch_of(order.named))
            order.named = seal_name(name, client_id=client_id, order_id=order.pk)
            order.save(update_fields=["named"])
    return frozenset(moved)


ORDER_NAMES = WrappedKind("data_systems.order", _count, _rewrap)
