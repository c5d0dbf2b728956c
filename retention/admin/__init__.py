"""Collections, holdings and incidents in the console."""

from retention.admin import board, holdings, incidents, quarantines

__all__ = ["board", "holdings", "incidents", "quarantines"]
