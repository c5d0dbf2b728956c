"""Notices and announcements in the console."""

from consent.notices.admin import announcements, notices

__all__ = ["announcements", "notices"]
