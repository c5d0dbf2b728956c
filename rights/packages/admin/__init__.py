"""Copies of a person's data in the console, on the page of their request."""

from rights.packages.admin import acts, dashboard, panel
