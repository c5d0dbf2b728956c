"""Collections, holdings and incidents in the console."""

from retention.admin import board, holdings, incidents

__all__ = ["board", "holdings", "incidents"]
