"""Rights requests in the console."""

from rights.requests.admin import dashboard, person, requests
