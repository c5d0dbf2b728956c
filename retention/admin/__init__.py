"""Console pages of collections, holdings and incidents."""

from retention.admin import dashboard as board
from retention.admin import holdings, incidents, quarantines

__all__ = ["board", "holdings", "incidents", "quarantines"]
