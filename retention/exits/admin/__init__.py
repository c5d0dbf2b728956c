"""Exits in the console."""

from retention.exits.admin import exits, work

__all__ = ["exits", "work"]
