"""How an open order goes on naming someone whose row no longer does: the LMS id, sealed under the portal's own key.

Only from the person's erasure to the system's answer; bound to its order, so that it opens nowhere else.
"""

from uuid import UUID

from paktaleem.subjects.keyring import keyring
from paktaleem.subjects.sealing import Sealed
from paktaleem.systems.models import Order

__all__ = ["name_of", "seal_name"]

_EPOCH_BYTES = 4


def seal_name(external_id: str, *, client_id: UUID, order_id: UUID) -> Sealed:
    """Seal an LMS id for one order."""
    epoch, wrapped = keyring().wrap(external_id.encode(), binding=_binding(client_id, order_id))
    return Sealed(epoch.to_bytes(_EPOCH_BYTES) + wrapped)


def name_of(order: Order) -> str | None:
    """Return the LMS id by which the system knows the person; None once the order is answered and they are erased.

    Raises KeyError if the epoch it was sealed in is destroyed, InvalidTag if it was sealed for another order.
    """
    if order.named is None:
        return order.subject.external_id
    blob = order.named.ciphertext
    epoch = int.from_bytes(blob[:_EPOCH_BYTES])
    return keyring().unwrap(blob[_EPOCH_BYTES:], epoch=epoch, binding=_binding(order.client_id, order.pk)).decode()


def _binding(client_id: UUID, order_id: UUID) -> bytes:
    return b"order/" + client_id.bytes + order_id.bytes
