"""Services that record collections, and handle incidents with children's data."""

from retention.services.collecting import Collected, report_collection
from retention.services.incidents import (
    DEADLINE,
    OrdersOpen,
    close_by_hand,
    note_overdue,
    open_incident,
)

__all__ = ["DEADLINE", "Collected", "OrdersOpen", "close_by_hand", "note_overdue", "open_incident", "report_collection"]
