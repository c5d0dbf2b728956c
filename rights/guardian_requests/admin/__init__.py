"""Guardians' requests in the console."""

from rights.guardian_requests.admin import guardians, panels
