"""Models of notices."""

from consent.notices.models import announcements, notices
