"""Services that record collections, and handle incidents with children's data."""

from retention.holdings.services.collecting import CollectionReport, report_collection
from retention.holdings.services.incidents import (
    DEADLINE,
    OrdersOpen,
    close_manually,
    notify_overdue,
    open_incident,
)

__all__ = [
    "DEADLINE",
    "CollectionReport",
    "OrdersOpen",
    "close_manually",
    "notify_overdue",
    "open_incident",
    "report_collection",
]
