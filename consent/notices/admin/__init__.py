"""Notices and announcements in the console, and widened purposes."""

from consent.notices.admin import announcements, notices
