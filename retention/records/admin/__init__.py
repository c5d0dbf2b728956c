"""Console pages of the record of processing."""

from retention.records.admin import assessments
from retention.records.admin import dashboard as board

__all__ = ["assessments", "board"]
