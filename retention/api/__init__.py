"""What systems report, and what is held of a person."""

from retention.api.holdings import ReportCollection, SubjectHoldings

__all__ = ["ReportCollection", "SubjectHoldings"]
