"""Console pages of authorities' cases."""

from rights.complaints.admin import cases, dashboard, requests
