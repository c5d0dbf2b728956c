"""The LMS id on an open order about an erased person, sealed under the portal's own key.

It exists only from the person's erasure to the system's answer, and is bound to its order.
"""

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.encryption.wrapped_secrets import SealedColumn

NAMES = SealedColumn(Order, "named", b"order")
ORDER_NAMES = NAMES.kind


def name_of(order: Order) -> str | None:
    """Return the LMS id by which the system knows the person; None if the order is answered and they are erased.

    Raises KeyError if the epoch of the sealed id is destroyed, InvalidTag if it was sealed for another order.
    """
    return order.subject.external_id if order.named is None else NAMES.open(order).decode()
