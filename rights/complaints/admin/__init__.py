"""Console pages of authorities' cases."""

from rights.complaints.admin import cases, dashboard, requests

__all__ = ["cases", "dashboard", "requests"]
