"""Console pages of collections, holdings and incidents."""

from retention.holdings.admin import dashboard as board
from retention.holdings.admin import holdings, incidents, quarantines

__all__ = ["board", "holdings", "incidents", "quarantines"]
