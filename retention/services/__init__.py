"""Reporting what was collected, and seeing to what should not have been."""

from retention.services.collecting import Collected, report_collection
from retention.services.incidents import OrdersOpen, close_by_hand, note_overdue, open_incident

__all__ = ["Collected", "OrdersOpen", "close_by_hand", "note_overdue", "open_incident", "report_collection"]
