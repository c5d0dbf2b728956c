"""Console pages of the breach register."""

from retention.breaches.admin import breaches, closings, work
from retention.breaches.admin import dashboard as board

__all__ = ["board", "breaches", "closings", "work"]
