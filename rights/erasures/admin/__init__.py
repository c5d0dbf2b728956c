"""Erasures in the console."""

from rights.erasures.admin import dashboard, erasures, leavers, proposing

__all__ = ["dashboard", "erasures", "leavers", "proposing"]
