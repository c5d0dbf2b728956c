"""Services that record, read, order, close and purge concerns and guardians' requests."""

from children.concerns.services.cases import (
    AlreadyClosed,
    OrdersOpen,
    clients_with_old_concerns,
    close_concern,
    forget_concerns,
    open_concern,
    read_concern,
)
from children.concerns.services.orders import (
    AlreadyOrdered,
    NotADeletion,
    NothingGivenYet,
    confirm_deletion,
    copy_of,
    note_answers,
)
from children.concerns.services.requests import MayNotAsk, ask_about_data

__all__ = [
    "AlreadyClosed",
    "AlreadyOrdered",
    "MayNotAsk",
    "NotADeletion",
    "NothingGivenYet",
    "OrdersOpen",
    "ask_about_data",
    "clients_with_old_concerns",
    "close_concern",
    "confirm_deletion",
    "copy_of",
    "forget_concerns",
    "note_answers",
    "open_concern",
    "read_concern",
]
