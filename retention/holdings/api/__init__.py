"""API operations on collections and activity."""

from retention.holdings.api.activity import ReportActivity
from retention.holdings.api.holdings import ReportCollection, ReportCollections

__all__ = ["ReportActivity", "ReportCollection", "ReportCollections"]
