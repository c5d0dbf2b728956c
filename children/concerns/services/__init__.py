"""Services that record, read, order, close and purge concerns and guardians' requests."""

from children.concerns.services.cases import (
    AlreadyClosed,
    OrdersOpen,
    clients_with_old_concerns,
    close_concern,
    open_concern,
    purge_concerns,
    read_concern,
)
from children.concerns.services.orders import (
    AlreadyOrdered,
    NotADeletion,
    NothingReturnedYet,
    confirm_deletion,
    open_copy,
    record_orders_answered,
)
from children.concerns.services.requests import RequestNotAllowed, record_data_request

__all__ = [
    "AlreadyClosed",
    "AlreadyOrdered",
    "NotADeletion",
    "NothingReturnedYet",
    "OrdersOpen",
    "RequestNotAllowed",
    "clients_with_old_concerns",
    "close_concern",
    "confirm_deletion",
    "open_concern",
    "open_copy",
    "purge_concerns",
    "read_concern",
    "record_data_request",
    "record_orders_answered",
]
