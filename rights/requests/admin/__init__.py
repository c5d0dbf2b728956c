"""Rights requests in the console."""

from rights.requests.admin import dashboard, limits, person, requests

__all__ = ["dashboard", "limits", "person", "requests"]
