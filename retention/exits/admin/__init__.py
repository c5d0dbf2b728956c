"""Exits in the console."""

from retention.exits.admin import exits, work
