"""Console pages of disposals."""

from retention.disposals.admin import dashboard as board
from retention.disposals.admin import disposals, work

__all__ = ["board", "disposals", "work"]
