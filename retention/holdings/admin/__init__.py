"""Console pages of collections, holdings and incidents."""

from retention.holdings.admin import dashboard as board
from retention.holdings.admin import flagged, holdings, incidents, quarantines

__all__ = ["board", "flagged", "holdings", "incidents", "quarantines"]
