"""Erasures in the console."""

from rights.erasures.admin import dashboard, erasures, proposing

__all__ = ["dashboard", "erasures", "proposing"]
