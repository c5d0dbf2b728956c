"""Console pages of collections, holdings and incidents."""

from retention.admin import board, holdings, incidents, quarantines

__all__ = ["board", "holdings", "incidents", "quarantines"]
