"""API operations on collections and holdings."""

from retention.api.holdings import ReportCollection, SubjectHoldings

__all__ = ["ReportCollection", "SubjectHoldings"]
