"""Services that record collections, and handle incidents with children's data."""

from retention.holdings.services.activity import ActivityReport, report_activity
from retention.holdings.services.collecting import CollectionReport, report_collection, report_collections
from retention.holdings.services.deciding import DataOnHold, NotTheController, decide_collection
from retention.holdings.services.incidents import (
    DEADLINE,
    OrdersOpen,
    close_manually,
    notify_overdue,
    open_incident,
)

__all__ = [
    "DEADLINE",
    "ActivityReport",
    "CollectionReport",
    "DataOnHold",
    "NotTheController",
    "OrdersOpen",
    "close_manually",
    "decide_collection",
    "notify_overdue",
    "open_incident",
    "report_activity",
    "report_collection",
    "report_collections",
]
