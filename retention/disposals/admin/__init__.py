"""Console pages of disposals."""

from retention.disposals.admin import dashboard as board
from retention.disposals.admin import disposals

__all__ = ["board", "disposals"]
