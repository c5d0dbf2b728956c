"""Console pages of disposals."""

from retention.disposals.admin import dashboard, disposals, work
