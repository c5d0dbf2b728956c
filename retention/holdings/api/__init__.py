"""API operations on collections and holdings."""

from retention.holdings.api.holdings import ReportCollection, SubjectHoldings

__all__ = ["ReportCollection", "SubjectHoldings"]
